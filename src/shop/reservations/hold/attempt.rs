//! One hold: its rules between the statements of the transaction.

use std::sync::Arc;

use holdfast_contract::live::GeneralState;
use holdfast_domain::{
    ids::{Buyer, ItemId, ReservationId, SeatId},
    inventory::Refusal,
    money::{Money, MoneyError},
    pricing::{self, Place, PricingError},
    reservation::Wishes,
};
use sea_orm::DbErr;

use super::{Came, Extent, HoldError, KeyedHold, Limit, group};
use crate::{
    kernel::{db::Tx, idempotency::Claim, ports::Entropy},
    shop::reservations::{
        read,
        store::{
            self, Item, Made, Reserved, TakenSeat, Usage, Wanted,
            general::{self, Places},
        },
        terms::Terms,
    },
};

/// A hold that is tried; may be run more than once.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) terms: Arc<Terms>,
    pub(super) wishes: Wishes,
    pub(super) id: ReservationId,
    pub(super) buyer: Buyer,
    pub(super) locale: &'static str,
    pub(super) extent: Extent,
    pub(super) keyed: Option<KeyedHold>,
    /// What a look refused before.
    pub(super) refused: Vec<(SeatId, Refusal)>,
    pub(super) holds_per_minute: i64,
    pub(super) entropy: Arc<dyn Entropy>,
}

/// What a transaction took for an attempt.
#[derive(Debug)]
pub(super) struct Taken {
    /// The seats.
    pub(super) seats: Vec<TakenSeat>,
    /// The database's clock.
    pub(super) now: i64,
    /// When the hold lapses.
    pub(super) expires_at: i64,
}

/// A hold that is to be written.
#[derive(Debug)]
pub(super) struct Making {
    pub(super) made: Made,
    /// Seats that somebody else has (only with [`Extent::Partial`]).
    pub(super) lost: Vec<(SeatId, Refusal)>,
    /// The seats that were taken, with their new versions.
    pub(super) taken: Vec<(SeatId, i32)>,
    /// Sections of which places were taken.
    pub(super) sections: Vec<GeneralState>,
}

impl Attempt {
    /// Whether it may share its transaction: it stands or falls as a whole, and waits for no counter and no key.
    pub(super) fn is_plain(&self) -> bool {
        self.keyed.is_none()
            && self.extent == Extent::AllOrNothing
            && self.wishes.places().is_empty()
    }

    /// The seats that it wants.
    pub(super) fn wanted(&self) -> impl Iterator<Item = Wanted> {
        let (buyer, reservation) = (self.buyer, self.id);
        self.wishes.seats().iter().map(move |wish| Wanted { wish: *wish, buyer, reservation })
    }

    /// The seats' ids.
    pub(super) fn seats(&self) -> impl Iterator<Item = SeatId> {
        self.wishes.seats().iter().map(|wish| wish.seat)
    }

    /// Claims the attempt where it has a name, holds, and stores the answer.
    pub(super) async fn run(self: &Arc<Self>, tx: &Tx) -> Result<Came, HoldError> {
        let Some(keyed) = &self.keyed else { return Ok(Came::Held(group::one(tx, self).await?)) };
        if let Claim::Known(known) = keyed.attempt.claim(tx, Some(self.id.0)).await? {
            // Claim and answer are one transaction, so a claim that can be seen has its answer.
            return known.answer.map(Came::Replayed).ok_or_else(|| {
                HoldError::Db(DbErr::Custom("a hold was claimed and never answered".into()))
            });
        }
        let mut held = group::one(tx, self).await?;
        held.refused.extend(self.refused.iter().copied());
        held.refused.sort_by_key(|(seat, _)| *seat);
        let answer = read::told(&held, keyed.guest_token.clone()).answer();
        keyed.attempt.answer(tx, &answer).await?;
        Ok(Came::Stored(answer))
    }

    /// Counts, prices, and takes places. The reservation is not written yet.
    pub(super) async fn make(&self, tx: &Tx, taken: &Taken) -> Result<Making, HoldError> {
        let terms = &self.terms;
        let lost: Vec<(SeatId, Refusal)> = self
            .wishes
            .seats()
            .iter()
            .filter(|wish| !taken.seats.iter().any(|seat| seat.seat == wish.seat))
            .map(|wish| (wish.seat, Refusal::Held))
            .collect();
        let nothing = taken.seats.is_empty() && self.wishes.places().is_empty();
        if !lost.is_empty() && (self.extent == Extent::AllOrNothing || nothing) {
            return Err(HoldError::Seats(lost));
        }
        let mut items = self.seat_items(&taken.seats, taken.now)?;
        items.extend(self.general_items(taken.now)?);
        let persons: i32 = items.iter().map(|item| item.admits).sum();
        let usage = match taken.seats.first() {
            Some(seat) => seat.usage,
            None => store::usage(tx, terms.event, self.buyer, taken.now).await?,
        };
        self.check_limits(usage, persons.into())?;
        let sections = self.take_places(tx, &items).await?;
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
        let taken = taken.seats.iter().map(|seat| (seat.seat, seat.version)).collect();
        Ok(Making { made: Made { reserved, items }, lost, taken, sections })
    }

    fn seat_items(&self, taken: &[TakenSeat], now: i64) -> Result<Vec<Item>, HoldError> {
        taken
            .iter()
            .map(|seat| {
                let wish = self.wishes.seats().iter().find(|wish| wish.seat == seat.seat);
                let place = Place {
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
                // A section that is newer than the terms has raised the event's version, too.
                let section = self.terms.sections.get(&seat.section);
                let name = section.map_or("", |section| section.name.as_str());
                Ok(Item {
                    id: ItemId(self.entropy.id()),
                    seat: Some(seat.seat),
                    section: seat.section,
                    offer: quote.offer,
                    label: format!("{name} · {} · {}", seat.row, seat.label),
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
                let place = Place { section: wish.section, category: None, own_price_minor: None };
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

    async fn take_places(&self, tx: &Tx, items: &[Item]) -> Result<Vec<GeneralState>, HoldError> {
        let mut states: Vec<GeneralState> = Vec::new();
        let general = items.iter().filter(|item| item.seat.is_none());
        for (pick, item) in general.enumerate() {
            let took = general::take(tx, self.terms.event, item.section, item.admits).await?;
            match took {
                Places::Taken(state) => {
                    states.retain(|earlier| earlier.section_id != state.section_id);
                    states.push(state);
                }
                Places::Short(remaining) => return Err(HoldError::Short { pick, remaining }),
            }
        }
        Ok(states)
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
