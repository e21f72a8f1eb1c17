//! The SQL of [`crate::shop::bookings::confirmed`].

use holdfast_domain::{
    ids::{BookingId, EventId},
    refund::rules::Share,
};
use holdfast_entity::{bookings, payments};
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

use crate::kernel::db::Sql;

/// Locks a booking.
pub async fn lock(sql: &impl Sql, id: BookingId) -> Result<Option<bookings::Model>, DbErr> {
    let row = sql.one("SELECT * FROM bookings WHERE id = $1 {lock}", vec![id.0.into()]).await?;
    row.map(|row| bookings::Model::from_query_result(&row, "")).transpose()
}

/// The booking's captured payment.
pub async fn captured(sql: &impl Sql, id: BookingId) -> Result<Option<payments::Model>, DbErr> {
    let row = sql
        .one(
            "SELECT * FROM payments WHERE booking_id = $1 AND status = 'captured'",
            vec![id.0.into()],
        )
        .await?;
    row.map(|row| payments::Model::from_query_result(&row, "")).transpose()
}

fn values(id: BookingId, share: Share) -> Vec<Value> {
    vec![id.0.into(), share.line.0.into(), share.minor.into()]
}

/// live → cancelled, with what comes back for it.
pub async fn cancel_line(
    sql: &impl Sql,
    id: BookingId,
    share: Share,
    now_ms: i64,
) -> Result<u64, DbErr> {
    let mut values = values(id, share);
    values.push(now_ms.into());
    sql.run(
        "UPDATE booking_lines SET refunding_minor = refunding_minor + $3, cancelled_at = $4 \
         WHERE booking_id = $1 AND id = $2 AND cancelled_at IS NULL",
        values,
    )
    .await
}

/// Puts an amount on its way.
pub async fn promise(sql: &impl Sql, id: BookingId, share: Share) -> Result<u64, DbErr> {
    sql.run(
        "UPDATE booking_lines SET refunding_minor = refunding_minor + $3 \
         WHERE booking_id = $1 AND id = $2",
        values(id, share),
    )
    .await
}

/// What was on its way has arrived.
pub async fn keep_promise(sql: &impl Sql, id: BookingId, share: Share) -> Result<u64, DbErr> {
    sql.run(
        "UPDATE booking_lines SET refunding_minor = refunding_minor - $3, \
         refunded_minor = refunded_minor + $3 WHERE booking_id = $1 AND id = $2",
        values(id, share),
    )
    .await
}

/// confirmed → cancelled, where no line is left.
pub async fn end_empty(sql: &impl Sql, id: BookingId) -> Result<(), DbErr> {
    sql.run(
        "UPDATE bookings SET version = version + 1, status = CASE WHEN status = 'confirmed' \
         AND NOT EXISTS (SELECT 1 FROM booking_lines l WHERE l.booking_id = bookings.id \
             AND l.cancelled_at IS NULL) THEN 'cancelled' ELSE status END WHERE id = $1",
        vec![id.0.into()],
    )
    .await
    .map(|_| ())
}

/// Booking and payment say what was given back in all.
pub async fn refund_booking(
    sql: &impl Sql,
    id: BookingId,
    minor: i64,
    now_ms: i64,
) -> Result<(), DbErr> {
    sql.run(
        "UPDATE bookings SET refunded_minor = refunded_minor + $2, version = version + 1 \
         WHERE id = $1",
        vec![id.0.into(), minor.into()],
    )
    .await?;
    let changed = sql
        .run(
            "UPDATE payments SET refunded_minor = refunded_minor + $2, updated_at = $3 \
             WHERE booking_id = $1 AND status = 'captured'",
            vec![id.0.into(), minor.into(), now_ms.into()],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(DbErr::Custom(format!("{changed} payments of {id}"))) }
}

/// Bookings with lines of an event, newest first, after this one.
pub async fn of_event(
    sql: &impl Sql,
    event: EventId,
    status: Option<&str>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<bookings::Model>, DbErr> {
    let mut values: Vec<Value> = vec![event.0.into()];
    let mut filters = String::new();
    if let Some(status) = status {
        values.push(status.into());
        filters.push_str(&format!(" AND b.status = ${}", values.len()));
    }
    if let Some(after) = after {
        values.push(after.into());
        // The ids are UUIDv7: they sort by time.
        filters.push_str(&format!(" AND b.id < ${}", values.len()));
    }
    let text = format!(
        "SELECT b.* FROM bookings b WHERE b.id IN (SELECT l.booking_id FROM booking_lines l \
         WHERE l.event_id = $1){filters} ORDER BY b.id DESC LIMIT {limit}"
    );
    let rows = sql.all(&text, values).await?;
    rows.iter().map(|row| bookings::Model::from_query_result(row, "")).collect()
}
