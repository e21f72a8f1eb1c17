//! What changes while people look: the outbox, the relay that numbers it, the stream.
//!
//! A slice that changes seats writes one outbox row in its own transaction ([`record`]); a leased relay gives
//! committed rows their number, and nodes read that log. Decides nothing: no decision reads the log.

pub mod record;
pub mod store;

pub use record::{ChangeDraft, record};
