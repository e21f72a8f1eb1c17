//! The SQL that moves bookings from a guest to a user.

use holdfast_domain::{
    booking::BookingState,
    ids::{BookingId, Buyer, BuyerKind, EventId, GuestId},
};
use holdfast_entity::{
    booking_lines,
    bookings::{self, Column, Entity},
};
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType,
};

use crate::kernel::db::{self, Sql, StoreError, Tx};

pub async fn events_of(sql: &impl Sql, guest: GuestId) -> Result<Vec<EventId>, StoreError> {
    let of_booking = booking_lines::Entity::belongs_to(Entity)
        .from(booking_lines::Column::BookingId)
        .to(Column::Id)
        .into();
    Ok(booking_lines::Entity::find()
        .select_only()
        .column(booking_lines::Column::EventId)
        .distinct()
        .join(JoinType::InnerJoin, of_booking)
        .filter(Column::BuyerId.eq(guest.0))
        .into_tuple()
        .all(sql.reading())
        .await?)
}

/// The guests who have bought something under the address, at most `limit`. Each has at least one paid booking, or one that was
/// cancelled.
pub async fn guests_under(
    sql: &impl Sql,
    address: &str,
    limit: u64,
) -> Result<Vec<GuestId>, StoreError> {
    Ok(Entity::find()
        .select_only()
        .column(Column::BuyerId)
        .distinct()
        .filter(Column::Email.eq(address))
        .filter(Column::BuyerKind.eq(BuyerKind::Guest))
        .filter(Column::Status.is_in([BookingState::Confirmed, BookingState::Cancelled]))
        .order_by_asc(Column::BuyerId)
        .limit(limit)
        .into_tuple()
        .all(sql.reading())
        .await?)
}

/// Locks and reads the guest's bookings.
pub async fn of_guest(tx: &Tx, guest: GuestId) -> Result<Vec<bookings::Model>, StoreError> {
    Ok(Entity::find()
        .filter(Column::BuyerId.eq(guest.0))
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx.orm())
        .await?)
}

/// Gives bookings of the guest to the buyer. Returns their number.
pub async fn give(tx: &Tx, ids: &[BookingId], from: GuestId, to: Buyer) -> Result<u64, StoreError> {
    let change = Entity::update_many()
        .col_expr(Column::BuyerId, to.id().into())
        .col_expr(Column::BuyerKind, to.kind().into())
        .col_expr(Column::Version, db::plus(Column::Version, 1))
        .filter(Column::BuyerId.eq(from.0))
        .filter(db::is_among(tx, Column::Id, ids.iter().copied()));
    db::change(tx, change).await
}
