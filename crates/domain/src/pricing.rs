//! Which offer applies to a place, and what the place costs.

use crate::{
    ids::{OfferId, SectionId},
    money::{Currency, Money, MoneyError},
};

/// An offer: a kind of ticket with a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The id of the offer, which reservations and bookings name.
    pub id: OfferId,
    /// The section that the offer applies to. `None` means every section.
    pub section: Option<SectionId>,
    /// The seating plan's price category that the offer applies to. `None` means every category.
    pub category: Option<String>,
    /// The offer's name for people.
    pub name: String,
    /// The price of one unit, in minor units of the event's currency.
    pub price_minor: i64,
    /// How many persons one unit admits.
    pub admits: i32,
    /// When the offer is on sale, within the sale of the event.
    pub sale: Window,
}

/// A period with an optional beginning and an optional end, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// The first moment of the period. `None` means no beginning.
    pub from: Option<i64>,
    /// The first moment after the period. `None` means no end.
    pub until: Option<i64>,
}

impl Window {
    /// Whether the moment `now_ms` (milliseconds since 1970) is in the period.
    pub fn contains(self, now_ms: i64) -> bool {
        self.from.is_none_or(|from| from <= now_ms) && self.until.is_none_or(|until| now_ms < until)
    }
}

/// Why a place has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// The event has no such offer.
    #[error("no such offer")]
    UnknownOffer,
    /// The chosen offer does not apply to this place.
    #[error("the offer is not for this place")]
    OfferDoesNotFit,
    /// No offer applies to this place. The place cannot be bought, not even for free.
    #[error("this place is not on sale")]
    NoOffer,
    /// The chosen offer, or every offer that applies to this place, is not on sale now.
    #[error("the offer is not on sale now")]
    NotNow,
    /// The price is too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// The price of a quantity of a place under an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The id of the offer that sets the price.
    pub offer: OfferId,
    /// The name of the offer for people.
    pub offer_name: String,
    /// The total price of the quantity.
    pub price: Money,
    /// How many persons the quantity admits in total.
    pub admits: i32,
}

/// A place whose price is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricedPlace<'a> {
    /// The section of the place.
    pub section: SectionId,
    /// The seating plan's price category. `None` in general admission.
    pub category: Option<&'a str>,
    /// The seat's own price in minor units, which replaces the price of the offer.
    pub own_price_minor: Option<i64>,
}

impl Offer {
    /// Whether the offer applies to this place.
    pub fn fits(&self, place: PricedPlace<'_>) -> bool {
        self.section.is_none_or(|section| section == place.section)
            && self.category.as_deref().is_none_or(|category| Some(category) == place.category)
    }

    // An offer that names its section is more specific than an offer that names only a category,
    // and that offer is more specific than an offer for everything.
    fn precision(&self) -> u8 {
        u8::from(self.section.is_some()) * 2 + u8::from(self.category.is_some())
    }
}

/// The price of `quantity` units of a place at `now_ms` (milliseconds since 1970): under the chosen
/// offer, or without a choice under the most specific offer that applies and is on sale. Among
/// equally specific offers, the first in `offers` applies.
///
/// # Errors
/// If no offer applies, the chosen offer does not apply or is not on sale, or the price is too
/// large.
pub fn quote(
    offers: &[Offer],
    currency: Currency,
    place: PricedPlace<'_>,
    chosen: Option<OfferId>,
    quantity: i32,
    now_ms: i64,
) -> Result<Quote, PricingError> {
    let offer = match chosen {
        Some(id) => {
            let offer =
                offers.iter().find(|offer| offer.id == id).ok_or(PricingError::UnknownOffer)?;
            if !offer.fits(place) {
                return Err(PricingError::OfferDoesNotFit);
            }
            if !offer.sale.contains(now_ms) {
                return Err(PricingError::NotNow);
            }
            offer
        }
        None => offers
            .iter()
            .filter(|offer| offer.fits(place) && offer.sale.contains(now_ms))
            .rev()
            .max_by_key(|offer| offer.precision())
            .ok_or_else(|| match offers.iter().any(|offer| offer.fits(place)) {
                true => PricingError::NotNow,
                false => PricingError::NoOffer,
            })?,
    };
    let times = u32::try_from(quantity).map_err(|_| MoneyError::TooLarge)?;
    let one = Money::new(place.own_price_minor.unwrap_or(offer.price_minor), currency);
    Ok(Quote {
        offer: offer.id,
        offer_name: offer.name.clone(),
        price: one.times(times)?,
        admits: offer.admits.checked_mul(quantity).ok_or(MoneyError::TooLarge)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn offer(id: u128, section: Option<u128>, category: Option<&str>, price: i64) -> Offer {
        Offer {
            id: OfferId(Uuid::from_u128(id)),
            section: section.map(|id| SectionId(Uuid::from_u128(id))),
            category: category.map(str::to_owned),
            name: format!("offer {id}"),
            price_minor: price,
            admits: 2,
            sale: Window::default(),
        }
    }

    fn eur() -> Currency {
        Currency::parse("EUR").expect("a code")
    }

    fn place(section: u128, category: Option<&str>) -> PricedPlace<'_> {
        PricedPlace {
            section: SectionId(Uuid::from_u128(section)),
            category,
            own_price_minor: None,
        }
    }

    #[test]
    fn the_most_precise_offer_is_taken_and_the_first_of_equals() {
        let offers = [
            offer(1, None, None, 100),
            offer(2, None, Some("A"), 200),
            offer(3, None, Some("A"), 250),
            offer(4, Some(7), None, 300),
        ];
        let price = |place| quote(&offers, eur(), place, None, 1, 0).map(|quote| quote.price.minor);
        assert_eq!(price(place(1, None)), Ok(100));
        assert_eq!(price(place(1, Some("A"))), Ok(200));
        assert_eq!(price(place(7, Some("A"))), Ok(300));
        let chosen = quote(&offers, eur(), place(1, Some("A")), Some(offers[2].id), 3, 0);
        assert_eq!(chosen.map(|quote| (quote.price.minor, quote.admits)), Ok((750, 6)));
    }

    #[test]
    fn a_place_without_an_offer_is_not_sold_for_nothing() {
        let offers = [offer(1, None, Some("B"), 0)];
        let quoted = |chosen| quote(&offers, eur(), place(1, Some("A")), chosen, 1, 0);
        assert_eq!(quoted(None), Err(PricingError::NoOffer));
        assert_eq!(quoted(Some(offers[0].id)), Err(PricingError::OfferDoesNotFit));
        assert_eq!(quoted(Some(OfferId(Uuid::from_u128(9)))), Err(PricingError::UnknownOffer));
    }

    #[test]
    fn an_offer_is_sold_in_its_window_and_the_next_best_outside_of_it() {
        let early = Offer {
            sale: Window { from: Some(10), until: Some(20) },
            ..offer(1, Some(1), None, 50)
        };
        let offers = [early, offer(2, None, Some("A"), 100)];
        let at = |chosen, now| {
            let quoted = quote(&offers, eur(), place(1, Some("A")), chosen, 1, now);
            quoted.map(|quote| quote.price.minor)
        };
        for (now, price) in [(9, 100), (10, 50), (19, 50), (20, 100)] {
            assert_eq!(at(None, now), Ok(price), "at {now}");
        }
        assert_eq!(at(Some(offers[0].id), 9), Err(PricingError::NotNow));
        assert_eq!(at(Some(offers[0].id), 10), Ok(50));
        let only = quote(&offers[..1], eur(), place(1, None), None, 1, 20);
        assert_eq!(only, Err(PricingError::NotNow));
    }

    #[test]
    fn a_seats_own_price_comes_first() {
        let own = PricedPlace { own_price_minor: Some(5), ..place(1, None) };
        let quoted = quote(&[offer(1, None, None, 100)], eur(), own, None, 1, 0);
        assert_eq!(quoted.map(|quote| quote.price.minor), Ok(5));
    }

    proptest! {
        #[test]
        fn a_quote_is_price_times_quantity_or_an_error(
            price in 0_i64..i64::MAX,
            quantity in -5_i32..10_000,
        ) {
            let offers = [offer(1, None, None, price)];
            let quoted = quote(&offers, eur(), place(1, None), None, quantity, 0);
            match price.checked_mul(i64::from(quantity)) {
                Some(total) if quantity >= 0 && total <= crate::money::MAX_AMOUNT_MINOR => {
                    prop_assert_eq!(quoted.expect("in range").price.minor, total);
                }
                _ => prop_assert!(quoted.is_err()),
            }
        }
    }
}
