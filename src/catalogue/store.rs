//! The SQL of the catalogue, by table.
//!
//! Mutators take the transaction and answer how many rows they changed. Every use case that changes the
//! catalogue of an event locks the event's row first ([`events::lock`]) and then goes on in the one lock
//! order: seats by id, section counters, outbox. Nobody who holds seats ever waits for an event's row.

pub mod events;
pub mod inventory;
pub mod listing;
pub mod offers;
pub mod plans;
pub mod seats;
pub mod sections;
pub mod texts;
