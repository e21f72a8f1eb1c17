//! Holds seats and places for a time: the part of Holdfast that decides who gets which places.
//!
//! The database decides, in one conditional statement ([`store::take_seats`]); locks only keep the losers of a
//! race away from it. This slice never takes money: see `checkout`. `docs/ARCHITECTURE.md` walks through a hold.

use poem_openapi::OpenApi;
use std::sync::Arc;
use std::time::Duration;

use crate::{
    http::{
        limits::{CountedAs, LimitRule, settings::Limit},
        overload::{Class, RouteRule},
        route::post,
    },
    kernel::{
        base::Base, invariants::Invariant, passes::Pass, personal::PersonalData, ports::LockManager,
    },
    live::Relay,
    slice::{SharedParts, Slice},
};

pub mod adopt;
pub mod api;
pub mod cancel;
pub mod expire;
pub mod extend;
pub mod forget;
pub mod hold;
pub mod in_payment;
mod invariants;
mod personal;
pub mod read;
pub mod release;
pub mod settings;
pub mod sold;
pub mod store;
pub mod terms;

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Reservations {
    pub base: Base,
    /// The locks that keep the losers of a race away from the database.
    pub locks: Arc<dyn LockManager>,
    /// The terms under which events sell.
    pub terms: terms::TermsCache,
    /// Numbers the changes of seats.
    pub relay: Relay,
    /// The queue in which looks at seats wait and share statements.
    pub looks: hold::Looks,
    /// The queue in which holds wait and share transactions.
    pub queue: hold::HoldQueue,
    /// How many holds one buyer may make in one event per minute.
    pub holds_per_minute: u32,
    /// How often the pass clears lapsed reservations away.
    pub expire_every: Duration,
    /// How far the pass has come that deletes old reservations.
    pub forgotten: forget::ForgetCursor,
}

/// A node makes about this many holds a second before it has been busy.
const HOLDS: Class = Class { name: "holds", assumed: 500, patience: 1 };

impl Slice for Reservations {
    const INVARIANTS: &'static [Invariant] = invariants::INVARIANTS;
    const REFUSABLE: &'static [RouteRule] =
        &[RouteRule { route: post("events/*/reservations"), class: Some(HOLDS) }];
    const LIMITED: &'static [LimitRule] = &[LimitRule {
        route: post("events/*/reservations"),
        counted: CountedAs::Strangers(Limit::GUESTS),
    }];

    fn routes(self, shared: SharedParts) -> impl OpenApi + 'static {
        let SharedParts { access, tokens, users, adopt, .. } = shared;
        api::ReservationsApi { access, reservations: self, tokens, users, adopt }
    }

    fn personal(&self) -> Vec<Arc<dyn PersonalData>> {
        vec![Arc::new(self.clone())]
    }

    fn passes(&self, shared: &SharedParts) -> Vec<Pass> {
        vec![
            Pass::on("expire", self.expire_every, self, |it| async move { it.expire_pass().await }),
            Pass::on("reservation-retention", shared.retention_every, self, |it| async move {
                it.retention_pass().await
            }),
        ]
    }
}
