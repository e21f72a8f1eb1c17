//! Adapters that are wrong on purpose, for the negative controls of the tests. Compiled only for tests.

use async_trait::async_trait;

use crate::kernel::ports::{
    LockManager,
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
