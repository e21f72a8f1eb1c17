//! The reasons why an event, or one of its offers, can sell nothing.

use holdfast_contract::words::SaleReason;
use holdfast_domain::{
    ids::EventId,
    inventory::SectionKind,
    pricing::{Offer, PricedPlace},
    sale::{self, Hindrance},
};
use holdfast_entity::sections;

use super::{
    reads::{self, Fixed, PresentEvent},
    store::{self, inventory::SeatsOfClass},
};
use crate::kernel::db::{StoreError, Tx};

/// A hindrance with the name of the offer that it concerns, if it concerns one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedHindrance {
    pub hindrance: Hindrance,
    pub offer: Option<String>,
}

/// The hindrances of the event as its transaction sees it.
///
/// # Errors
/// When the database fails.
pub(super) async fn hindrances(tx: &Tx, event: EventId) -> Result<Vec<NamedHindrance>, StoreError> {
    let sections = store::sections::all(tx, event).await?;
    let classes = store::inventory::classes(tx, event).await?;
    let offers: Vec<Offer> =
        store::offers::live(tx, event).await?.iter().map(reads::for_pricing).collect();
    let name = |id| offers.iter().find(|offer| offer.id == id).map(|offer| offer.name.clone());
    let found = sale::hindrances(&offers, &places(sections.iter(), &classes));
    Ok(found
        .into_iter()
        .map(|hindrance| NamedHindrance {
            hindrance,
            offer: match hindrance {
                Hindrance::OfferWithoutPlaces(id) => name(id),
                Hindrance::NoPlaces | Hindrance::NoOffers | Hindrance::NoOfferFits => None,
            },
        })
        .collect())
}

/// The words of the reasons why nothing of the event can be bought now, whatever the buyer chooses.
pub fn nothing_for_sale(seen: &PresentEvent) -> Vec<&'static str> {
    let Fixed { priced, classes, .. } = &*seen.fixed;
    let sections = seen.moving.sections.iter().map(|(section, _)| section);
    let places = places(sections, classes);
    let stops = |found: Vec<Hindrance>| found.into_iter().filter(|it| it.stops_everything());
    let found: Vec<&str> =
        stops(sale::hindrances(priced, &places)).map(Hindrance::as_str).collect();
    if !found.is_empty() {
        return found;
    }
    let now = seen.moment.now;
    let on_sale: Vec<Offer> =
        priced.iter().filter(|offer| offer.sale.contains(now)).cloned().collect();
    let closed = stops(sale::hindrances(&on_sale, &places)).next().is_some();
    if closed { vec![SaleReason::OfferNotOnSale.as_str()] } else { vec![] }
}

/// One place of each kind: a place for each class of seats, and a place for each general-admission section.
fn places<'p>(
    sections: impl Iterator<Item = &'p sections::Model>,
    classes: &'p [SeatsOfClass],
) -> Vec<PricedPlace<'p>> {
    let place = |section, category| PricedPlace { section, category, own_price_minor: None };
    let general = sections
        .filter(|section| section.kind == SectionKind::General)
        .map(|section| place(section.id, None));
    let seated = classes
        .iter()
        .map(|SeatsOfClass { class, .. }| place(class.section, Some(class.category.as_str())));
    general.chain(seated).collect()
}
