//! Holding seats and places, for a time: the part of Holdfast that decides who gets what.
//!
//! The database decides, in one conditional statement ([`store::take_seats`]); locks only keep losers away
//! from it. Never takes money: see `checkout`. A hold is walked through in `docs/ARCHITECTURE.md`.

use std::sync::Arc;

use crate::{
    kernel::{base::Base, ports::LockManager},
    live::Relay,
};

pub mod api;
pub mod cancel;
pub mod expire;
pub mod extend;
pub mod hold;
pub mod in_payment;
pub mod invariants;
pub mod read;
pub mod sold;
pub mod store;
pub mod terms;

pub use api::ReservationsApi;

/// What the use cases of this slice work with; cheap to clone.
#[derive(Debug, Clone)]
pub struct Reservations {
    /// Database, ids, timers, tasks.
    pub base: Base,
    /// Keeps losers away from the database.
    pub locks: Arc<dyn LockManager>,
    /// What events sell, and under which terms.
    pub terms: terms::TermsCache,
    /// Numbers what was changed.
    pub relay: Relay,
    /// Looks that share statements.
    pub looks: hold::Looks,
    /// Holds that share transactions.
    pub queue: hold::Queue,
    /// How many holds one buyer may make of one event in a minute.
    pub holds_per_minute: u32,
}
