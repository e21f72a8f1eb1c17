//! The SQL that erases the addresses of a person's bookings.

use holdfast_domain::{
    booking::BookingState,
    ids::{BookingId, UserId},
};
use holdfast_entity::bookings::{Column, Entity};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait as _, LockType},
};
use uuid::Uuid;

use crate::kernel::{
    db::{self, StoreError, Tx},
    personal::Person,
};

#[derive(FromQueryResult)]
struct FoundBooking {
    id: BookingId,
}

fn ids() -> Select<Entity> {
    Entity::find().select_only().column(Column::Id)
}

/// Whether the user is paying for a booking.
pub async fn has_pending(tx: &Tx, user: UserId) -> Result<bool, StoreError> {
    let of_user = ids().filter(Column::BuyerId.eq(user.0));
    let pending = of_user.filter(Column::Status.eq(BookingState::Pending));
    Ok(db::find::<FoundBooking, _>(tx, pending).await?.is_some())
}

/// Deletes the addresses of the user's bookings, and of all bookings under the user's address. Returns their ids.
pub async fn forget_addresses(tx: &Tx, person: &Person) -> Result<Vec<Uuid>, StoreError> {
    let theirs = Column::BuyerId.eq(person.id.0).or(Column::Email.eq(person.email.as_str()));
    let locked = ids()
        .filter(theirs)
        .filter(Column::Email.is_not_null())
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate);
    let locked: Vec<FoundBooking> = db::list(tx, locked).await?;
    let found: Vec<Uuid> = locked.into_iter().map(|booking| booking.id.0).collect();
    let change = Entity::update_many()
        .col_expr(Column::Email, Expr::val(None::<String>))
        .col_expr(Column::Version, db::plus(Column::Version, 1))
        .filter(db::is_among(tx, Column::Id, found.iter().copied()));
    db::change(tx, change).await?;
    Ok(found)
}
