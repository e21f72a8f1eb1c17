//! The deadlines of one connection: which it has missed at a given time. Requests, answers and the wire report what
//! they do; the connection's task asks from time to time, so that a report costs no timer.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use poem::http::Version;

use crate::kernel::ports::Clock;

/// How long a connection may wait for its client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    /// For the head of a request, from the connection or from the first byte.
    pub(super) head: Duration,
    /// Without a request.
    pub(super) idle: Duration,
    /// For an answer that makes no progress.
    pub(super) stalled: Duration,
}

/// A deadline that a connection has missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deadline {
    Head,
    Idle,
    Stalled,
}

impl Deadline {
    pub(super) fn count(self) {
        let deadline = match self {
            Self::Head => "head",
            Self::Idle => "idle",
            Self::Stalled => "stalled",
        };
        metrics::counter!("holdfast_connections_cut_total", "deadline" => deadline).increment(1);
    }
}

#[derive(Debug)]
pub(super) struct Watch {
    deadlines: Deadlines,
    clock: Arc<dyn Clock>,
    state: Mutex<WatchState>,
}

#[derive(Debug)]
struct WatchState {
    /// Requests whose answer has not ended.
    open: usize,
    /// Requests whose answer has not begun.
    running: usize,
    /// When the present head began to arrive.
    head_since: Option<Duration>,
    /// When an answer last made progress.
    progress: Duration,
    /// Whether the connection speaks HTTP/2. Its bytes may belong to no request: pings would keep it open forever.
    is_multiplexed: bool,
}

/// A request whose answer has not begun.
#[derive(Debug)]
pub(super) struct RunningRequest(Open);

/// A request whose answer has not ended.
#[derive(Debug)]
pub(super) struct Open {
    watch: Arc<Watch>,
    is_running: bool,
}

impl Watch {
    /// The connection has just been made, and its first request is awaited.
    pub(super) fn new(deadlines: Deadlines, clock: Arc<dyn Clock>) -> Self {
        let now = clock.elapsed();
        let state = WatchState {
            open: 0,
            running: 0,
            head_since: Some(now),
            progress: now,
            is_multiplexed: false,
        };
        Self { deadlines, clock, state: Mutex::new(state) }
    }

    /// The head of a request has come.
    pub(super) fn begin(watch: &Arc<Self>, version: Version) -> RunningRequest {
        let mut state = watch.state();
        state.open += 1;
        state.running += 1;
        state.head_since = None;
        state.is_multiplexed = version == Version::HTTP_2;
        drop(state);
        RunningRequest(Open { watch: Arc::clone(watch), is_running: true })
    }

    /// Notes that bytes arrived: without an open request they begin the head of one.
    pub(super) fn has_read(&self) {
        let mut state = self.state();
        if state.open == 0 && !state.is_multiplexed && state.head_since.is_none() {
            state.head_since = Some(self.clock.elapsed());
        }
    }

    /// Notes that bytes left, which is progress of a response.
    pub(super) fn has_written(&self) {
        let mut state = self.state();
        if !state.is_multiplexed {
            state.progress = self.clock.elapsed();
        }
    }

    /// The deadline that is missed by now.
    pub(super) fn missed(&self) -> Option<Deadline> {
        let now = self.clock.elapsed();
        self.next().filter(|(_, at)| *at <= now).map(|(deadline, _)| deadline)
    }

    /// When to ask again. A deadline that arises meanwhile is not missed before that.
    pub(super) fn look_in(&self) -> Duration {
        let Deadlines { head, idle, stalled } = self.deadlines;
        let soonest = head.min(idle).min(stalled);
        let now = self.clock.elapsed();
        self.next().map_or(soonest, |(_, at)| at.saturating_sub(now).min(soonest))
    }

    /// The deadline that the connection is under; none while a request is being worked on.
    fn next(&self) -> Option<(Deadline, Duration)> {
        let state = self.state();
        match (state.open, state.head_since) {
            (0, Some(since)) => Some((Deadline::Head, since + self.deadlines.head)),
            (0, None) => Some((Deadline::Idle, state.progress + self.deadlines.idle)),
            (_, _) if state.running > 0 => None,
            (_, _) => Some((Deadline::Stalled, state.progress + self.deadlines.stalled)),
        }
    }

    fn state(&self) -> MutexGuard<'_, WatchState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunningRequest {
    /// The answer begins.
    pub(super) fn answered(mut self) -> Open {
        self.0.stop_running();
        self.0
    }
}

impl Open {
    /// The client takes the answer.
    pub(super) fn progresses(&self) {
        self.watch.state().progress = self.watch.clock.elapsed();
    }

    fn stop_running(&mut self) {
        if std::mem::take(&mut self.is_running) {
            let mut state = self.watch.state();
            state.running -= 1;
            state.progress = self.watch.clock.elapsed();
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.stop_running();
        let mut state = self.watch.state();
        state.open -= 1;
        state.progress = self.watch.clock.elapsed();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::kernel::ports::clock::SetClock;

    fn watch() -> (Arc<SetClock>, Arc<Watch>) {
        let hands = Arc::new(SetClock::default());
        let [head, idle, stalled] = [10, 75, 60].map(Duration::from_secs);
        let watch = Watch::new(Deadlines { head, idle, stalled }, hands.clone());
        (hands, Arc::new(watch))
    }

    fn check(watch: &Watch, hands: &SetClock, after: i64, missed: Option<Deadline>) {
        let asked = hands.0.fetch_add((after - 1) * 1_000, Ordering::Relaxed);
        assert_eq!(watch.missed(), None, "{asked} + {after} - 1");
        hands.0.fetch_add(1_000, Ordering::Relaxed);
        assert_eq!(watch.missed(), missed, "{asked} + {after}");
    }

    #[test]
    fn a_connection_must_send_its_first_request_soon_whatever_else_it_sends() {
        let (hands, watch) = watch();
        hands.set(9_000);
        watch.has_read();
        check(&watch, &hands, 1, Some(Deadline::Head));
    }

    #[test]
    fn a_later_head_counts_from_its_first_byte() {
        let (hands, watch) = watch();
        drop(Watch::begin(&watch, Version::HTTP_11).answered());
        hands.set(60_000);
        watch.has_read();
        assert!(watch.look_in() <= Duration::from_secs(10));
        check(&watch, &hands, 10, Some(Deadline::Head));
    }

    #[test]
    fn a_connection_without_a_request_ends_though_it_answers_pings() {
        for (version, kept) in [(Version::HTTP_11, true), (Version::HTTP_2, false)] {
            let (hands, watch) = watch();
            drop(Watch::begin(&watch, version).answered());
            hands.set(70_000);
            watch.has_written();
            if version == Version::HTTP_2 {
                watch.has_read();
            }
            let rest = if kept { 75 } else { 5 };
            check(&watch, &hands, rest, Some(Deadline::Idle));
        }
    }

    #[test]
    fn a_request_may_take_its_time_and_its_answer_must_be_taken() {
        let (hands, watch) = watch();
        let running = Watch::begin(&watch, Version::HTTP_2);
        check(&watch, &hands, 1_000, None);
        assert_eq!(watch.look_in(), Duration::from_secs(10));
        let open = running.answered();
        // A stream that sends a heartbeat.
        for _ in 0..100 {
            check(&watch, &hands, 15, None);
            open.progresses();
        }
        check(&watch, &hands, 60, Some(Deadline::Stalled));
        drop(open);
        check(&watch, &hands, 75, Some(Deadline::Idle));
    }
}
