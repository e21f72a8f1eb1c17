//! The SQL for mails about bookings.

use std::collections::HashMap;

use holdfast_domain::ids::{BookingId, EventId};
use holdfast_entity::{booking_reservations, events};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::kernel::db::{self, Sql, StoreError};

/// The events with these ids.
pub async fn events(
    sql: &impl Sql,
    ids: impl Iterator<Item = EventId>,
) -> Result<HashMap<EventId, events::Model>, StoreError> {
    let of = db::is_among(sql, events::Column::Id, ids);
    let found = events::Entity::find().filter(of).all(sql.reading()).await?;
    Ok(found.into_iter().map(|event| (event.id, event)).collect())
}

/// Whether a later booking was made for one of the reservations of this booking, whatever became of it.
pub async fn is_booked_again(sql: &impl Sql, id: BookingId) -> Result<bool, StoreError> {
    let of = booking_reservations::Column::BookingId;
    let reservation = booking_reservations::Column::ReservationId;
    let own = booking_reservations::Entity::find().filter(of.eq(id)).all(sql.reading()).await?;
    let own = own.into_iter().map(|row| row.reservation_id);
    // The ids are UUIDv7: they sort by time.
    let later = booking_reservations::Entity::find()
        .filter(db::is_among(sql, reservation, own))
        .filter(of.gt(id))
        .limit(1)
        .one(sql.reading())
        .await?;
    Ok(later.is_some())
}
