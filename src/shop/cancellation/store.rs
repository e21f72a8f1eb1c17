//! The SQL of cancellations.

use holdfast_domain::ids::{BookingId, EventId};
use sea_orm::DbErr;
use uuid::Uuid;

use crate::kernel::db::Sql;

/// A booking of a called-off event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concerned {
    /// The booking.
    pub booking: BookingId,
    /// The event.
    pub event: EventId,
    /// Whether it is still being paid.
    pub pending: bool,
}

/// Bookings that still have live lines of called-off events, in the order of their ids, after this one.
pub async fn of_called_off(
    sql: &impl Sql,
    after: Option<(BookingId, EventId)>,
    limit: i64,
) -> Result<Vec<Concerned>, DbErr> {
    let (booking, event) =
        after.map_or((Uuid::nil(), Uuid::nil()), |(booking, event)| (booking.0, event.0));
    let rows = sql
        .all(
            "SELECT DISTINCT b.id AS booking_id, e.id AS event_id, b.status FROM events e \
             JOIN booking_lines l ON l.event_id = e.id AND l.cancelled_at IS NULL \
             JOIN bookings b ON b.id = l.booking_id AND b.status IN ('pending', 'confirmed') \
             WHERE e.status = 'cancelled' AND (b.id, e.id) > ($1, $2) \
             ORDER BY b.id, e.id LIMIT $3",
            vec![booking.into(), event.into(), limit.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Concerned {
                booking: BookingId(row.try_get("", "booking_id")?),
                event: EventId(row.try_get("", "event_id")?),
                pending: row.try_get::<String>("", "status")? == "pending",
            })
        })
        .collect()
}
