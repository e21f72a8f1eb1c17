//! The SQL that finds bookings of called-off events.

use holdfast_domain::{
    booking::BookingState,
    ids::{BookingId, EventId},
};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::kernel::db::{Sql, StoreError};

/// A booking of a called-off event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct Concerned {
    #[sea_orm(alias = "booking_id")]
    pub booking: BookingId,
    #[sea_orm(alias = "event_id")]
    pub event: EventId,
    /// The status of the booking: pending or confirmed.
    pub status: BookingState,
}

/// Bookings that still have live lines of called-off events, in the order of their ids, after the pair `after`.
pub async fn of_called_off(
    sql: &impl Sql,
    after: Option<(BookingId, EventId)>,
    limit: i64,
) -> Result<Vec<Concerned>, StoreError> {
    let (booking, event) = after.unwrap_or((BookingId(Uuid::nil()), EventId(Uuid::nil())));
    sql.list(
        "SELECT DISTINCT b.id AS booking_id, e.id AS event_id, b.status FROM events e \
         JOIN booking_lines l ON l.event_id = e.id AND l.cancelled_at IS NULL \
         JOIN bookings b ON b.id = l.booking_id AND b.status IN ('pending', 'confirmed') \
         WHERE e.status = 'cancelled' AND (b.id, e.id) > ($1, $2) \
         ORDER BY b.id, e.id LIMIT $3",
        vec![booking.into(), event.into(), limit.into()],
    )
    .await
}
