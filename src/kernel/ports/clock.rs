//! Time for timers and tokens. Decisions about seats and money use the clock of the database,
//! [`crate::kernel::db::now`].

#[cfg(test)]
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A clock of this machine.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The machine's time in milliseconds since 1970.
    fn now_ms(&self) -> i64;

    /// The time since a fixed moment; it never goes back.
    fn elapsed(&self) -> Duration;
}

/// A clock that shows the milliseconds that a test sets.
#[cfg(test)]
#[derive(Debug, Default)]
pub struct SetClock(
    /// The milliseconds that it shows, as the time since 1970 and as the time since its start.
    pub AtomicI64,
);

#[cfg(test)]
impl SetClock {
    /// Shows this many milliseconds from now on.
    pub fn set(&self, ms: i64) {
        self.0.store(ms, Ordering::Relaxed);
    }
}

#[cfg(test)]
impl Clock for SetClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.now_ms().unsigned_abs())
    }
}
