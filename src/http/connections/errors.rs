//! The reaction of the server when the system gives it no connection.

use std::{
    io::{Error, ErrorKind},
    time::Duration,
};

use super::seldom::Seldom;

/// The first pause; it doubles with each error.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The errors of `accept` in a row.
#[derive(Debug, Default)]
pub(super) struct AcceptErrors {
    pause: Option<Duration>,
    lines: Seldom,
}

impl AcceptErrors {
    /// How long to wait after this error. An error of the connection itself (accept(2): the network's errors are
    /// those of the new socket) needs no pause. Others (no file or no memory left) would come again at once and keep
    /// a core busy.
    pub(super) fn pause_after(&mut self, error: &Error, now: Duration) -> Duration {
        metrics::counter!("holdfast_accept_errors_total").increment(1);
        if is_of_the_connection(error.kind()) {
            return Duration::ZERO;
        }
        if let Some(times) = self.lines.count(now) {
            tracing::error!(error = %error, times, "the system gives no connection");
        }
        let pause = self.pause.map_or(FIRST_PAUSE, |last| (last * 2).min(LONGEST_PAUSE));
        self.pause = Some(pause);
        pause
    }

    /// Ends a row of failures, because `accept` returned a connection.
    pub(super) fn over(&mut self) {
        self.pause = None;
    }
}

fn is_of_the_connection(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `EMFILE`: the process has no file left.
    const NO_FILES: i32 = 24;

    #[test]
    fn errors_in_a_row_are_met_with_longer_and_longer_pauses() {
        let mut errors = AcceptErrors::default();
        let mut pause = |error: &Error| errors.pause_after(error, Duration::ZERO).as_millis();
        let no_files = Error::from_raw_os_error(NO_FILES);
        assert_eq!(pause(&Error::from(ErrorKind::ConnectionAborted)), 0);
        let pauses: Vec<_> = (0..8).map(|_| pause(&no_files)).collect();
        assert_eq!(pauses, [20, 40, 80, 160, 320, 640, 1_000, 1_000]);
        errors.over();
        assert_eq!(errors.pause_after(&no_files, Duration::ZERO), FIRST_PAUSE);
    }
}
