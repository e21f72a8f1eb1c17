//! The SQL that finds the bookings of moved events.

use std::collections::BTreeSet;

use holdfast_domain::{
    booking::BookingState,
    ids::{BookingId, EventId},
};
use holdfast_entity::{booking_lines, bookings};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::kernel::db::{self, Sql, StoreError};

/// The bookings with live lines of the event, in the order of their ids. They are read at once, because a page in the order of
/// their ids would look at the lines of all events; an arena of 20,000 seats has 320 kB of ids.
pub async fn booked(sql: &impl Sql, event: EventId) -> Result<BTreeSet<BookingId>, StoreError> {
    let lines: Vec<BookingId> = booking_lines::Entity::find()
        .select_only()
        .column(booking_lines::Column::BookingId)
        .filter(booking_lines::Column::EventId.eq(event))
        .filter(booking_lines::Column::CancelledAt.is_null())
        .into_tuple()
        .all(sql.reading())
        .await?;
    Ok(lines.into_iter().collect())
}

/// The bookings among these that are confirmed, in the order of their ids.
pub async fn confirmed(
    sql: &impl Sql,
    ids: &[BookingId],
) -> Result<Vec<bookings::Model>, StoreError> {
    let among = db::is_among(sql, bookings::Column::Id, ids.iter().copied());
    Ok(bookings::Entity::find()
        .filter(among)
        .filter(bookings::Column::Status.eq(BookingState::Confirmed))
        .order_by_asc(bookings::Column::Id)
        .all(sql.reading())
        .await?)
}
