//! The reasons why an event, or one of its offers, can sell nothing.

use holdfast_domain::{
    ids::EventId,
    inventory::SectionKind,
    pricing::{Offer, Place},
    sale::{self, Hindrance},
};
use holdfast_entity::sections;

use super::{
    reads::{self, Fixed, PresentEvent},
    store::{self, inventory::SectionCategory},
};
use crate::kernel::db::{StoreError, Tx};

/// A hindrance with the name of the offer that it concerns, if it concerns one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub hindrance: Hindrance,
    pub offer: Option<String>,
}

/// The hindrances of the event as its transaction sees it.
///
/// # Errors
/// When the database fails.
pub(super) async fn hindrances(tx: &Tx, event: EventId) -> Result<Vec<Named>, StoreError> {
    let sections = store::sections::all(tx, event).await?;
    let categories = store::inventory::categories(tx, event).await?;
    let offers: Vec<Offer> =
        store::offers::live(tx, event).await?.iter().map(reads::priced).collect();
    let name = |id| offers.iter().find(|offer| offer.id == id).map(|offer| offer.name.clone());
    let found = sale::hindrances(&offers, &places(sections.iter(), &categories));
    Ok(found
        .into_iter()
        .map(|hindrance| Named {
            hindrance,
            offer: match hindrance {
                Hindrance::OfferWithoutPlaces(id) => name(id),
                Hindrance::NoPlaces | Hindrance::NoOffers | Hindrance::NoOfferFits => None,
            },
        })
        .collect())
}

/// The words of the hindrances that keep the whole event from selling.
pub fn nothing_for_sale(seen: &PresentEvent) -> Vec<&'static str> {
    let Fixed { priced, categories, .. } = &*seen.fixed;
    let sections = seen.moving.sections.iter().map(|(section, _)| section);
    let found = sale::hindrances(priced, &places(sections, categories));
    let all = found.into_iter().filter(|hindrance| hindrance.stops_everything());
    all.map(Hindrance::as_str).collect()
}

/// One place of each kind: a place for each pair of section and category, and a place for each general-admission
/// section.
fn places<'p>(
    sections: impl Iterator<Item = &'p sections::Model>,
    categories: &'p [SectionCategory],
) -> Vec<Place<'p>> {
    let place = |section, category| Place { section, category, own_price_minor: None };
    let general = sections
        .filter(|section| section.kind == SectionKind::General)
        .map(|section| place(section.id, None));
    let seated = categories.iter().map(|known| place(known.section, Some(known.category.as_str())));
    general.chain(seated).collect()
}
