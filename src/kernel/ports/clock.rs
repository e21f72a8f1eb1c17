//! Time for timers and tokens. Decisions about seats and money use the clock of the database,
//! [`crate::kernel::db::now`].

use std::time::Duration;

/// A clock of this machine.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The machine's time in milliseconds since 1970.
    fn now_ms(&self) -> i64;

    /// The time since a fixed moment; it never goes back.
    fn elapsed(&self) -> Duration;
}
