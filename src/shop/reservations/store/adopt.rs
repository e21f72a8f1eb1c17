//! The SQL that moves reservations from a guest to a user.

use holdfast_domain::{
    ids::{Buyer, EventId, GuestId, ReservationId},
    reservation::ReservationState,
};
use holdfast_entity::{
    adopted_reservations,
    reservations::{self, Column, Entity},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{ExprTrait, LockType},
};

use crate::kernel::db::{self, Sql, StoreError, Tx};

/// The states of reservations that hold a place.
const STANDING: [ReservationState; 3] =
    [ReservationState::Active, ReservationState::InPayment, ReservationState::Confirmed];

/// The guest's reservations that hold a place, with their events and versions. A reservation that has lapsed counts
/// until a pass clears it away.
pub async fn standing_of(
    sql: &impl Sql,
    guest: GuestId,
) -> Result<Vec<(EventId, ReservationId, i32)>, StoreError> {
    Ok(Entity::find()
        .select_only()
        .columns([Column::EventId, Column::Id, Column::Version])
        .filter(Column::BuyerId.eq(guest.0))
        .filter(Column::Status.is_in(STANDING))
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(sql.reading())
        .await?)
}

/// Locks and reads the guest's reservations of these events that hold a place, and those of `also` in any state.
pub async fn of_guest(
    tx: &Tx,
    guest: GuestId,
    events: &[EventId],
    also: &[ReservationId],
) -> Result<Vec<reservations::Model>, StoreError> {
    let standing = db::is_among(tx, Column::EventId, events.iter().copied())
        .and(Column::Status.is_in(STANDING));
    let also = db::is_among(tx, Column::Id, also.iter().copied());
    Ok(Entity::find()
        .filter(Column::BuyerId.eq(guest.0))
        .filter(standing.or(also))
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx.orm())
        .await?)
}

/// Gives reservations of the guest to the buyer. Returns their number.
pub async fn give(
    tx: &Tx,
    ids: &[ReservationId],
    from: GuestId,
    to: Buyer,
) -> Result<u64, StoreError> {
    let change = Entity::update_many()
        .col_expr(Column::BuyerId, to.id().into())
        .col_expr(Column::BuyerKind, to.kind().into())
        .col_expr(Column::Version, db::plus(Column::Version, 1))
        .filter(Column::BuyerId.eq(from.0))
        .filter(db::is_among(tx, Column::Id, ids.iter().copied()));
    db::change(tx, change).await
}

/// Notes that a guest had paid for these reservations when they moved.
pub async fn note_paid(tx: &Tx, ids: &[ReservationId]) -> Result<(), StoreError> {
    let row = |id: &ReservationId| adopted_reservations::Model { reservation_id: *id };
    db::insert_all(tx, ids.iter().map(row).collect()).await
}
