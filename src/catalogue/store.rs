//! The SQL of the catalogue, by table.
//!
//! Functions that change rows take the transaction and return the number of changed rows. Every use case that changes
//! an event's catalogue locks the event's row first ([`events::lock`]), then follows the common lock order: seats by
//! id, section counters, outbox. A transaction that has locked seats never waits for an event's row.

pub mod events;
pub mod inventory;
pub mod listing;
pub mod moves;
pub mod offers;
pub mod plans;
pub mod seats;
pub mod sections;
pub mod texts;
