//! Time for timers and tokens. What decides about seats and money uses the database's clock,
//! [`crate::kernel::db::now`].

use std::time::Duration;

/// A clock.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Milliseconds since 1970 by this machine.
    fn now_ms(&self) -> i64;

    /// Time that only grows, since some fixed moment.
    fn elapsed(&self) -> Duration;
}
