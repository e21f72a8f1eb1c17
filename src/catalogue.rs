//! The catalogue: events, their halls, what is sold in them at which price, and what is left.
//!
//! Never holds or sells anything; what it reads of seats it reads without locks and shows, and no decision
//! reads its caches. `api/` is HTTP, each use case has a file named by its verb, SQL is under `store/`.
//! Look next: `lifecycle` (how an event moves on), `replace_plan` (the one dangerous change), `reads`
//! (what is cached and why that is right), `seed` (the demo events).

pub mod api;
pub mod change_seat;
pub mod create_event;
pub mod delete_event;
pub mod details;
pub mod edit_event;
pub mod event_key;
pub mod latest;
pub mod lifecycle;
pub mod list_events;
pub mod map;
pub mod offers;
pub mod plan_files;
pub mod published;
pub mod reads;
pub mod replace_plan;
pub mod seat_kinds;
pub mod sections;
pub mod seed;
pub mod store;
pub mod views;

use std::sync::Arc;

use self::{create_event::HoldTimes, reads::Reads};
use crate::{base::Base, live::Relay};

/// What the routes of the catalogue stand on.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Database, ids, tasks.
    pub base: Base,
    /// How long holds last where an event does not say.
    pub holds: HoldTimes,
    relay: Relay,
    reads: Arc<Reads>,
}

impl Catalogue {
    /// A catalogue with empty caches; `relay` numbers what it changes.
    pub fn new(base: Base, holds: HoldTimes, relay: Relay) -> Self {
        let reads = Arc::new(Reads::new(base.db.clone()));
        Self { base, holds, relay, reads }
    }
}
