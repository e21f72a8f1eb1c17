//! The reasons why an event sells nothing, although it may be published and its sale may have begun.

use crate::{
    ids::OfferId,
    pricing::{Offer, PricedPlace},
};

/// A reason why an event, or one of its offers, can sell nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// The event has neither a seat nor a place in general admission.
    NoPlaces,
    /// The event has no offer, so no place has a price.
    NoOffers,
    /// The event has places and offers, but no offer is for any of the places.
    NoOfferFits,
    /// The event has no place in the section and category that the offer names.
    OfferWithoutPlaces(OfferId),
}

impl Hindrance {
    /// The word for the reason on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPlaces => "no_places",
            Self::NoOffers => "no_offers",
            Self::NoOfferFits => "no_offer_fits",
            Self::OfferWithoutPlaces(_) => "offer_without_places",
        }
    }

    /// Whether nothing of the event can be sold, whatever the buyer chooses.
    pub const fn stops_everything(self) -> bool {
        match self {
            Self::NoPlaces | Self::NoOffers | Self::NoOfferFits => true,
            Self::OfferWithoutPlaces(_) => false,
        }
    }
}

/// Every hindrance of an event with these offers and these kinds of places.
pub fn hindrances(offers: &[Offer], places: &[PricedPlace<'_>]) -> Vec<Hindrance> {
    let mut found = Vec::new();
    if places.is_empty() {
        found.push(Hindrance::NoPlaces);
    }
    if offers.is_empty() {
        found.push(Hindrance::NoOffers);
    }
    if places.is_empty() {
        return found;
    }
    let fits = |offer: &Offer| places.iter().any(|place| offer.fits(*place));
    let idle: Vec<&Offer> = offers.iter().filter(|offer| !fits(offer)).collect();
    if !offers.is_empty() && idle.len() == offers.len() {
        found.push(Hindrance::NoOfferFits);
    }
    found.extend(idle.into_iter().map(|offer| Hindrance::OfferWithoutPlaces(offer.id)));
    found
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{
        Hindrance::{NoOfferFits, NoOffers, NoPlaces, OfferWithoutPlaces},
        *,
    };
    use crate::{ids::SectionId, pricing::Window};

    const SECTION: SectionId = SectionId(Uuid::from_u128(7));

    fn offer(n: u128, section: Option<SectionId>, category: Option<&str>) -> Offer {
        Offer {
            id: OfferId(Uuid::from_u128(n)),
            section,
            category: category.map(str::to_owned),
            name: "Standard".to_owned(),
            price_minor: 100,
            admits: 1,
            sale: Window::default(),
        }
    }

    #[test]
    fn every_hindrance_is_named() {
        let seat = |category| PricedPlace {
            section: SECTION,
            category: Some(category),
            own_price_minor: None,
        };
        let other = Some(SectionId(Uuid::from_u128(8)));
        let lacking = OfferWithoutPlaces(OfferId(Uuid::from_u128(2)));
        for (offers, places, wanted) in [
            (vec![], vec![], vec![NoPlaces, NoOffers]),
            (vec![], vec![seat("A")], vec![NoOffers]),
            (vec![offer(1, None, None)], vec![], vec![NoPlaces]),
            (vec![offer(1, None, None)], vec![seat("")], vec![]),
            (vec![offer(1, Some(SECTION), Some("A"))], vec![seat("A"), seat("B")], vec![]),
            (
                vec![offer(1, None, Some("A")), offer(2, None, Some("C"))],
                vec![seat("A")],
                vec![lacking],
            ),
            (vec![offer(2, other, None)], vec![seat("A")], vec![NoOfferFits, lacking]),
        ] {
            assert_eq!(hindrances(&offers, &places), wanted, "{offers:?} {places:?}");
        }
    }
}
