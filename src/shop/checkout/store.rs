//! The SQL that a checkout writes: bookings with their lines and reservations, and payments.

use holdfast_domain::{
    booking::{BookingState, PaymentState},
    ids::{BookingId, EventId, OfferId, ReservationId},
};
use holdfast_entity::{booking_reservations, offers};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::kernel::db::{self, Expected, Sql, StoreError, Writes};

/// Says which reservations the booking pays for; a reservation that another live booking pays for is a unique
/// violation.
pub async fn insert_reservations(
    sql: &impl Writes,
    booking: BookingId,
    reservations: &[ReservationId],
) -> Result<(), StoreError> {
    let row = |id: &ReservationId| booking_reservations::Model {
        booking_id: booking,
        reservation_id: *id,
        live: 1,
    };
    db::insert_all(sql, reservations.iter().map(row).collect()).await
}

/// How many persons an e-mail address has booked, or is paying for, in an event.
pub async fn persons_of_address(
    sql: &impl Sql,
    event: EventId,
    email: &str,
) -> Result<i64, StoreError> {
    let persons = sql
        .value(
            "SELECT CAST(COALESCE(SUM(l.admits), 0) AS bigint) AS persons FROM bookings b \
             JOIN booking_lines l ON l.booking_id = b.id \
             WHERE b.email = $2 AND l.event_id = $1 AND l.cancelled_at IS NULL \
             AND b.status IN ('pending', 'confirmed')",
            vec![event.into(), email.into()],
        )
        .await?;
    Ok(persons.unwrap_or(0))
}

/// The reservations that a booking pays for, in the order in which they are locked.
pub async fn reservations_of(
    sql: &impl Sql,
    booking: BookingId,
) -> Result<Vec<ReservationId>, StoreError> {
    Ok(booking_reservations::Entity::find()
        .select_only()
        .column(booking_reservations::Column::ReservationId)
        .filter(booking_reservations::Column::BookingId.eq(booking))
        .order_by_asc(booking_reservations::Column::ReservationId)
        .into_tuple()
        .all(sql.reading())
        .await?)
}

/// Which of these offers their buyers may give back.
pub async fn refundable_offers(
    sql: &impl Sql,
    offers: &[OfferId],
) -> Result<Vec<OfferId>, StoreError> {
    Ok(offers::Entity::find()
        .select_only()
        .column(offers::Column::Id)
        .filter(offers::Column::Refundable.eq(1))
        .filter(db::is_among(sql, offers::Column::Id, offers.iter().copied()))
        .into_tuple()
        .all(sql.reading())
        .await?)
}

/// Ends a pending booking and lets go of its reservations.
///
/// # Errors
/// When it is not pending, or the database fails.
pub async fn end(
    sql: &impl Writes,
    id: BookingId,
    status: BookingState,
    failure: Option<&str>,
    now_ms: i64,
) -> Result<(), StoreError> {
    sql.write(
        "UPDATE bookings SET status = $2, failure = $3, settled_at = $4, \
         version = version + 1 WHERE id = $1 AND status = 'pending'",
        vec![id.into(), status.into(), failure.map(str::to_owned).into(), now_ms.into()],
        Some(Expected { rows: 1, otherwise: format!("booking {id} is not pending") }),
    )
    .await?;
    sql.write(
        "UPDATE booking_reservations SET live = 0 WHERE booking_id = $1",
        vec![id.into()],
        None,
    )
    .await
}

/// Writes how a booking's payment stands; a captured one is captured whole. None when nothing was due.
pub async fn mark_payment(
    sql: &impl Writes,
    booking: BookingId,
    status: PaymentState,
    now_ms: i64,
) -> Result<(), StoreError> {
    let captured = if status == PaymentState::Captured { "amount_minor" } else { "0" };
    let text = format!(
        "UPDATE payments SET status = $2, captured_minor = {captured}, updated_at = $3 \
         WHERE booking_id = $1"
    );
    sql.write(&text, vec![booking.into(), status.into(), now_ms.into()], None).await
}
