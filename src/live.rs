//! What changes while people look: the outbox, the relay that numbers it, the stream.
//!
//! A slice that changes seats writes one outbox row in its own transaction ([`record`]); the relay gives
//! committed rows their number within the event, and nodes read that log. Decides nothing: no decision
//! reads the log.

pub mod record;
pub mod relay;
pub mod store;
pub mod tail;
pub mod viewers;

pub use record::ChangeDraft;
pub use relay::Relay;
pub use tail::Tail;
pub use viewers::{Stream, StreamError};
