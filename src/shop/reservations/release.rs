//! Gives a part of a hold back: seats, and units of general-admission picks. The other places stay held.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_contract::live::GeneralState;
use holdfast_domain::{
    ids::{Buyer, EventId, ItemId, ReservationId, SectionId},
    reservation::ReservationState,
};
use holdfast_entity::reservation_items;

use super::{
    Reservations,
    cancel::cancel,
    extend::ExtendError,
    store::{self, payment::move_counter, release},
};
use crate::{
    kernel::db::{Bug, StoreError, Tx, UseCaseError},
    live::{News, record},
};

/// How much of an item is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemRelease {
    pub item: ItemId,
    /// The number of units. `None` gives the whole item back.
    pub quantity: Option<i32>,
}

/// Why nothing was given back.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The reservation is another buyer's, has expired, or is no longer active.
    #[error(transparent)]
    Reservation(#[from] ExtendError),
    /// A part names no item of the reservation, an item twice, or more units than the item has.
    #[error("{0}: {1}")]
    Field(String, String),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for ReleaseError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Reservation(error) => error.store(),
            Self::Field(..) => None,
        }
    }
}

impl Reservations {
    /// Gives these parts of the buyer's reservation back. A reservation without any places left is cancelled.
    ///
    /// # Errors
    /// See [`ReleaseError`]. Nothing is given back then.
    pub async fn release(
        &self,
        id: ReservationId,
        buyer: Buyer,
        parts: Vec<ItemRelease>,
    ) -> Result<(), ReleaseError> {
        let released = self
            .base
            .db
            .transact(|tx| {
                let parts = parts.clone();
                Box::pin(async move { release(tx, id, buyer, &parts).await })
            })
            .await?;
        if let Some(event) = released {
            self.relay.nudge(News::Places(event));
            return Ok(());
        }
        let found = store::find(&self.base.db, id).await?.ok_or(ExtendError::NotFound)?;
        if found.reserved.buyer != buyer {
            return Err(ExtendError::NotFound.into());
        }
        Err(match found.status.seen_at(found.reserved.expires_at, found.now) {
            // It lapsed between the two looks at the clock.
            ReservationState::Active | ReservationState::Expired => ExtendError::Expired,
            other @ (ReservationState::InPayment
            | ReservationState::Confirmed
            | ReservationState::Cancelled) => ExtendError::NotActive(other),
        }
        .into())
    }
}

/// Returns the event if the reservation is active and the buyer's.
async fn release(
    tx: &Tx,
    id: ReservationId,
    buyer: Buyer,
    parts: &[ItemRelease],
) -> Result<Option<EventId>, ReleaseError> {
    let Some(event) = release::lock(tx, id, buyer).await? else { return Ok(None) };
    let items = release::items(tx, id).await?;
    let left = left_after(&items, parts).map_err(|(field, why)| ReleaseError::Field(field, why))?;
    let gone: Vec<ItemId> = left.iter().filter(|it| it.quantity == 0).map(|it| it.id).collect();
    if gone.len() == items.len() {
        return Ok(cancel(tx, id, buyer).await?);
    }
    let seats = release::free_seats(tx, id, &gone).await?;
    let named = items.iter().filter(|it| it.seat_id.is_some() && gone.contains(&it.id)).count();
    let changed =
        release::drop_items(tx, id, &gone).await? + release::shorten(tx, id, &left).await?;
    if seats.len() != named || changed != left.len() as u64 {
        // The hold lapsed since the look at the clock, and another hold has taken its places.
        return Err(ExtendError::Expired.into());
    }
    let sections = lower_counters(tx, event, &items, &left).await?;
    if release::sum_up(tx, id).await? != 1 {
        return Err(StoreError::from(Bug::new("a locked reservation is gone")).into());
    }
    record::freed(tx, &seats, &sections).await?;
    Ok(Some(event))
}

/// Returns each named item as it is after the release. The error names the first faulty field, with the reason.
fn left_after(
    items: &[reservation_items::Model],
    parts: &[ItemRelease],
) -> Result<Vec<reservation_items::Model>, (String, String)> {
    let mut named = BTreeSet::new();
    let left = parts.iter().enumerate().map(|(at, part)| {
        let fault = |field: &str, why: String| Err((format!("items[{at}].{field}"), why));
        let Some(item) = items.iter().find(|item| item.id == part.item) else {
            return fault("item_id", "is not an item of this reservation".to_owned());
        };
        if !named.insert(part.item) {
            return fault("item_id", "is named twice".to_owned());
        }
        let quantity = part.quantity.unwrap_or(item.quantity);
        if !(1..=item.quantity).contains(&quantity) {
            let most = item.quantity;
            let why =
                if most == 1 { "must be 1".to_owned() } else { format!("must be 1 to {most}") };
            return fault("quantity", why);
        }
        let rest = item.quantity - quantity;
        Ok(reservation_items::Model {
            quantity: rest,
            admits: item.admits / item.quantity * rest,
            price_minor: item.price_minor / i64::from(item.quantity) * i64::from(rest),
            ..item.clone()
        })
    });
    left.collect()
}

/// Lowers the counters of the sections by the persons that are given back. Returns the sections' new states.
async fn lower_counters(
    tx: &Tx,
    event: EventId,
    items: &[reservation_items::Model],
    left: &[reservation_items::Model],
) -> Result<Vec<(EventId, GeneralState)>, StoreError> {
    let mut persons: BTreeMap<SectionId, i32> = BTreeMap::new();
    for rest in left.iter().filter(|rest| rest.seat_id.is_none()) {
        let before = items.iter().find(|item| item.id == rest.id).map_or(0, |item| item.admits);
        *persons.entry(rest.section_id).or_default() += before - rest.admits;
    }
    let mut states = Vec::with_capacity(persons.len());
    for (section, persons) in persons {
        states.push((event, move_counter(tx, event, section, -persons, 0).await?));
    }
    Ok(states)
}
