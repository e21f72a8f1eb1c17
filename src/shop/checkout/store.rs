//! The SQL that a checkout writes: bookings with their lines and reservations, and payments.

use holdfast_domain::{
    booking::{BookingState, PaymentState},
    ids::{BookingId, OfferId, ReservationId},
};
use holdfast_entity::{booking_reservations, bookings, offers, payments};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    kernel::db::{self, Expected, Sql, StoreError, Writes},
    shop::reservations::in_payment::PaidFor,
};

/// The reservations that a booking pays for, in the order in which they are locked.
pub async fn reservations_of(
    sql: &impl Sql,
    booking: BookingId,
) -> Result<Vec<ReservationId>, StoreError> {
    let paid = paid_for(sql, &[booking]).await?;
    Ok(paid.into_iter().map(|one| one.reservation).collect())
}

/// The reservations that bookings pay for, in the order in which they are locked.
pub async fn paid_for(sql: &impl Sql, bookings: &[BookingId]) -> Result<Vec<PaidFor>, StoreError> {
    let of = booking_reservations::Column::BookingId;
    let found = booking_reservations::Entity::find()
        .select_only()
        .columns([of, booking_reservations::Column::ReservationId])
        .filter(db::is_among(sql, of, bookings.iter().copied()))
        .order_by_asc(booking_reservations::Column::ReservationId);
    db::list(sql, found).await
}

/// The refundable offers among these.
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

/// Ends pending bookings, and releases their reservations so that other bookings can pay for them.
///
/// # Errors
/// When a booking is not pending, or the database fails.
pub async fn end(
    sql: &impl Writes,
    ids: &[BookingId],
    status: BookingState,
    failure: Option<&str>,
    now_ms: i64,
) -> Result<(), StoreError> {
    let ended = bookings::ActiveModel {
        status: Set(status),
        failure: Set(failure.map(str::to_owned)),
        settled_at: Set(Some(now_ms)),
        ..Default::default()
    };
    let change = bookings::Entity::update_many()
        .set(ended)
        .col_expr(bookings::Column::Version, db::plus(bookings::Column::Version, 1))
        .filter(db::is_among(sql, bookings::Column::Id, ids.iter().copied()))
        .filter(bookings::Column::Status.eq(BookingState::Pending));
    let otherwise = "bookings are not pending".to_owned();
    let expected = Expected { rows: ids.len() as u64, otherwise };
    db::write(sql, change, Some(expected)).await?;
    let of = booking_reservations::Column::BookingId;
    let let_go = booking_reservations::Entity::update_many()
        .set(booking_reservations::ActiveModel { live: Set(0), ..Default::default() })
        .filter(db::is_among(sql, of, ids.iter().copied()));
    db::write(sql, let_go, None).await
}

/// Sets the status of the bookings' payments. A captured payment is captured in full. A booking for which nothing was
/// due has no payment.
pub async fn mark_payments(
    sql: &impl Writes,
    ids: &[BookingId],
    status: PaymentState,
    now_ms: i64,
) -> Result<(), StoreError> {
    let captured = if status == PaymentState::Captured {
        payments::Column::AmountMinor.into_expr()
    } else {
        0.into()
    };
    let change = payments::Entity::update_many()
        .col_expr(payments::Column::Status, status.into())
        .col_expr(payments::Column::CapturedMinor, captured)
        .col_expr(payments::Column::UpdatedAt, now_ms.into())
        .filter(db::is_among(sql, payments::Column::BookingId, ids.iter().copied()));
    db::write(sql, change, None).await
}
