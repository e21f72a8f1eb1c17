//! Adapters that are wrong on purpose, for the negative controls of the tests. Compiled only for tests.

use async_trait::async_trait;

use crate::kernel::ports::{
    LockManager, RateLimiter,
    limiter::{Count, Counted},
    locks::{HeldLocks, LockOutcome},
};

/// A lock manager that grants every lock. This is harmless, because the database decides.
#[derive(Debug, Default)]
pub struct YesLocks;

#[async_trait]
impl LockManager for YesLocks {
    async fn try_lock(&self, _keys: &[String]) -> LockOutcome {
        LockOutcome::Acquired(Box::new(Nothing))
    }
}

#[derive(Debug)]
struct Nothing;

impl HeldLocks for Nothing {}

/// A limiter that lets every request pass, as one whose buckets are always empty.
#[derive(Debug, Default)]
pub struct YesLimiter;

#[async_trait]
impl RateLimiter for YesLimiter {
    async fn count(&self, _sender: &str, counts: &[Count]) -> Counted {
        let levels = counts.iter().map(|count| count.quota.level(0)).collect();
        Counted { levels, refused: None }
    }
}
