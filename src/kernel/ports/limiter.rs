//! Counts of how often a sender did something, shared by all nodes. A limiter protects; it never decides about a seat or
//! money: without it everything works, and only abusers get further.

use std::time::Duration;

use async_trait::async_trait;
use holdfast_domain::rate::{Level, Quota};

/// One count of a sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// What is counted, in lower-case letters and hyphens. One sender has one bucket for each name.
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

/// Keeps the buckets of senders.
#[async_trait]
pub trait RateLimiter: Send + Sync + std::fmt::Debug {
    /// Uses the units of all these counts, or of none when one of them has no room. `sender` names who is counted: an
    /// address, a user, a guest. A limiter that cannot reach its servers counts in this process.
    async fn count(&self, sender: &str, counts: &[Count]) -> Counted;
}
