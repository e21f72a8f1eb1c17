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
pub mod settings;
pub mod store;
pub mod views;

use poem::{EndpointExt as _, Route, get};
use poem_openapi::OpenApi;
use std::sync::Arc;
use std::time::Duration;

use self::{
    api::stream::{self, StreamRoute},
    create_event::HoldTimes,
    reads::Reads,
};
use crate::{
    access::Access,
    kernel::{base::Base, passes::Pass},
    live::{Live, Relay, Stream},
    slice::{Shared, Slice},
};

/// What the routes of the catalogue stand on.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Database, ids, tasks.
    pub base: Base,
    /// How long holds last where an event does not say.
    pub holds: HoldTimes,
    /// How often time moves events on.
    pub lifecycle_every: Duration,
    access: Access,
    stream: Stream,
    relay: Relay,
    reads: Arc<Reads>,
}

impl Catalogue {
    /// A catalogue with empty caches; `relay` numbers what it changes.
    pub fn new(
        base: Base,
        access: Access,
        holds: HoldTimes,
        lifecycle_every: Duration,
        live: &Live,
    ) -> Self {
        let reads = Arc::new(Reads::new(base.db.clone()));
        let (stream, relay) = (live.stream(), live.relay.clone());
        Self { base, holds, lifecycle_every, access, stream, relay, reads }
    }
}

impl Slice for Catalogue {
    fn routes(self, _shared: Shared) -> impl OpenApi + 'static {
        api::routes(&self)
    }

    fn mount(self, shared: Shared, routes: Route) -> Route {
        let route = StreamRoute { access: shared.access, live: self.stream };
        routes.at(stream::PATH, get(stream::stream).data(route))
    }

    fn passes(&self, _shared: &Shared) -> Vec<Pass> {
        vec![Pass::on("events", self.lifecycle_every, &self.base, |base| async move {
            lifecycle::pass(&base).await
        })]
    }
}
