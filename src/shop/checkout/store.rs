//! The SQL that a checkout writes: bookings with their lines and reservations, and payments.

use holdfast_domain::ids::{BookingId, EventId, ReservationId};
use holdfast_entity::{booking_lines, bookings, payments};
use sea_orm::{DbErr, Value};
use uuid::Uuid;

use crate::kernel::db::{Expected, Sql, Writes, placeholders};

const LINE_COLUMNS: usize = 21;

/// Writes a booking.
pub async fn insert_booking(sql: &impl Writes, row: &bookings::Model) -> Result<(), DbErr> {
    sql.write(
        "INSERT INTO bookings (id, reference, organization_id, buyer_id, buyer_kind, email, \
         locale, status, currency, total_minor, discount_minor, refunded_minor, created_at, \
         version) VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, 0, 0, $10, 1)",
        vec![
            row.id.into(),
            row.reference.as_str().into(),
            row.organization_id.into(),
            row.buyer_id.into(),
            row.buyer_kind.as_str().into(),
            row.email.clone().into(),
            row.locale.as_str().into(),
            row.currency.as_str().into(),
            row.total_minor.into(),
            row.created_at.into(),
        ],
        None,
    )
    .await
}

/// Writes the lines of a booking.
pub async fn insert_lines(sql: &impl Writes, rows: &[booking_lines::Model]) -> Result<(), DbErr> {
    let mut text = "INSERT INTO booking_lines (booking_id, id, event_id, organization_id, \
        reservation_id, item_id, kind, seat_id, section_id, offer_id, label, quantity, admits, \
        price_minor, discount_minor, fee_minor, tax_rate_bp, tax_minor, refunded_minor, \
        refunding_minor, refundable) VALUES "
        .to_owned();
    let mut values: Vec<Value> = Vec::with_capacity(rows.len() * LINE_COLUMNS);
    for (at, row) in rows.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        text.push_str(&format!("{comma}({})", placeholders(values.len() + 1, LINE_COLUMNS)));
        values.extend([
            row.booking_id.into(),
            row.id.into(),
            row.event_id.into(),
            row.organization_id.into(),
            row.reservation_id.into(),
            row.item_id.into(),
            row.kind.as_str().into(),
            row.seat_id.into(),
            row.section_id.into(),
            row.offer_id.into(),
            row.label.as_str().into(),
            row.quantity.into(),
            row.admits.into(),
            row.price_minor.into(),
            row.discount_minor.into(),
            row.fee_minor.into(),
            row.tax_rate_bp.into(),
            row.tax_minor.into(),
            row.refunded_minor.into(),
            row.refunding_minor.into(),
            row.refundable.into(),
        ]);
    }
    sql.write(&text, values, None).await
}

/// Says which reservations the booking pays for; a reservation that another live booking pays for is a unique
/// violation.
pub async fn insert_reservations(
    sql: &impl Writes,
    booking: BookingId,
    reservations: &[ReservationId],
) -> Result<(), DbErr> {
    let mut text =
        "INSERT INTO booking_reservations (booking_id, reservation_id, live) VALUES ".to_owned();
    let mut values: Vec<Value> = vec![booking.0.into()];
    for (at, id) in reservations.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        text.push_str(&format!("{comma}($1, ${}, 1)", at + 2));
        values.push(id.0.into());
    }
    sql.write(&text, values, None).await
}

/// How many persons an e-mail address has booked, or is paying for, in an event.
pub async fn persons_of_address(sql: &impl Sql, event: EventId, email: &str) -> Result<i64, DbErr> {
    let row = sql
        .one(
            "SELECT CAST(COALESCE(SUM(l.admits), 0) AS bigint) AS persons FROM bookings b \
             JOIN booking_lines l ON l.booking_id = b.id \
             WHERE b.email = $2 AND l.event_id = $1 AND l.cancelled_at IS NULL \
             AND b.status IN ('pending', 'confirmed')",
            vec![event.0.into(), email.into()],
        )
        .await?;
    row.map_or(Ok(0), |row| row.try_get("", "persons"))
}

/// The reservations that a booking pays for, in the order in which they are locked.
pub async fn reservations_of(
    sql: &impl Sql,
    booking: BookingId,
) -> Result<Vec<ReservationId>, DbErr> {
    let rows = sql
        .all(
            "SELECT reservation_id FROM booking_reservations WHERE booking_id = $1 \
             ORDER BY reservation_id",
            vec![booking.0.into()],
        )
        .await?;
    rows.iter().map(|row| row.try_get("", "reservation_id").map(ReservationId)).collect()
}

/// Which of these offers their buyers may give back.
pub async fn refundable_offers(sql: &impl Sql, offers: &[Uuid]) -> Result<Vec<Uuid>, DbErr> {
    if offers.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "SELECT id FROM offers WHERE refundable = 1 AND id IN ({})",
        placeholders(1, offers.len())
    );
    let rows = sql.all(&text, offers.iter().map(|id| (*id).into()).collect()).await?;
    rows.iter().map(|row| row.try_get("", "id")).collect()
}

/// Ends a pending booking and lets go of its reservations.
///
/// # Errors
/// When it is not pending, or the database fails.
pub async fn end(
    sql: &impl Writes,
    id: BookingId,
    status: &str,
    failure: Option<&str>,
    now_ms: i64,
) -> Result<(), DbErr> {
    sql.write(
        "UPDATE bookings SET status = $2, failure = $3, settled_at = $4, \
         version = version + 1 WHERE id = $1 AND status = 'pending'",
        vec![id.0.into(), status.into(), failure.map(str::to_owned).into(), now_ms.into()],
        Some(Expected { rows: 1, otherwise: format!("booking {id} is not pending") }),
    )
    .await?;
    sql.write(
        "UPDATE booking_reservations SET live = 0 WHERE booking_id = $1",
        vec![id.0.into()],
        None,
    )
    .await
}

/// Writes what the gateway was asked for.
pub async fn insert_payment(sql: &impl Writes, row: payments::Model) -> Result<(), DbErr> {
    sql.write(
        "INSERT INTO payments (id, booking_id, saga_id, provider, intent_id, amount_minor, \
         currency, captured_minor, refunded_minor, status, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        vec![
            row.id.into(),
            row.booking_id.into(),
            row.saga_id.into(),
            row.provider.into(),
            row.intent_id.into(),
            row.amount_minor.into(),
            row.currency.into(),
            row.captured_minor.into(),
            row.refunded_minor.into(),
            row.status.into(),
            row.created_at.into(),
            row.updated_at.into(),
        ],
        None,
    )
    .await
}

/// Writes how a booking's payment stands; a captured one is captured whole. None when nothing was due.
pub async fn mark_payment(
    sql: &impl Writes,
    booking: BookingId,
    status: &str,
    now_ms: i64,
) -> Result<(), DbErr> {
    let captured = if status == "captured" { "amount_minor" } else { "0" };
    let text = format!(
        "UPDATE payments SET status = $2, captured_minor = {captured}, updated_at = $3 \
         WHERE booking_id = $1"
    );
    sql.write(&text, vec![booking.0.into(), status.into(), now_ms.into()], None).await
}
