//! Holding seats and places, for a time: the part of Holdfast that decides who gets what.
//!
//! The database decides, in one conditional statement ([`store::take_seats`]); locks only keep losers away
//! from it. Never takes money: see `checkout`. A hold is walked through in `docs/ARCHITECTURE.md`.

use poem_openapi::OpenApi;
use std::sync::Arc;
use std::time::Duration;

use crate::{
    kernel::{base::Base, invariants::Invariant, passes::Pass, ports::LockManager},
    live::Relay,
    slice::{Shared, Slice},
};

pub mod api;
pub mod cancel;
pub mod expire;
pub mod extend;
pub mod hold;
pub mod in_payment;
mod invariants;
pub mod read;
pub mod settings;
pub mod sold;
pub mod store;
pub mod terms;

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
    /// How often lapsed reservations are cleared away.
    pub expire_every: Duration,
}

impl Slice for Reservations {
    const INVARIANTS: &'static [Invariant] = invariants::INVARIANTS;

    fn routes(self, shared: Shared) -> impl OpenApi + 'static {
        let Shared { access, tokens, .. } = shared;
        api::ReservationsApi { access, reservations: self, tokens }
    }

    fn passes(&self, _shared: &Shared) -> Vec<Pass> {
        vec![Pass::on(
            "expire",
            self.expire_every,
            self,
            |it| async move { it.expire_pass().await },
        )]
    }
}
