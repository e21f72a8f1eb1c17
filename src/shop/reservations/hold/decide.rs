//! Decides a hold from the seats that its transaction took: the items with their prices, the limits, the total. The
//! decision is pure: it reads neither the database nor a clock.

use std::sync::Arc;

use holdfast_domain::{
    ids::{Buyer, ItemId, ReservationId, SeatId},
    inventory::SeatRefusal,
    money::{Money, MoneyError},
    plan,
    pricing::{self, PricedPlace, PricingError},
    reservation::Wishes,
};

use super::{Extent, HoldError, Limit};
use crate::{
    kernel::ports::Entropy,
    shop::reservations::{
        store::{Item, NewReservation, Reserved, TakenSeat, Usage, WantedSeat},
        terms::Terms,
    },
};

/// A hold on its way through a transaction, which may run more than once.
#[derive(Debug, Clone)]
pub(super) struct HoldAttempt {
    pub(super) terms: Arc<Terms>,
    pub(super) wishes: Wishes,
    pub(super) id: ReservationId,
    pub(super) buyer: Buyer,
    pub(super) locale: &'static str,
    pub(super) extent: Extent,
    pub(super) holds_per_minute: i64,
    pub(super) entropy: Arc<dyn Entropy>,
}

/// The facts that the transaction knows when it decides the hold.
#[derive(Debug)]
pub(super) struct Taken {
    /// The seats that the transaction took for this hold.
    pub(super) seats: Vec<TakenSeat>,
    /// The persons and holds that the buyer already has in the event.
    pub(super) usage: Usage,
    /// The time of the database, in milliseconds since 1970.
    pub(super) now: i64,
    /// When the hold lapses, in milliseconds since 1970.
    pub(super) expires_at: i64,
}

/// A hold that passed all checks. It is written once its general places are taken.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) reservation: NewReservation,
    /// Seats that somebody else has (only with [`Extent::Partial`]).
    pub(super) lost: Vec<(SeatId, SeatRefusal)>,
    /// The seats that were taken, with their new versions.
    pub(super) seats: Vec<(SeatId, i32)>,
}

impl HoldAttempt {
    pub(super) fn wanted(&self) -> impl Iterator<Item = WantedSeat> {
        let (buyer, reservation) = (self.buyer, self.id);
        self.wishes.seats().iter().map(move |wish| WantedSeat::new(wish, buyer, reservation))
    }

    pub(super) fn seats(&self) -> impl Iterator<Item = SeatId> {
        self.wishes.seats().iter().map(|wish| wish.seat)
    }

    /// Whether the hold wants only seats.
    pub(super) fn has_no_places(&self) -> bool {
        self.wishes.places().is_empty()
    }

    /// # Errors
    /// A refusal. The transaction is rolled back then.
    pub(super) fn decide(&self, taken: &Taken) -> Result<Decided, HoldError> {
        // The transaction knows only that somebody has the seat. `why_lost` finds the reason.
        let lost: Vec<(SeatId, SeatRefusal)> = self
            .seats()
            .filter(|wish| !taken.seats.iter().any(|seat| seat.seat == *wish))
            .map(|seat| (seat, SeatRefusal::Held))
            .collect();
        let nothing = taken.seats.is_empty() && self.has_no_places();
        if !lost.is_empty() && (self.extent == Extent::AllOrNothing || nothing) {
            return Err(HoldError::Seats(lost));
        }
        let mut items = self.seat_items(&taken.seats, taken.now)?;
        items.extend(self.general_items(taken.now)?);
        let persons: i32 = items.iter().map(|item| item.admits).sum();
        self.check_limits(taken.usage, persons.into())?;
        let terms = &self.terms;
        let reserved = Reserved {
            id: self.id,
            event: terms.event,
            organization: terms.organization,
            buyer: self.buyer,
            total_minor: self.total(&items)?,
            currency: terms.currency,
            persons,
            max_per_user: terms.max_per_user,
            created_at: taken.now,
            expires_at: taken.expires_at,
            cap_at: taken.now + terms.hold_cap_ms,
        };
        let seats = taken.seats.iter().map(|seat| (seat.seat, seat.version)).collect();
        Ok(Decided { reservation: NewReservation { reserved, items }, lost, seats })
    }

    fn seat_items(&self, taken: &[TakenSeat], now: i64) -> Result<Vec<Item>, HoldError> {
        taken
            .iter()
            .map(|seat| {
                let wish = self.wishes.seats().iter().find(|wish| wish.seat == seat.seat);
                let place = PricedPlace {
                    section: seat.section,
                    category: Some(&seat.category),
                    own_price_minor: seat.own_price_minor,
                };
                let at = wish.map_or(0, |wish| wish.at);
                let field = || format!("seats[{at}].offer_id");
                let quote = pricing::quote(
                    &self.terms.offers,
                    self.terms.currency,
                    place,
                    wish.and_then(|wish| wish.offer),
                    1,
                    now,
                )
                .map_err(|error| pricing_error(field(), &error))?;
                // The terms know the section of every taken seat: a new section raises the event's version, and
                // outdated terms write no reservation.
                let section = self.terms.sections.get(&seat.section);
                let name = section.map_or("", |section| section.name.as_str());
                let printed =
                    plan::PrintedPlace { zone: name, row: &seat.row, number: &seat.label };
                Ok(Item {
                    id: ItemId(self.entropy.id()),
                    seat: Some(seat.seat),
                    section: seat.section,
                    offer: quote.offer,
                    label: printed.to_string(),
                    quantity: 1,
                    admits: quote.admits,
                    price_minor: quote.price.minor,
                    fence: seat.fence,
                })
            })
            .collect()
    }

    fn general_items(&self, now: i64) -> Result<Vec<Item>, HoldError> {
        self.wishes
            .places()
            .iter()
            .map(|wish| {
                let field = |name: &str| format!("general[{}].{name}", wish.at);
                let section = self
                    .terms
                    .sections
                    .get(&wish.section)
                    .filter(|section| section.general)
                    .ok_or_else(|| HoldError::Field {
                        field: field("section_id"),
                        message: "no such general-admission section".to_owned(),
                    })?;
                let place =
                    PricedPlace { section: wish.section, category: None, own_price_minor: None };
                let quote = pricing::quote(
                    &self.terms.offers,
                    self.terms.currency,
                    place,
                    wish.offer,
                    wish.quantity,
                    now,
                )
                .map_err(|error| pricing_error(field("offer_id"), &error))?;
                Ok(Item {
                    id: ItemId(self.entropy.id()),
                    seat: None,
                    section: wish.section,
                    offer: quote.offer,
                    label: format!("{} · {}", section.name, quote.offer_name),
                    quantity: wish.quantity,
                    admits: quote.admits,
                    price_minor: quote.price.minor,
                    fence: 1,
                })
            })
            .collect()
    }

    fn check_limits(&self, usage: Usage, persons: i64) -> Result<(), HoldError> {
        let (per_order, per_user) = (self.terms.max_per_order, i64::from(self.terms.max_per_user));
        let refuse = |limit, allowed, used: i64| {
            Err(HoldError::Limit { limit, allowed, remaining: (allowed - used).max(0) })
        };
        if persons > per_order {
            return refuse(Limit::PerOrder, per_order, 0);
        }
        if usage.persons + persons > per_user {
            return refuse(Limit::PerUser, per_user, usage.persons);
        }
        if usage.recent_holds >= self.holds_per_minute {
            return refuse(Limit::PerMinute, self.holds_per_minute, usage.recent_holds);
        }
        Ok(())
    }

    fn total(&self, items: &[Item]) -> Result<i64, HoldError> {
        let sum = items.iter().try_fold(Money::new(0, self.terms.currency), |sum, item| {
            sum.plus(Money::new(item.price_minor, self.terms.currency))
        });
        sum.map(|total| total.minor).map_err(|error: MoneyError| HoldError::Field {
            field: "seats".to_owned(),
            message: error.to_string(),
        })
    }
}

fn pricing_error(field: String, error: &PricingError) -> HoldError {
    match error {
        PricingError::NotNow => HoldError::OfferNotOnSale { field },
        PricingError::UnknownOffer
        | PricingError::OfferDoesNotFit
        | PricingError::NoOffer
        | PricingError::Money(_) => HoldError::Field { field, message: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use holdfast_domain::{
        ids::{EventId, GuestId, OfferId, OrganizationId, SectionId},
        money::Currency,
        pricing::{Offer, Window},
        reservation::SeatWish,
    };
    use uuid::Uuid;

    use super::*;
    use crate::{adapters::system::SystemEntropy, shop::reservations::terms::SectionTerms};

    const NOW: i64 = 1_000_000;
    const SECTION: SectionId = SectionId(Uuid::from_u128(2));

    /// A hold of seats 1 and 2 in an event that allows 4 persons for each buyer and each order.
    fn attempt(extent: Extent) -> HoldAttempt {
        let offer = Offer {
            id: OfferId(Uuid::from_u128(3)),
            section: Some(SECTION),
            category: None,
            name: "Seat".to_owned(),
            price_minor: 4_500,
            admits: 1,
            sale: Window { from: None, until: None },
        };
        let terms = Terms {
            event: EventId(Uuid::from_u128(1)),
            version: 1,
            organization: OrganizationId(Uuid::from_u128(4)),
            currency: Currency::parse("EUR").expect("a currency"),
            max_per_user: 4,
            max_per_order: 4,
            hold_ms: 600_000,
            hold_cap_ms: 1_800_000,
            offers: vec![offer],
            sections: HashMap::from([(
                SECTION,
                SectionTerms { name: "Block A".to_owned(), general: false },
            )]),
        };
        let wish = |seat| SeatWish { seat: SeatId(seat), version: None, offer: None, at: 0 };
        HoldAttempt {
            terms: Arc::new(terms),
            wishes: Wishes::new(vec![wish(1), wish(2)], Vec::new()).expect("sound wishes"),
            id: ReservationId(Uuid::from_u128(5)),
            buyer: Buyer::Guest(GuestId(Uuid::from_u128(6))),
            locale: "en",
            extent,
            holds_per_minute: 30,
            entropy: Arc::new(SystemEntropy),
        }
    }

    /// The transaction took these seats for a buyer who has `persons` places already.
    fn taken(attempt: &HoldAttempt, seats: &[i32], persons: i64) -> Taken {
        let usage = Usage { persons, recent_holds: 0 };
        let seat = |seat: &i32| TakenSeat {
            seat: SeatId(*seat),
            reservation: attempt.id,
            usage,
            section: SECTION,
            row: "A".to_owned(),
            label: seat.to_string(),
            category: "stalls".to_owned(),
            own_price_minor: None,
            version: 8,
            fence: 3,
        };
        let seats = seats.iter().map(seat).collect();
        Taken { seats, usage, now: NOW, expires_at: NOW + attempt.terms.hold_ms }
    }

    #[test]
    fn what_was_taken_is_priced_and_owned_under_its_fence() {
        let attempt = attempt(Extent::AllOrNothing);
        let decided = attempt.decide(&taken(&attempt, &[1, 2], 0)).expect("it may stand");
        let reserved = &decided.reservation.reserved;
        assert_eq!((reserved.total_minor, reserved.persons), (9_000, 2));
        assert_eq!((reserved.expires_at, reserved.cap_at), (NOW + 600_000, NOW + 1_800_000));
        let first = &decided.reservation.items[0];
        assert_eq!((first.label.as_str(), first.fence), ("Block A · A · 1", 3));
        assert_eq!((decided.seats, decided.lost), (vec![(SeatId(1), 8), (SeatId(2), 8)], vec![]));
    }

    #[test]
    fn a_lost_seat_refuses_the_whole_unless_the_rest_was_asked_for() {
        let whole = attempt(Extent::AllOrNothing);
        let refused = whole.decide(&taken(&whole, &[2], 0));
        assert!(matches!(refused, Err(HoldError::Seats(lost)) if lost[0].0 == SeatId(1)));
        let partial = attempt(Extent::Partial);
        let decided = partial.decide(&taken(&partial, &[2], 0)).expect("the rest may stand");
        assert_eq!(decided.lost, [(SeatId(1), SeatRefusal::Held)]);
        assert!(partial.decide(&taken(&partial, &[], 0)).is_err(), "nothing is no hold");
    }

    #[test]
    fn a_limit_is_reached_and_not_passed() {
        let attempt = attempt(Extent::AllOrNothing);
        assert!(attempt.decide(&taken(&attempt, &[1, 2], 2)).is_ok());
        let refused = attempt.decide(&taken(&attempt, &[1, 2], 3));
        let Err(HoldError::Limit { limit, allowed, remaining }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((limit, allowed, remaining), (Limit::PerUser, 4, 1));
    }
}
