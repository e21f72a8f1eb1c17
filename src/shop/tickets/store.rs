//! The SQL of tickets: locks them, changes their states and reads them.

use holdfast_domain::{
    booking::TicketState,
    ids::{BookingId, Buyer, LineId, TicketId},
};
use holdfast_entity::tickets;
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType,
};

use crate::kernel::db::{self, Sql, StoreError, Tx};

/// Locks the tickets of a booking in the order of their ids.
pub async fn lock(tx: &Tx, booking: BookingId) -> Result<(), StoreError> {
    let locked = tickets::Entity::find()
        .select_only()
        .column(tickets::Column::Id)
        .filter(tickets::Column::BookingId.eq(booking))
        .order_by_asc(tickets::Column::Id)
        .lock(LockType::NoKeyUpdate);
    Ok(locked.into_tuple::<TicketId>().all(tx.orm()).await.map(|_| ())?)
}

/// Changes the tickets of these lines from one of the states `from` to the state `to`. Returns their number.
pub async fn change(
    tx: &Tx,
    booking: BookingId,
    lines: &[LineId],
    to: TicketState,
    from: &[TicketState],
) -> Result<u64, StoreError> {
    let change = tickets::Entity::update_many()
        .col_expr(tickets::Column::Status, to.into())
        .filter(tickets::Column::BookingId.eq(booking))
        .filter(db::is_among(tx, tickets::Column::LineId, lines.iter().copied()))
        .filter(tickets::Column::Status.is_in(from.iter().copied()));
    db::change(tx, change).await
}

/// Locks and reads the tickets of bookings in the order of their ids.
pub async fn lock_all(tx: &Tx, bookings: &[BookingId]) -> Result<Vec<tickets::Model>, StoreError> {
    Ok(tickets::Entity::find()
        .filter(db::is_among(tx, tickets::Column::BookingId, bookings.iter().copied()))
        .order_by_asc(tickets::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx.orm())
        .await?)
}

/// Gives the tickets of bookings to the buyer. Returns their number.
pub async fn give(tx: &Tx, bookings: &[BookingId], to: Buyer) -> Result<u64, StoreError> {
    let change = tickets::Entity::update_many()
        .col_expr(tickets::Column::BuyerId, to.id().into())
        .filter(db::is_among(tx, tickets::Column::BookingId, bookings.iter().copied()));
    db::change(tx, change).await
}

/// The tickets of bookings, in the order of their ids.
pub async fn of_bookings(
    sql: &impl Sql,
    bookings: &[BookingId],
) -> Result<Vec<tickets::Model>, StoreError> {
    Ok(tickets::Entity::find()
        .filter(db::is_among(sql, tickets::Column::BookingId, bookings.iter().copied()))
        .order_by_asc(tickets::Column::Id)
        .all(sql.reading())
        .await?)
}
