//! Counts of how often a sender did something, shared by all nodes. A limiter protects; it never decides about a seat or
//! money: without it everything works, and only abusers get further.

use std::time::Duration;

use async_trait::async_trait;
use holdfast_domain::rate::{Level, Quota};

/// One count of a sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The name of the count, in lower-case letters. A sender has one bucket for each name.
    pub name: &'static str,
    /// How much of it is allowed.
    pub quota: Quota,
    /// The number of units that are used.
    pub cost: u32,
}

/// What a limiter says about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The level of each count, in their order. After a refusal it is the level without the request.
    pub levels: Vec<Level>,
    /// The count that has no room for the request, by its position, and after how long it has. `None`: all counts had
    /// room, and the units are used.
    pub refused: Option<(usize, Duration)>,
}

impl Counted {
    /// The result of a request before which the buckets drained after `filled_us` microseconds each. Returns also after how
    /// many microseconds they drain now: all units are used, or none.
    pub fn of(counts: &[Count], filled_us: Vec<u64>) -> (Self, Vec<u64>) {
        let used = counts.iter().zip(&filled_us);
        let used: Vec<_> =
            used.map(|(count, filled)| count.quota.used(*filled, count.cost)).collect();
        let refusals = used.iter().enumerate().filter_map(|(at, it)| Some((at, it.err()?)));
        let refused = refusals.max_by_key(|(_, wait)| *wait);
        let filled_us =
            if refused.is_none() { used.into_iter().flatten().collect() } else { filled_us };
        let levels = counts.iter().zip(&filled_us);
        let levels = levels.map(|(count, filled)| count.quota.level(*filled)).collect();
        (Self { levels, refused }, filled_us)
    }
}

/// Keeps the buckets of senders.
#[async_trait]
pub trait RateLimiter: Send + Sync + std::fmt::Debug {
    /// Uses the units of all these counts, or of none when one of them has no room. `sender` names who is counted: an
    /// address, a user, a guest. A limiter that cannot reach its servers counts in this process.
    async fn count(&self, sender: &str, counts: &[Count]) -> Counted;
}
