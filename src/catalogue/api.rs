//! The HTTP routes of the catalogue, one file for each kind of object.

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
    /// Events: search, create, publish, change, cancel.
    Events,
    /// Sections of a hall and their inventory.
    Sections,
    /// Seats: the layout of the hall, the state of each seat, and seating plans.
    Seats,
    /// Offers: kinds of tickets with a price.
    Offers,
}

pub fn routes(catalogue: &Catalogue) -> impl OpenApi + use<> {
    (
        events::EventsApi(catalogue.clone()),
        sections::SectionsApi(catalogue.clone()),
        seats::SeatsApi(catalogue.clone()),
        plans::PlansApi(catalogue.clone()),
        offers::OffersApi(catalogue.clone()),
    )
}
