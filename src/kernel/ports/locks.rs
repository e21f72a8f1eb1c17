//! Locks that keep the losers of a race away from the database. Locks never decide: the holder of a lock still
//! has to win the conditional statement, and a lock manager that grants every lock is harmless.

use async_trait::async_trait;

/// The result of an attempt to lock.
#[derive(Debug)]
pub enum LockOutcome {
    /// All keys are locked until this value is dropped.
    Acquired(Box<dyn HeldLocks>),
    /// Somebody else holds the locks at these positions of the list of keys. Nothing is locked.
    Contended(Vec<usize>),
    /// The lock servers do not respond. The caller continues with the database only.
    Unavailable,
}

/// Locks that are held. Dropping the value releases them, so that no path keeps them: not an error, not a panic,
/// not a cancelled future. When the process dies, the locks lapse by their TTL.
pub trait HeldLocks: Send + std::fmt::Debug {}

/// A service that grants locks to one holder at a time, without waiting.
#[async_trait]
pub trait LockManager: Send + Sync + std::fmt::Debug {
    /// Tries to lock every key, all or nothing, and returns at once. `keys` are sorted. A key names an object,
    /// never a person, so that two buyers of one seat meet at the same key.
    async fn try_lock(&self, keys: &[String]) -> LockOutcome;
}

/// The key of a seat. Only this function makes it, so that all paths to a seat meet at the same key.
pub fn seat_key(
    event: holdfast_domain::ids::EventId,
    seat: holdfast_domain::ids::SeatId,
) -> String {
    format!("holdfast:seat:{event}:{seat}")
}
