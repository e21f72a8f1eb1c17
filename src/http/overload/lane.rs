//! The rule by which a request is turned away: by Little's law, a request that finds `n` others inside waits for about
//! `n` divided by the rate at which they leave. Pure: the caller gives the time.

use std::time::Duration;

/// That many may always be inside. Fewer would not keep the database busy.
const FLOOR: usize = 32;
/// The shortest time over which the rate is measured.
const WINDOW: Duration = Duration::from_millis(100);
/// The weight of the newest window in the rate, as a share of 1.
const NEWEST: f64 = 0.5;

/// The requests of one class that are inside.
#[derive(Debug)]
pub struct Lane {
    /// The longest time that a request should wait.
    patience: Duration,
    /// How many requests a second this node can do, as far as it knows.
    capacity: f64,
    inside: usize,
    window: RateWindow,
}

/// The time since the capacity was last measured.
#[derive(Debug, Clone, Copy)]
struct RateWindow {
    since: Duration,
    left: u32,
    /// Whether there was more to do all the time. Otherwise the rate says what was asked, and not what is possible.
    is_busy: bool,
}

impl Lane {
    /// A lane that takes `capacity` requests a second until it knows better.
    pub fn new(patience: Duration, capacity: u32) -> Self {
        let window = RateWindow { since: Duration::ZERO, left: 0, is_busy: false };
        Self { patience, capacity: capacity.into(), inside: 0, window }
    }

    /// Lets a request in, unless it would have to wait for too long.
    pub fn enter(&mut self) -> bool {
        let may = self.inside < self.room();
        self.inside += usize::from(may);
        may
    }

    /// A request has left without any work for it, which says nothing about what this node can do.
    pub fn withdraw(&mut self) {
        self.inside = self.inside.saturating_sub(1);
    }

    /// A request has left at this time.
    pub fn leave(&mut self, now: Duration) {
        self.inside = self.inside.saturating_sub(1);
        self.window.left += 1;
        self.window.is_busy &= self.inside >= FLOOR;
        let lasted = now.saturating_sub(self.window.since);
        if lasted < WINDOW {
            return;
        }
        let rate = f64::from(self.window.left) / lasted.as_secs_f64();
        if self.window.is_busy {
            self.capacity += (rate - self.capacity) * NEWEST;
        } else {
            self.capacity = self.capacity.max(rate);
        }
        self.window = RateWindow { since: now, left: 0, is_busy: self.inside >= FLOOR };
    }

    /// How many requests may be inside.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small positive number"
    )]
    fn room(&self) -> usize {
        ((self.capacity * self.patience.as_secs_f64()) as usize).max(FLOOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(400);

    /// Offers and serves this many a second, for so long; returns how many were refused, and the longest queue.
    fn drive(
        lane: &mut Lane,
        from_ms: u64,
        lasts_ms: u64,
        offered: u64,
        served: u64,
    ) -> (usize, usize) {
        let (mut refused, mut longest) = (0, 0);
        let (mut due_in, mut due_out) = (0, 0);
        for ms in 0..lasts_ms {
            due_in += offered;
            due_out += served;
            while due_in >= 1_000 {
                due_in -= 1_000;
                refused += usize::from(!lane.enter());
            }
            while due_out >= 1_000 {
                due_out -= 1_000;
                if lane.inside > 0 {
                    lane.leave(Duration::from_millis(from_ms + ms));
                }
            }
            longest = longest.max(lane.inside);
        }
        (refused, longest)
    }

    #[test]
    fn what_can_be_served_is_served() {
        let mut lane = Lane::new(PATIENCE, 500);
        assert_eq!(drive(&mut lane, 0, 10_000, 900, 1_000).0, 0);
        // A burst that the node can do within its patience.
        assert!((0..200).all(|_| lane.enter()));
        assert_eq!(drive(&mut lane, 10_000, 5_000, 900, 1_000).0, 0);
    }

    #[test]
    fn what_would_wait_for_too_long_is_refused_and_the_rest_is_served_in_time() {
        for served in [50, 1_000, 5_000] {
            let mut lane = Lane::new(PATIENCE, 500);
            drive(&mut lane, 0, 5_000, served * 3, served);
            let (refused, longest) = drive(&mut lane, 5_000, 5_000, served * 3, served);
            let excess = served * 2 * 5;
            assert!((excess - 1..=excess + 1).contains(&(refused as u64)), "{served}: {refused}");
            let wait_ms = longest as u64 * 1_000 / served;
            assert!(wait_ms <= 450 || longest == FLOOR, "{served}: {longest} inside, {wait_ms} ms");
        }
    }

    #[test]
    fn requests_that_cost_nothing_do_not_make_a_node_look_fast() {
        let mut lane = Lane::new(PATIENCE, 500);
        drive(&mut lane, 0, 5_000, 3_000, 1_000);
        let room = lane.room();
        for ms in 0..2_000 {
            for _ in 0..50 {
                if lane.enter() {
                    lane.withdraw();
                }
            }
            drive(&mut lane, 5_000 + ms, 1, 3_000, 1_000);
        }
        assert!(lane.room() <= room * 11 / 10, "{room} became {}", lane.room());
    }

    #[test]
    fn a_node_that_became_slower_learns_it_and_a_quiet_time_is_no_slowness() {
        let mut lane = Lane::new(PATIENCE, 500);
        drive(&mut lane, 0, 5_000, 3_000, 1_000);
        drive(&mut lane, 5_000, 5_000, 1, 1_000);
        assert!((0..350).all(|_| lane.enter()), "the node can still do it");
        let (_, longest) = drive(&mut lane, 10_000, 10_000, 3_000, 100);
        assert!(longest <= 400);
        let (_, longest) = drive(&mut lane, 20_000, 5_000, 3_000, 100);
        assert!(longest <= 45, "{longest} inside at 100 a second");
    }

    #[test]
    fn nobody_leaves_and_nobody_comes_in() {
        let mut lane = Lane::new(PATIENCE, 500);
        let let_in = (0..1_000).filter(|_| lane.enter()).count();
        assert_eq!(let_in, 200);
    }
}
