//! The list of the program's slices. A new slice is a line here, and a part that `App::assemble` makes.

use std::sync::Arc;

use poem::Route;
use poem_openapi::OpenApi;

use crate::{
    catalogue::Catalogue,
    desk::{administration::Administration, bookings::EventBookings},
    http::{limits::LimitRule, overload::RouteRule},
    identity::{accounts::Accounts, organizations::Organizations, sessions::Sessions},
    kernel::{
        db::{Db, StoreError},
        invariants::{self, Breach, Invariant},
        keys::SealedColumn,
        passes::Pass,
        personal::PersonalData,
        saga::attention::Attended,
        settings::WebAddress,
    },
    legal::Legal,
    messages::LetterWriter,
    money::{ledger::Ledger, refunds::Refunds},
    shop::{
        adoption::Adoption, cancellation::Cancellations, checkout::Checkouts, links::BookingLinks,
        moves::Moves, reservations::Reservations,
    },
    slice::{SharedParts, Slice},
};

/// Nests routes in pairs: poem-openapi implements `OpenApi` only for short tuples.
macro_rules! nested {
    () => { () };
    ($first:expr $(, $rest:expr)*) => { ($first, nested!($($rest),*)) };
}

macro_rules! slices {
    ($($name:ident: $slice:ty,)*) => {
        #[derive(Debug, Clone)]
        pub struct Slices {
            $(pub $name: $slice,)*
        }

        impl Slices {
            /// The routes that the OpenAPI document describes.
            pub fn routes(self, shared: &SharedParts) -> impl OpenApi + use<> {
                nested!($(self.$name.routes(shared.clone())),*)
            }

            /// Adds the routes that the OpenAPI document cannot describe.
            pub fn mount(self, shared: &SharedParts, mut routes: Route) -> Route {
                $(routes = self.$name.mount(shared.clone(), routes);)*
                routes
            }

            pub fn sagas(&self) -> Vec<Arc<dyn Attended>> {
                let mut all = Vec::new();
                $(all.extend(self.$name.sagas());)*
                all
            }

            pub fn writers(&self, home: &WebAddress) -> Vec<Arc<dyn LetterWriter>> {
                let mut all = Vec::new();
                $(all.extend(self.$name.writers(home));)*
                all
            }

            pub fn personal(&self) -> Vec<Arc<dyn PersonalData>> {
                let mut all = Vec::new();
                $(all.extend(self.$name.personal());)*
                all
            }

            pub fn passes(&self, shared: &SharedParts) -> Vec<Pass> {
                let mut all = Vec::new();
                $(all.extend(self.$name.passes(shared));)*
                all
            }
        }

        pub fn invariants() -> impl Iterator<Item = &'static Invariant> {
            [$(<$slice as Slice>::INVARIANTS),*].into_iter().flatten()
        }

        /// The columns that are stored encrypted.
        pub fn sealed() -> impl Iterator<Item = &'static SealedColumn> {
            [$(<$slice as Slice>::SEALED),*].into_iter().flatten()
        }

        /// The routes that are limited in a way of their own.
        pub fn limited() -> impl Iterator<Item = &'static LimitRule> {
            [$(<$slice as Slice>::LIMITED),*].into_iter().flatten()
        }

        /// The routes that a node may refuse when it cannot keep up.
        pub fn refusable() -> impl Iterator<Item = &'static RouteRule> {
            [$(<$slice as Slice>::REFUSABLE),*].into_iter().flatten()
        }
    };
}

slices! {
    legal: Legal,
    accounts: Accounts,
    sessions: Sessions,
    organizations: Organizations,
    catalogue: Catalogue,
    reservations: Reservations,
    checkouts: Checkouts,
    cancellations: Cancellations,
    links: BookingLinks,
    moves: Moves,
    adoption: Adoption,
    bookings: EventBookings,
    refunds: Refunds,
    ledger: Ledger,
    administration: Administration,
}

/// Finds every breach of every invariant, at most 20 of each.
pub async fn check(db: &Db) -> Result<Vec<Breach>, StoreError> {
    invariants::check(db, self::invariants()).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use poem::http::Method;

    use super::*;
    use crate::{
        adapters::system::{SystemClock, SystemEntropy},
        http::overload::Overload,
    };

    #[test]
    fn only_what_somebody_can_repeat_is_refused() {
        let (clock, entropy) = (Arc::new(SystemClock::default()), Arc::new(SystemEntropy));
        let overload = Overload::new(Duration::from_secs(1), refusable(), clock, entropy);
        let class =
            |method: &Method, path: &str| overload.class_of(method, path).map(|class| class.name);
        let (get, post) = (Method::GET, Method::POST);
        assert_eq!(class(&post, "/api/v1/events/x/reservations"), Some("holds"));
        assert_eq!(class(&post, "/api/v1/bookings/confirm"), Some("checkouts"));
        assert_eq!(class(&get, "/api/v1/events"), Some("reads"));
        assert_eq!(class(&Method::HEAD, "/api/v1/events/x/seats"), Some("reads"));
        for (method, path) in [
            (&get, "/api/v1/events/x/stream"),
            (&get, "/healthz"),
            (&get, "/readyz"),
            (&get, "/metrics"),
            (&get, "/events/x"),
            (&post, "/api/v1/payments/webhooks/stripe"),
            (&post, "/api/v1/bookings/x/cancel"),
            (&post, "/api/v1/reservations/x/extend"),
            (&post, "/api/v1/auth/login"),
            (&Method::DELETE, "/api/v1/reservations/x"),
        ] {
            assert_eq!(class(method, path), None, "{method} {path}");
        }
    }
}
