//! Locks that keep losers away from the database. They never decide: whoever holds one still has to win the
//! conditional statement, and a lock manager that always says yes is harmless.

use async_trait::async_trait;

/// What came of an attempt to lock.
#[derive(Debug)]
pub enum LockOutcome {
    /// Everything asked for is locked, until this is dropped.
    Acquired(Box<dyn HeldLocks>),
    /// Somebody else has the locks at these places of the list; nothing is locked.
    Contended(Vec<usize>),
    /// The lock servers do not answer; go on with the database alone.
    Unavailable,
}

/// Locks that are held. Dropping gives them back, so that no path keeps them: not an error's, not a panic's, not that
/// of work which is cut off. When the process dies they end by their own time.
pub trait HeldLocks: Send + std::fmt::Debug {}

/// Tries locks without waiting.
#[async_trait]
pub trait LockManager: Send + Sync + std::fmt::Debug {
    /// Tries to lock every key, all or nothing, and answers at once. `keys` are sorted and name things,
    /// never people: two buyers of one seat must meet.
    async fn try_lock(&self, keys: &[String]) -> LockOutcome;
}

/// The key of a seat. The only place that makes one, so that every path meets every other.
pub fn seat_key(
    event: holdfast_domain::ids::EventId,
    seat: holdfast_domain::ids::SeatId,
) -> String {
    format!("holdfast:seat:{event}:{seat}")
}
