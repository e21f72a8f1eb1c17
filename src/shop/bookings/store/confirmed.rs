//! The SQL that changes paid bookings, for [`crate::shop::bookings::confirmed`].

use holdfast_domain::{
    booking::{BookingState, PaymentState},
    ids::{BookingId, EventId, LineId},
    refund::rules::Share,
};
use holdfast_entity::{booking_lines, bookings, payments};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, UpdateMany,
    sea_query::{LockType, Query},
};
use uuid::Uuid;

use crate::kernel::db::{self, Bug, Sql, StoreError, Tx};

/// Locks the row of a booking and reads it.
pub async fn lock(tx: &Tx, id: BookingId) -> Result<Option<bookings::Model>, StoreError> {
    Ok(bookings::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx.orm()).await?)
}

/// Locks the rows of bookings in the order of their ids, and reads them.
pub async fn lock_all(tx: &Tx, ids: &[BookingId]) -> Result<Vec<bookings::Model>, StoreError> {
    Ok(bookings::Entity::find()
        .filter(db::is_among(tx, bookings::Column::Id, ids.iter().copied()))
        .order_by_asc(bookings::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx.orm())
        .await?)
}

/// The payment that paid for the booking, whose amount was captured.
pub async fn captured(
    sql: &impl Sql,
    id: BookingId,
) -> Result<Option<payments::Model>, StoreError> {
    Ok(payments::Entity::find()
        .filter(payments::Column::BookingId.eq(id))
        .filter(payments::Column::Status.eq(PaymentState::Captured))
        .one(sql.reading())
        .await?)
}

fn change_line(id: BookingId, line: LineId) -> UpdateMany<booking_lines::Entity> {
    booking_lines::Entity::update_many()
        .filter(booking_lines::Column::BookingId.eq(id))
        .filter(booking_lines::Column::Id.eq(line))
}

/// Cancels a live line, and adds its refund to the line's amount on the way to the buyer. Returns the number of changed
/// rows.
pub async fn cancel_line(
    sql: &impl Sql,
    id: BookingId,
    share: Share,
    now_ms: i64,
) -> Result<u64, StoreError> {
    let refunding = db::plus(booking_lines::Column::RefundingMinor, share.minor);
    let change = change_line(id, share.line)
        .col_expr(booking_lines::Column::RefundingMinor, refunding)
        .col_expr(booking_lines::Column::CancelledAt, now_ms.into())
        .filter(booking_lines::Column::CancelledAt.is_null());
    db::change(sql, change).await
}

/// Adds a refund to the line's amount on the way to the buyer. Returns the number of changed rows.
pub async fn promise(sql: &impl Sql, id: BookingId, share: Share) -> Result<u64, StoreError> {
    let refunding = db::plus(booking_lines::Column::RefundingMinor, share.minor);
    let change = change_line(id, share.line);
    db::change(sql, change.col_expr(booking_lines::Column::RefundingMinor, refunding)).await
}

/// Moves an amount that was on the way to the buyer to the line's refunded amount. Returns the number of changed rows.
pub async fn keep_promise(sql: &impl Sql, id: BookingId, share: Share) -> Result<u64, StoreError> {
    let refunding = db::plus(booking_lines::Column::RefundingMinor, -share.minor);
    let refunded = db::plus(booking_lines::Column::RefundedMinor, share.minor);
    let change = change_line(id, share.line)
        .col_expr(booking_lines::Column::RefundingMinor, refunding)
        .col_expr(booking_lines::Column::RefundedMinor, refunded);
    db::change(sql, change).await
}

/// Raises the version of a booking. Cancels a confirmed booking without live lines.
pub async fn end_empty(sql: &impl Sql, id: BookingId) -> Result<(), StoreError> {
    sql.run(
        "UPDATE bookings SET version = version + 1, status = CASE WHEN status = 'confirmed' \
         AND NOT EXISTS (SELECT 1 FROM booking_lines l WHERE l.booking_id = bookings.id \
             AND l.cancelled_at IS NULL) THEN 'cancelled' ELSE status END WHERE id = $1",
        vec![id.into()],
    )
    .await
    .map(|_| ())
}

/// Adds a refund to the refunded amounts of the booking and of its captured payment.
pub async fn refund_booking(
    sql: &impl Sql,
    id: BookingId,
    minor: i64,
    now_ms: i64,
) -> Result<(), StoreError> {
    let booking = bookings::Entity::update_many()
        .col_expr(bookings::Column::RefundedMinor, db::plus(bookings::Column::RefundedMinor, minor))
        .col_expr(bookings::Column::Version, db::plus(bookings::Column::Version, 1))
        .filter(bookings::Column::Id.eq(id));
    db::change(sql, booking).await?;
    let payment = payments::Entity::update_many()
        .col_expr(payments::Column::RefundedMinor, db::plus(payments::Column::RefundedMinor, minor))
        .col_expr(payments::Column::UpdatedAt, now_ms.into())
        .filter(payments::Column::BookingId.eq(id))
        .filter(payments::Column::Status.eq(PaymentState::Captured));
    let changed = db::change(sql, payment).await?;
    if changed == 1 { Ok(()) } else { Err(Bug::new(format!("{changed} payments of {id}")).into()) }
}

/// Bookings with lines of an event, newest first, after the booking `after`.
pub async fn of_event(
    sql: &impl Sql,
    event: EventId,
    status: Option<BookingState>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<bookings::Model>, StoreError> {
    let of_event = Query::select()
        .column(booking_lines::Column::BookingId)
        .from(booking_lines::Entity)
        .and_where(booking_lines::Column::EventId.eq(event))
        .take();
    Ok(bookings::Entity::find()
        .filter(bookings::Column::Id.in_subquery(of_event))
        .apply_if(status, |found, status| found.filter(bookings::Column::Status.eq(status)))
        // The ids are UUIDv7: they sort by time.
        .apply_if(after, |found, after| found.filter(bookings::Column::Id.lt(after)))
        .order_by_desc(bookings::Column::Id)
        .limit(limit)
        .all(sql.reading())
        .await?)
}
