//! Adapters that are wrong on purpose, for negative controls. Compiled for tests alone.

use async_trait::async_trait;

use crate::kernel::ports::{
    LockManager,
    locks::{HeldLocks, LockOutcome},
};

/// A lock manager that always says yes: harmless, because the database decides.
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
