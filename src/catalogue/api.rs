//! The HTTP of the catalogue, by what the paths are about.

pub mod events;
mod guard;
pub mod offers;
pub mod plans;
mod problems;
pub mod seats;
pub mod sections;
pub mod stream;

use poem_openapi::{OpenApi, Tags};

use super::Catalogue;

#[derive(Tags)]
enum Tag {
    /// Events: found, made, moved through their lives.
    Events,
    /// Parts of a hall, and what is left of them.
    Sections,
    /// Seats and plans.
    Seats,
    /// Kinds of tickets at a price.
    Offers,
}

/// Every route of the catalogue.
pub fn routes(catalogue: &Catalogue) -> impl OpenApi + use<> {
    (
        events::EventsApi(catalogue.clone()),
        sections::SectionsApi(catalogue.clone()),
        seats::SeatsApi(catalogue.clone()),
        plans::PlansApi(catalogue.clone()),
        offers::OffersApi(catalogue.clone()),
    )
}
