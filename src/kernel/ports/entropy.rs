//! The port for random values: new ids and secret bytes.

use uuid::Uuid;

/// A source of ids and random bytes.
pub trait Entropy: Send + Sync + std::fmt::Debug {
    /// A fresh UUIDv7 (RFC 9562). Its order follows time, so that indexes grow at their end.
    fn id(&self) -> Uuid;

    /// Fills `bytes` from the operating system's secure source.
    fn fill(&self, bytes: &mut [u8]);
}
