//! The buckets of senders in the memory of this process: for a program without Redis, and while a Redis node is away.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use crate::kernel::ports::{
    Clock, RateLimiter,
    limiter::{Count, Counted},
};

/// The number of buckets from which on the drained ones are forgotten at once.
const MANY: usize = 10_000;
/// How long drained buckets are kept otherwise, in microseconds.
const FORGET_EVERY_US: u64 = 60_000_000;

/// A sender, and what is counted.
type Key = (String, &'static str);

/// Cheap to clone; the clones share the buckets.
#[derive(Debug, Clone)]
pub struct InProcessLimiter {
    buckets: Arc<Mutex<Buckets>>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Buckets {
    /// When each bucket has drained, in microseconds of the clock.
    drained_at: HashMap<Key, u64>,
    /// The number of buckets, and the time in microseconds of the clock, at which the drained ones are forgotten.
    forget_at: (usize, u64),
}

impl InProcessLimiter {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let buckets = Buckets { drained_at: HashMap::new(), forget_at: (MANY, FORGET_EVERY_US) };
        Self { buckets: Arc::new(Mutex::new(buckets)), clock }
    }

    fn count_now(&self, sender: &str, counts: &[Count]) -> Counted {
        let now = u64::try_from(self.clock.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.forget_drained(now);
        let filled = counts.iter().map(|count| buckets.filled_us(sender, count, now)).collect();
        let (counted, filled) = Counted::of(counts, filled);
        if counted.refused.is_none() {
            for (count, filled) in counts.iter().zip(filled) {
                buckets.drained_at.insert((sender.to_owned(), count.name), now + filled);
            }
        }
        counted
    }
}

impl Buckets {
    fn filled_us(&self, sender: &str, count: &Count, now: u64) -> u64 {
        let drained_at = self.drained_at.get(&(sender.to_owned(), count.name));
        drained_at.map_or(0, |at| at.saturating_sub(now))
    }

    /// Keeps the memory in proportion to the senders of one window.
    fn forget_drained(&mut self, now: u64) {
        let (many, later) = self.forget_at;
        if self.drained_at.len() >= many || now >= later {
            self.drained_at.retain(|_, at| *at > now);
            self.drained_at.shrink_to(MANY);
            self.forget_at = ((2 * self.drained_at.len()).max(MANY), now + FORGET_EVERY_US);
        }
    }
}

#[async_trait]
impl RateLimiter for InProcessLimiter {
    async fn count(&self, sender: &str, counts: &[Count]) -> Counted {
        self.count_now(sender, counts)
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use holdfast_domain::rate::Quota;

    use super::*;
    use crate::kernel::ports::clock::SetClock;

    fn count(name: &'static str, units: u32) -> Count {
        let units = NonZeroU32::new(units).expect("positive");
        Count { name, quota: Quota::per_minute(units), cost: 1 }
    }

    #[test]
    fn a_request_uses_all_its_counts_or_none() {
        let limiter = InProcessLimiter::new(Arc::new(SetClock::default()));
        let (reads, logins) = (count("reads", 10), count("logins", 2));
        let both = [reads.clone(), logins];
        for left in [(9, 1), (8, 0)] {
            let counted = limiter.count_now("a", &both);
            assert_eq!(counted.refused, None);
            assert_eq!((counted.levels[0].remaining, counted.levels[1].remaining), left);
        }
        let refused = limiter.count_now("a", &both);
        assert_eq!(refused.refused, Some((1, Duration::from_secs(30))));
        assert_eq!((refused.levels[0].remaining, refused.levels[1].remaining), (8, 0));
        assert_eq!(limiter.count_now("a", &[reads]).levels[0].remaining, 7);
        assert_eq!(limiter.count_now("b", &both).refused, None, "another sender has other buckets");
    }

    #[test]
    fn drained_buckets_are_forgotten_and_no_other() {
        let clock = Arc::new(SetClock::default());
        let limiter = InProcessLimiter::new(Arc::<SetClock>::clone(&clock));
        for sender in 0..MANY - 1 {
            limiter.count_now(&sender.to_string(), &[count("reads", 60)]);
        }
        limiter.count_now("busy", &[Count { cost: 60, ..count("reads", 60) }]);
        clock.set(2_000);
        let refused = limiter.count_now("busy", &[Count { cost: 60, ..count("reads", 60) }]);
        assert_eq!(refused.refused, Some((0, Duration::from_secs(58))));
        let remembered = || limiter.buckets.lock().expect("sound").drained_at.len();
        assert_eq!(remembered(), 1);
        clock.set(63_000);
        limiter.count_now("next", &[count("reads", 60)]);
        assert_eq!(remembered(), 1, "a minute later, without a crowd");
    }
}
