//! Decides a hold from the seats that its transaction has locked: the seats to take, the items with their prices, the
//! limits, the total. The decision is pure: it reads neither the database nor a clock.

use std::{collections::HashMap, sync::Arc};

use holdfast_domain::{
    ids::{Buyer, ItemId, ReservationId, SeatId},
    inventory::SeatRefusal,
    money::{Money, MoneyError},
    plan,
    pricing::{self, PricedPlace, PricingError},
    reservation::{SeatWish, Wishes},
};

use super::{Extent, HoldError, Limit};
use crate::{
    kernel::ports::Entropy,
    shop::reservations::{
        store::{
            Item, LockedSeat, NewReservation, Reserved, TakeTimes, TakenSeat, Usage, WantedSeat,
        },
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
pub(super) struct HoldFacts<'a> {
    /// The seats that the transaction has locked, for this hold and for others.
    pub(super) seats: &'a HashMap<SeatId, LockedSeat>,
    /// The persons and holds that the buyer already has in the event.
    pub(super) usage: Usage,
    pub(super) taking: TakeTimes,
}

/// A hold that passed all checks. It is written once its places in general admission are taken.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) reservation: NewReservation,
    /// Seats that cannot be held (only with [`Extent::Partial`]).
    pub(super) lost: Vec<(SeatId, SeatRefusal)>,
    /// The seats to take.
    pub(super) seats: Vec<TakenSeat>,
}

impl HoldAttempt {
    pub(super) fn wanted(&self) -> impl Iterator<Item = WantedSeat> {
        self.seats().map(|seat| WantedSeat::new(seat, self.buyer))
    }

    pub(super) fn seats(&self) -> impl Iterator<Item = SeatId> {
        self.wishes.seats().iter().map(|wish| wish.seat)
    }

    /// Whether the hold wants only seats.
    pub(super) fn has_no_places(&self) -> bool {
        self.wishes.places().is_empty()
    }

    /// # Errors
    /// A refusal. The hold changes nothing then.
    pub(super) fn decide(&self, facts: &HoldFacts<'_>) -> Result<Decided, HoldError> {
        let TakeTimes { now, expires_at, .. } = facts.taking;
        let (mut free, mut lost) = (Vec::with_capacity(self.wishes.seats().len()), Vec::new());
        for wish in self.wishes.seats() {
            match facts.seats.get(&wish.seat) {
                None => lost.push((wish.seat, SeatRefusal::Unknown)),
                Some(seat) => match seat.view.refusal(Some(self.buyer), wish.version, now) {
                    Some(refusal) => lost.push((wish.seat, refusal)),
                    None => free.push((wish, seat)),
                },
            }
        }
        let nothing = free.is_empty() && self.has_no_places();
        if !lost.is_empty() && (self.extent == Extent::AllOrNothing || nothing) {
            return Err(HoldError::Seats(lost));
        }
        let items = free.iter().map(|(wish, seat)| self.seat_item(wish, seat, now));
        let mut items = items.collect::<Result<Vec<Item>, HoldError>>()?;
        items.extend(self.general_items(now)?);
        let persons: i32 = items.iter().map(|item| item.admits).sum();
        self.check_limits(facts.usage, persons.into())?;
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
            created_at: now,
            expires_at,
            cap_at: now + terms.hold_cap_ms,
        };
        let taken = |(_, seat): (_, &LockedSeat)| TakenSeat {
            seat_id: seat.view.seat,
            version: seat.view.version,
            reservation_id: self.id,
        };
        let seats = free.into_iter().map(taken).collect();
        Ok(Decided { reservation: NewReservation { reserved, items }, lost, seats })
    }

    fn seat_item(&self, wish: &SeatWish, seat: &LockedSeat, now: i64) -> Result<Item, HoldError> {
        let place = PricedPlace {
            section: seat.section,
            category: Some(&seat.category),
            own_price_minor: seat.own_price_minor,
        };
        let (terms, field) = (&self.terms, || format!("seats[{}].offer_id", wish.at));
        let quote = pricing::quote(&terms.offers, terms.currency, place, wish.offer, 1, now)
            .map_err(|error| pricing_error(field(), &error))?;
        // The terms know the section of every seat: a new section raises the event's version, and outdated terms write
        // no reservation.
        let section = terms.sections.get(&seat.section);
        let name = section.map_or("", |section| section.name.as_str());
        let printed = plan::PrintedPlace { zone: name, row: &seat.row, number: &seat.label };
        Ok(Item {
            id: ItemId(self.entropy.id()),
            seat: Some(wish.seat),
            section: seat.section,
            offer: quote.offer,
            label: printed.to_string(),
            quantity: 1,
            admits: quote.admits,
            price_minor: quote.price.minor,
            // The fence after the seat is taken.
            fence: seat.fence + 1,
        })
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
    use holdfast_domain::{
        ids::{EventId, GuestId, OfferId, OrganizationId, SectionId},
        inventory::{SeatState, SeatView},
        money::Currency,
        pricing::{Offer, Window},
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

    /// A seat that was held until a moment ago.
    fn lapsed(seat: i32, persons: i64) -> LockedSeat {
        LockedSeat {
            view: SeatView {
                seat: SeatId(seat),
                state: SeatState::Held,
                version: 7,
                expires_at: Some(NOW),
                owner: Some(Buyer::Guest(GuestId(Uuid::from_u128(9)))),
            },
            fence: 2,
            usage: Usage { persons, recent_holds: 0 },
            section: SECTION,
            row: "A".to_owned(),
            label: seat.to_string(),
            category: "stalls".to_owned(),
            own_price_minor: None,
        }
    }

    /// Decides with these seats locked, for a buyer who has `persons` places already.
    fn decide(
        attempt: &HoldAttempt,
        seats: Vec<LockedSeat>,
        persons: i64,
    ) -> Result<Decided, HoldError> {
        let seats = seats.into_iter().map(|seat| (seat.view.seat, seat)).collect();
        let expires_at = NOW + attempt.terms.hold_ms;
        attempt.decide(&HoldFacts {
            seats: &seats,
            usage: Usage { persons, recent_holds: 0 },
            taking: TakeTimes { event: attempt.terms.event, now: NOW, expires_at },
        })
    }

    /// Seats 1 and 2, of which the first is in another state.
    fn one_is(state: SeatState, owner: Option<Buyer>) -> Vec<LockedSeat> {
        let mut first = lapsed(1, 0);
        first.view = SeatView { state, owner, expires_at: Some(NOW + 1), ..first.view };
        vec![first, lapsed(2, 0)]
    }

    #[test]
    fn free_seats_are_priced_and_owned_under_their_next_fence() {
        let attempt = attempt(Extent::AllOrNothing);
        let decided = decide(&attempt, vec![lapsed(1, 0), lapsed(2, 0)], 0).expect("it may stand");
        let reserved = &decided.reservation.reserved;
        assert_eq!((reserved.total_minor, reserved.persons), (9_000, 2));
        assert_eq!((reserved.expires_at, reserved.cap_at), (NOW + 600_000, NOW + 1_800_000));
        let first = &decided.reservation.items[0];
        assert_eq!((first.label.as_str(), first.fence), ("Block A · A · 1", 3));
        let taken =
            |seat| TakenSeat { seat_id: SeatId(seat), version: 7, reservation_id: attempt.id };
        assert_eq!((decided.seats, decided.lost), (vec![taken(1), taken(2)], vec![]));
    }

    #[test]
    fn each_lost_seat_has_its_reason() {
        let attempt = attempt(Extent::AllOrNothing);
        let other = Some(Buyer::Guest(GuestId(Uuid::from_u128(9))));
        for (state, owner, expected) in [
            (SeatState::Held, other, SeatRefusal::Held),
            (SeatState::Held, Some(attempt.buyer), SeatRefusal::Yours),
            (SeatState::Paying, other, SeatRefusal::Held),
            (SeatState::Sold, other, SeatRefusal::Sold),
            (SeatState::Blocked, None, SeatRefusal::Blocked),
        ] {
            let refused = decide(&attempt, one_is(state, owner), 0);
            assert!(
                matches!(&refused, Err(HoldError::Seats(lost)) if *lost == [(SeatId(1), expected)]),
                "{state:?}: {refused:?}"
            );
        }
        let unknown = decide(&attempt, vec![lapsed(2, 0)], 0);
        let reason = [(SeatId(1), SeatRefusal::Unknown)];
        assert!(matches!(unknown, Err(HoldError::Seats(lost)) if lost == reason));
    }

    #[test]
    fn a_lost_seat_refuses_the_whole_unless_the_rest_was_asked_for() {
        let partial = attempt(Extent::Partial);
        let decided =
            decide(&partial, one_is(SeatState::Sold, None), 0).expect("the rest may stand");
        assert_eq!(decided.lost, [(SeatId(1), SeatRefusal::Sold)]);
        assert_eq!(decided.seats.len(), 1);
        assert!(decide(&partial, vec![], 0).is_err(), "nothing is no hold");
    }

    #[test]
    fn a_limit_is_reached_and_not_passed() {
        let attempt = attempt(Extent::AllOrNothing);
        let both = || vec![lapsed(1, 0), lapsed(2, 0)];
        assert!(decide(&attempt, both(), 2).is_ok());
        let refused = decide(&attempt, both(), 3);
        let Err(HoldError::Limit { limit, allowed, remaining }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((limit, allowed, remaining), (Limit::PerUser, 4, 1));
    }
}
