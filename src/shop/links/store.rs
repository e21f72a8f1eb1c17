//! The SQL of links to bookings.

use holdfast_domain::{
    booking::{BookingState, Reference},
    booking_link::CodeCount,
    ids::{BookingId, LinkId},
};
use holdfast_entity::{
    booking_codes::{self, Column, Entity},
    bookings,
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::ExprTrait as _,
};

use crate::kernel::db::{self, Sql, StoreError, Tx};

/// The newest bookings under one of these addresses that did not fail, at most `limit`. With a reference, only the booking of
/// this reference.
pub async fn of_addresses(
    sql: &impl Sql,
    addresses: [&str; 2],
    reference: Option<&Reference>,
    limit: u64,
) -> Result<Vec<bookings::Model>, StoreError> {
    Ok(bookings::Entity::find()
        .filter(bookings::Column::Email.is_in(addresses))
        .filter(bookings::Column::Status.ne(BookingState::Failed))
        .apply_if(reference, |found, reference| {
            found.filter(bookings::Column::Reference.eq(reference.as_str()))
        })
        // The ids are UUIDv7: they sort by time.
        .order_by_desc(bookings::Column::Id)
        .limit(limit)
        .all(sql.reading())
        .await?)
}

/// The code of the booking.
pub async fn code(
    sql: &impl Sql,
    booking: BookingId,
) -> Result<Option<booking_codes::Model>, StoreError> {
    Ok(Entity::find_by_id(booking).one(sql.reading()).await?)
}

/// Writes the code of a locked booking, in place of an older one.
pub async fn put_code(tx: &Tx, code: booking_codes::Model) -> Result<(), StoreError> {
    let old = Entity::delete_many().filter(Column::BookingId.eq(code.booking_id));
    db::change(tx, old).await?;
    db::insert(tx, code).await
}

/// Counts a try of the code of a locked booking.
pub async fn count_try(tx: &Tx, booking: BookingId, count: CodeCount) -> Result<(), StoreError> {
    let counted = Entity::update_many()
        .col_expr(Column::Hour, count.hour_ms.into())
        .col_expr(Column::Mails, count.mails.into())
        .col_expr(Column::Tries, (count.tries + 1).into())
        .filter(Column::BookingId.eq(booking));
    db::change(tx, counted).await.map(drop)
}

/// Uses the code up. Returns whether this request did.
pub async fn use_code(tx: &Tx, booking: BookingId, code: LinkId) -> Result<bool, StoreError> {
    let used = Entity::update_many()
        .col_expr(Column::UsedAt, db::clock())
        .filter(Column::BookingId.eq(booking))
        .filter(Column::CodeId.eq(code))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.into_expr().gt(db::clock()));
    Ok(db::change(tx, used).await? == 1)
}

/// Deletes codes that have been over for longer than `kept_ms`. Returns their number.
pub async fn forget(sql: &impl Sql, kept_ms: i64) -> Result<u64, StoreError> {
    db::forget(sql, Entity::find(), Column::ExpiresAt, kept_ms).await
}
