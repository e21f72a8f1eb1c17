//! The catalogue: events, their halls, their offers and prices, and how many places are left.
//!
//! The catalogue never holds or sells anything. It reads seats without locks, only to show them, and no decision
//! uses its caches. `api/` has the HTTP routes, each use case has a file named by its verb, SQL is under
//! `store/`. Look next: `lifecycle` (how the status of an event changes), `replace_plan` (the one dangerous
//! change), `reads` (the caches, and how old they may be), `seed` (the demo events).

pub mod api;
pub mod change_seat;
pub mod create_event;
pub mod delete_event;
pub mod details;
pub mod edit_event;
pub mod keep_sections;
pub mod latest;
pub mod lifecycle;
pub mod list_events;
pub mod map;
pub mod moves;
pub mod offers;
pub mod plan_files;
pub mod published;
pub mod reads;
pub mod replace_plan;
pub mod seat_kinds;
pub mod sections;
pub mod seed;
pub mod sellable;
pub mod settings;
pub mod store;
pub mod texts;
pub mod views;

use poem::{EndpointExt as _, Route, get};
use poem_openapi::OpenApi;
use std::sync::Arc;
use std::time::Duration;

use self::{
    api::stream::{self, StreamRoute},
    create_event::HoldTimes,
    reads::{Pace, Reads},
};
use crate::{
    access::Access,
    http::{overload::RouteRule, route},
    kernel::{base::Base, passes::Pass},
    live::{LiveChanges, Relay, Stream},
    slice::{SharedParts, Slice},
};

#[derive(Debug, Clone)]
pub struct Catalogue {
    pub base: Base,
    /// How long holds last in events without a hold time of their own.
    pub holds: HoldTimes,
    /// How often the pass updates the status of events by time.
    pub lifecycle_every: Duration,
    access: Access,
    stream: Stream,
    relay: Relay,
    reads: Arc<Reads>,
}

impl Catalogue {
    /// A catalogue with empty caches.
    pub fn new(
        base: Base,
        access: Access,
        holds: HoldTimes,
        lifecycle_every: Duration,
        pace: Pace,
        live: &LiveChanges,
    ) -> Self {
        let (stream, relay) = (live.stream(), live.relay.clone());
        let reads = Arc::new(Reads::new(base.clone(), relay.clone(), pace));
        Self { base, holds, lifecycle_every, access, stream, relay, reads }
    }
}

impl Slice for Catalogue {
    // A stream stays open for hours, and has a limit of its own.
    const REFUSABLE: &'static [RouteRule] =
        &[RouteRule { route: route::get("events/*/stream"), class: None }];

    fn routes(self, _shared: SharedParts) -> impl OpenApi + 'static {
        api::routes(&self)
    }

    fn mount(self, shared: SharedParts, routes: Route) -> Route {
        let route = StreamRoute { access: shared.access, live: self.stream };
        routes.at(stream::PATH, get(stream::stream).data(route))
    }

    fn passes(&self, _shared: &SharedParts) -> Vec<Pass> {
        let every = self.lifecycle_every;
        vec![
            Pass::on(
                "events",
                every,
                &self.base,
                |base| async move { lifecycle::pass(&base).await },
            ),
            Pass::on(
                "event-texts",
                every,
                &self.base,
                |base| async move { texts::pass(&base).await },
            ),
        ]
    }
}
