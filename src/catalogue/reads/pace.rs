//! How often the moving state of an event is read again, and who waits for it.
//!
//! During a sale the state changes hundreds of times in a second, and a read of it costs time that grows with the hall.
//! Therefore it is read at most every [`Pace::rest`], and no reader waits while the kept state is younger than
//! [`Pace::oldest`]. Nothing that decides uses the kept state.

use std::time::Duration;

/// The limits of the age of what is shown. All are zero for a node that always shows the present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long the answer to the question for an event's moment is shared.
    pub question: Duration,
    /// The minimum time between the beginnings of two reads of an event's state.
    pub rest: Duration,
    /// The maximum age of a state that a reader gets without waiting.
    pub oldest: Duration,
}

impl Pace {
    /// Everybody sees the present state.
    pub const EXACT: Self =
        Self { question: Duration::ZERO, rest: Duration::ZERO, oldest: Duration::ZERO };

    /// The pace under which nobody sees a state that is older than `oldest`.
    pub fn of(oldest: Duration) -> Self {
        Self { question: oldest / 12, rest: oldest * 2 / 5, oldest }
    }

    /// Whether nobody has needed a newer state than that of `read_at` for a while.
    pub fn is_quiet(self, read_at: Duration, now: Duration) -> bool {
        now.saturating_sub(read_at) >= self.oldest
    }

    /// The next step of a reader at the time `now`, with a kept state that is no longer current.
    pub fn step(self, kept: Age, now: Duration) -> ReaderStep {
        if now.saturating_sub(kept.true_at) >= self.oldest {
            return ReaderStep::Wait;
        }
        // A read that is under way does not end the quiet time: it may have begun before the commit was counted.
        if self.is_quiet(kept.read_at, now) && kept.is_outdated_here {
            ReaderStep::Wait
        } else if now.saturating_sub(kept.tried_at) < self.rest {
            ReaderStep::Use
        } else {
            ReaderStep::UseAndRenew
        }
    }
}

/// How old a kept state is. Times are those of the node's clock that never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// When the read of this state began.
    pub read_at: Duration,
    /// When a read last began, also one that has not ended or has failed.
    pub tried_at: Duration,
    /// When the state was last known to be current.
    pub true_at: Duration,
    /// Whether this node has committed something since.
    pub is_outdated_here: bool,
}

/// The next step of a reader with a state that is no longer current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderStep {
    /// It takes the kept state.
    Use,
    /// It takes the kept state, and has it read again for the next reader.
    UseAndRenew,
    /// It waits for the new state.
    Wait,
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn step(tried_at: u64, true_at: u64, is_outdated_here: bool, now: u64) -> ReaderStep {
        let at = ms(tried_at);
        let kept = Age { read_at: at, tried_at: at, true_at: ms(true_at), is_outdated_here };
        Pace::of(ms(250)).step(kept, ms(now))
    }

    #[test]
    fn the_first_change_after_a_quiet_time_is_shown_at_once() {
        assert_eq!(step(0, 0, false, 10_000), ReaderStep::Wait);
        // Others read all the time, so it was current a moment ago. The node that commits shows its change at once.
        assert_eq!(step(0, 9_990, true, 10_000), ReaderStep::Wait);
        assert_eq!(step(0, 9_990, false, 10_000), ReaderStep::UseAndRenew);
    }

    #[test]
    fn a_read_that_is_under_way_does_not_hide_the_nodes_own_change() {
        let (read_at, tried_at, true_at) = (ms(0), ms(9_995), ms(9_990));
        let kept = Age { read_at, tried_at, true_at, is_outdated_here: true };
        assert_eq!(Pace::of(ms(250)).step(kept, ms(10_000)), ReaderStep::Wait);
        let by_another_node = Age { is_outdated_here: false, ..kept };
        assert_eq!(Pace::of(ms(250)).step(by_another_node, ms(10_000)), ReaderStep::Use);
    }

    #[test]
    fn a_busy_event_is_read_at_most_every_100_ms_and_nobody_waits() {
        for now in [1_001, 1_050, 1_099] {
            assert_eq!(step(1_000, 1_000, true, now), ReaderStep::Use);
        }
        for now in [1_100, 1_249] {
            assert_eq!(step(1_000, 1_000, true, now), ReaderStep::UseAndRenew);
        }
        assert_eq!(step(1_000, 1_000, true, 1_250), ReaderStep::Wait);
    }

    #[test]
    fn a_node_without_a_pace_always_waits_for_the_present_state() {
        let at = ms(5);
        let kept = Age { read_at: at, tried_at: at, true_at: at, is_outdated_here: false };
        assert_eq!(Pace::EXACT.step(kept, ms(5)), ReaderStep::Wait);
        assert_eq!(Pace::of(Duration::ZERO), Pace::EXACT);
        assert_eq!(Pace::of(ms(250)).question, Duration::from_nanos(20_833_333));
    }
}
