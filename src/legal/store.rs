//! The SQL of acceptances.

use holdfast_domain::{
    ids::{BookingId, UserId},
    legal::SubjectKind,
};
use holdfast_entity::{
    acceptances::{self, Column, Entity},
    bookings,
};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

use crate::kernel::db::{self, Sql, StoreError, Writes};

pub async fn insert(sql: &impl Writes, rows: Vec<acceptances::Model>) -> Result<(), StoreError> {
    db::insert_all(sql, rows).await
}

/// Deletes the acceptances of these users, but not those of their bookings.
pub async fn forget(sql: &impl Sql, users: &[UserId]) -> Result<(), StoreError> {
    let of_users = Entity::delete_many()
        .filter(db::is_among(sql, Column::SubjectId, users.iter().copied()))
        .filter(Column::SubjectKind.eq(SubjectKind::User));
    db::change(sql, of_users).await.map(|_| ())
}

/// The id of a booking.
#[derive(FromQueryResult)]
struct OwnBooking {
    id: BookingId,
}

/// The acceptances of the user and of the user's bookings, oldest first.
pub async fn list_of(sql: &impl Sql, user: UserId) -> Result<Vec<acceptances::Model>, StoreError> {
    let own = bookings::Entity::find()
        .select_only()
        .column(bookings::Column::Id)
        .filter(bookings::Column::BuyerId.eq(user.0));
    let own: Vec<OwnBooking> = db::list(sql, own).await?;
    let subjects = own.into_iter().map(|booking| booking.id.0).chain([user.0]);
    let found = Entity::find()
        .filter(db::is_among(sql, Column::SubjectId, subjects))
        .order_by_asc(Column::Id);
    db::list(sql, found).await
}
