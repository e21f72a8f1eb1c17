//! A log line that repeats is written seldom: the lines between are counted.

use std::time::Duration;

/// The minimum time between two lines.
const EVERY: Duration = Duration::from_secs(5);

/// Says when the next line is due.
#[derive(Debug, Default)]
pub(super) struct Seldom {
    written: Option<Duration>,
    since: u64,
}

impl Seldom {
    /// Counts one occasion; the number of occasions since the last line, if a line is due now.
    pub(super) fn count(&mut self, now: Duration) -> Option<u64> {
        self.since += 1;
        if self.written.is_some_and(|written| now < written + EVERY) {
            return None;
        }
        self.written = Some(now);
        Some(std::mem::take(&mut self.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_of_occasions_is_one_line_every_five_seconds() {
        let mut seldom = Seldom::default();
        let lines: Vec<_> =
            (0..120).filter_map(|tenth| seldom.count(Duration::from_millis(tenth * 100))).collect();
        assert_eq!(lines, [1, 50, 50]);
    }
}
