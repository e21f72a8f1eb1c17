//! The SQL of general admission: each section has a counter, and items lapse.
//!
//! General admission takes no Redlock: the row of the counter is the queue. Capacity counts persons.

use holdfast_contract::live::GeneralState;
use holdfast_domain::{
    ids::{EventId, ReservationId, SectionId},
    reservation::{ItemKind, ItemState},
};
use holdfast_entity::{reservation_items, sections};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, UpdateMany,
    sea_query::{Expr, ExprTrait, LockType},
};

use super::payment::ChangedPlaces;
use crate::kernel::db::{self, Bug, Sql, StoreError, Writes};

/// How many lapsed items one hold releases at most.
const MAX_LAPSED_A_HOLD: i64 = 500;

/// The result of an attempt to take places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeResult {
    /// The places are taken. Contains the section's new state.
    Taken(GeneralState),
    /// Too few places are free. Contains their number.
    Short(i64),
}

/// Takes places for `persons`. When the counter refuses, the same transaction releases the section's lapsed items,
/// lowers the counter by exactly the persons of these items, and tries once more.
pub async fn take(
    tx: &impl Sql,
    event: EventId,
    section: SectionId,
    persons: i32,
) -> Result<TakeResult, StoreError> {
    if let Some(state) = count(tx, event, section, persons, 0).await? {
        return Ok(TakeResult::Taken(state));
    }
    // The counter is locked first: transactions ahead of this one may still roll back, so "short" is certain only after
    // they have ended. The items are then locked without waiting, so this order cannot deadlock with transactions that
    // lock items first.
    let free = locked_free(tx, event, section).await?;
    let lapsed = lapse(tx, event, section).await?;
    match count(tx, event, section, persons, lapsed).await? {
        Some(state) => Ok(TakeResult::Taken(state)),
        None => Ok(TakeResult::Short(free + i64::from(lapsed))),
    }
}

async fn count(
    tx: &impl Sql,
    event: EventId,
    section: SectionId,
    persons: i32,
    lapsed: i32,
) -> Result<Option<GeneralState>, StoreError> {
    let moved: Option<Counter> = tx
        .find(
            "UPDATE sections SET held = held + $3 - $4, version = version + 1 \
             WHERE event_id = $1 AND id = $2 AND kind = 'general' \
             AND held + sold + blocked + $3 - $4 <= capacity \
             RETURNING version, capacity - held - sold - blocked AS available",
            vec![event.into(), section.into(), persons.into(), lapsed.into()],
        )
        .await?;
    Ok(moved.map(|moved| moved.shown(section)))
}

/// The state of a section's counters.
#[derive(FromQueryResult)]
pub(super) struct Counter {
    version: i64,
    available: i32,
}

impl Counter {
    pub(super) fn shown(self, section: SectionId) -> GeneralState {
        let Self { version, available } = self;
        GeneralState { section_id: section.0, version, available: available.into() }
    }
}

/// The condition that an item belongs to one of these reservations.
pub(super) fn is_of(sql: &impl Writes, ids: &[ReservationId]) -> Expr {
    db::is_among(sql, reservation_items::Column::ReservationId, ids.iter().copied())
}

/// A change of the state of general-admission items.
pub(super) fn change_places(
    sql: &impl Sql,
    ids: &[ReservationId],
    from: ItemState,
    to: ItemState,
) -> UpdateMany<reservation_items::Entity> {
    reservation_items::Entity::update_many()
        .col_expr(reservation_items::Column::State, to.into())
        .filter(is_of(sql, ids))
        .filter(reservation_items::Column::Kind.eq(ItemKind::General))
        .filter(reservation_items::Column::State.eq(from))
}

/// Sends a change of items. Returns the changed places.
pub(super) async fn changed_places(
    sql: &impl Sql,
    change: UpdateMany<reservation_items::Entity>,
) -> Result<Vec<ChangedPlaces>, StoreError> {
    db::changed(sql, change, &ChangedPlaces::COLUMNS).await
}

async fn locked_free(tx: &impl Sql, event: EventId, section: SectionId) -> Result<i64, StoreError> {
    let found = sections::Entity::find_by_id((event, section));
    let found = found.lock(LockType::NoKeyUpdate).one(tx.reading()).await?;
    Ok(found.map_or(0, |row| i64::from(row.capacity - row.held - row.sold - row.blocked)))
}

async fn lapse(tx: &impl Sql, event: EventId, section: SectionId) -> Result<i32, StoreError> {
    let lapsed: Vec<i32> = tx
        .values(
            "UPDATE reservation_items SET state = 'released', fence = fence + 1 \
             WHERE (reservation_id, id) IN (SELECT reservation_id, id FROM reservation_items \
                 WHERE event_id = $1 AND section_id = $2 AND kind = 'general' AND state = 'held' \
                 AND expires_at <= {now} ORDER BY expires_at LIMIT $3 {skip}) \
             RETURNING admits",
            vec![event.into(), section.into(), MAX_LAPSED_A_HOLD.into()],
        )
        .await?;
    Ok(lapsed.into_iter().sum())
}

/// Whether the section has lapsed items, which a hold could not release because another transaction had locked them.
pub async fn has_lapsed(
    sql: &impl Sql,
    event: EventId,
    section: SectionId,
) -> Result<bool, StoreError> {
    let found: Option<i32> = sql
        .value(
            "SELECT 1 AS found FROM reservation_items WHERE event_id = $1 AND section_id = $2 \
             AND kind = 'general' AND state = 'held' AND expires_at <= {now} LIMIT 1",
            vec![event.into(), section.into()],
        )
        .await?;
    Ok(found.is_some())
}

/// Frees the held places of reservations, and lowers the counters by exactly the freed persons. Returns the new states
/// of the sections.
pub async fn free(
    tx: &impl Sql,
    reservations: &[ReservationId],
) -> Result<Vec<(EventId, GeneralState)>, StoreError> {
    let change = change_places(tx, reservations, ItemState::Held, ItemState::Released);
    let fence = reservation_items::Column::Fence;
    let items = changed_places(tx, change.col_expr(fence, db::plus(fence, 1))).await?;
    let mut freed = std::collections::BTreeMap::new();
    for places in items {
        *freed.entry((places.event, places.section)).or_insert(0) += places.persons;
    }
    let mut states = Vec::with_capacity(freed.len());
    for ((event, section), persons) in freed {
        // Sections in the order of their keys, after all items: see the lock order.
        let state = count(tx, event, section, 0, persons).await?;
        let state = state.ok_or_else(|| Bug::new("a counter is below its items"))?;
        states.push((event, state));
    }
    Ok(states)
}

/// Sets the expiry in the items of a reservation: items of seats, and held places.
pub async fn extend(tx: &impl Sql, id: ReservationId, expires_at: i64) -> Result<u64, StoreError> {
    let held = reservation_items::Column::Kind
        .eq(ItemKind::Seat)
        .or(reservation_items::Column::State.eq(ItemState::Held));
    let change = reservation_items::Entity::update_many()
        .col_expr(reservation_items::Column::ExpiresAt, expires_at.into())
        .filter(reservation_items::Column::ReservationId.eq(id))
        .filter(held);
    db::change(tx, change).await
}
