//! How often something may happen: the generic cell rate algorithm (ITU-T I.371, annex A) as a bucket that fills with use
//! and drains evenly.

use std::{num::NonZeroU32, time::Duration};

/// So many units in a window: all of them at once if nothing was used before, and from then on one after the other at an
/// even pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The number of units.
    pub units: NonZeroU32,
    /// The time in which a full bucket drains.
    pub window: Duration,
}

/// The state of a bucket after a look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// How many more units could be used at once.
    pub remaining: u32,
    /// The time until one more unit can be used at once; zero if all can be.
    pub more_after: Duration,
}

impl Quota {
    /// So many units in a minute.
    pub const fn per_minute(units: NonZeroU32) -> Self {
        Self { units, window: Duration::from_mins(1) }
    }

    /// The time in which one unit drains, in microseconds; at least one.
    pub fn unit_us(self) -> u64 {
        let window = u64::try_from(self.window.as_micros()).unwrap_or(u64::MAX);
        (window / u64::from(self.units.get())).max(1)
    }

    /// The time in which a full bucket drains, in microseconds. Rounding makes it a little less than the window.
    pub fn full_us(self) -> u64 {
        self.unit_us().saturating_mul(u64::from(self.units.get()))
    }

    /// Uses `cost` units of a bucket that drains after `filled_us` microseconds. Returns after how many microseconds the
    /// bucket drains now.
    ///
    /// # Errors
    /// The time after which the units can be used, if the bucket has no room for them now. Then nothing is used. More units
    /// than the quota has can never be used; the time says after how long the excess would have drained.
    pub fn used(self, filled_us: u64, cost: u32) -> Result<u64, Duration> {
        let filled = filled_us.saturating_add(self.unit_us().saturating_mul(u64::from(cost)));
        match filled.checked_sub(self.full_us()) {
            None | Some(0) => Ok(filled),
            Some(excess) => Err(Duration::from_micros(excess)),
        }
    }

    /// The level of a bucket that drains after `filled_us` microseconds.
    pub fn level(self, filled_us: u64) -> Level {
        let room = self.full_us().saturating_sub(filled_us) / self.unit_us();
        let filled_then = self.full_us().saturating_sub(self.unit_us().saturating_mul(room + 1));
        Level {
            remaining: u32::try_from(room).unwrap_or(u32::MAX),
            more_after: Duration::from_micros(filled_us.saturating_sub(filled_then)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quota(units: u32) -> Quota {
        Quota::per_minute(NonZeroU32::new(units).expect("positive"))
    }

    #[test]
    fn exactly_the_units_of_the_quota_can_be_used_at_once() {
        for units in [1, 2, 3, 7, 10, 59, 60, 61, 100, 1_000_000] {
            let quota = quota(units);
            let filled = quota.used(0, units).expect("all units");
            assert_eq!(quota.level(filled).remaining, 0);
            let wait = quota.used(filled, 1).expect_err("one too many");
            assert_eq!(wait, Duration::from_micros(quota.unit_us()), "{units}");
            assert!(quota.used(0, units + 1).is_err());
        }
    }

    #[test]
    fn units_drain_at_an_even_pace() {
        let quota = quota(6);
        let filled = quota.used(0, 6).expect("all units");
        assert_eq!(quota.used(filled - 9_999_999, 1), Err(Duration::from_micros(1)));
        assert_eq!(quota.used(filled - 10_000_000, 1), Ok(filled));
        let level = quota.level(filled - 25_000_000);
        assert_eq!(level, Level { remaining: 2, more_after: Duration::from_secs(5) });
        assert_eq!(
            quota.level(filled).more_after,
            Duration::from_secs(10),
            "as long as a refusal says"
        );
        assert_eq!(quota.level(0), Level { remaining: 6, more_after: Duration::ZERO });
    }

    proptest! {
        /// Whatever is asked at whatever times: in no window are more units used than twice the quota, and in no instant
        /// more than the quota.
        #[test]
        fn no_window_has_more_than_a_full_bucket_and_what_drains(
            units in 1_u32..50,
            asked in prop::collection::vec((0_u64..5_000_000, 1_u32..4), 1..200),
        ) {
            let quota = quota(units);
            let (mut now, mut filled) = (0, 0_u64);
            let mut used: Vec<(u64, u32)> = Vec::new();
            for (pause, cost) in asked {
                now += pause;
                filled = filled.saturating_sub(pause);
                if let Ok(more) = quota.used(filled, cost) {
                    filled = more;
                    used.push((now, cost));
                }
                for (from, _) in &used {
                    let within: u64 = used.iter().filter(|(at, _)| at >= from).map(|(_, cost)| u64::from(*cost)).sum();
                    let drained = (now - from) / quota.unit_us();
                    prop_assert!(within <= u64::from(units) + drained);
                }
            }
        }
    }
}
