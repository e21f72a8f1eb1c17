//! The SQL that gives a part of a hold back.

use holdfast_domain::{
    ids::{Buyer, EventId, ItemId, ReservationId},
    reservation::ItemState,
};
use holdfast_entity::reservation_items::{self, Column, Entity};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::payment::update_seats;
use crate::{
    kernel::db::{self, Sql, StoreError},
    live::record::ChangedSeat,
};

/// Locks the buyer's reservation, if its hold has not lapsed. Returns its event.
pub async fn lock(
    tx: &impl Sql,
    id: ReservationId,
    buyer: Buyer,
) -> Result<Option<EventId>, StoreError> {
    tx.value(
        "UPDATE reservations SET version = version + 1 WHERE id = $1 AND buyer_id = $2 \
         AND status = 'active' AND expires_at > {now} RETURNING event_id",
        vec![id.into(), buyer.id().into()],
    )
    .await
}

/// The items of the locked reservation.
pub async fn items(
    tx: &impl Sql,
    id: ReservationId,
) -> Result<Vec<reservation_items::Model>, StoreError> {
    let items = Entity::find().filter(Column::ReservationId.eq(id)).order_by_asc(Column::Id);
    Ok(items.all(tx.reading()).await?)
}

/// Changes the held seats of these items to available.
pub async fn free_seats(
    tx: &impl Sql,
    id: ReservationId,
    items: &[ItemId],
) -> Result<Vec<ChangedSeat>, StoreError> {
    let free = "status = 'available', reservation_id = NULL, expires_at = NULL";
    let text = update_seats("AND i.id {among_ids $2}", free, "seats.status = 'held'");
    let dialect = tx.writing().dialect();
    let values = vec![db::set(dialect, [id]), db::set(dialect, items.iter().copied())];
    tx.list(&text, values).await
}

/// Writes what is left of the items of which something is left and which are still held. Returns their number.
pub async fn shorten(
    tx: &impl Sql,
    id: ReservationId,
    left: &[reservation_items::Model],
) -> Result<u64, StoreError> {
    let mut changed = 0;
    for rest in left.iter().filter(|rest| rest.quantity > 0) {
        let change = Entity::update_many()
            .col_expr(Column::Quantity, rest.quantity.into())
            .col_expr(Column::Admits, rest.admits.into())
            .col_expr(Column::PriceMinor, rest.price_minor.into())
            .filter(Column::ReservationId.eq(id))
            .filter(Column::Id.eq(rest.id))
            .filter(Column::State.eq(ItemState::Held));
        changed += db::change(tx, change).await?;
    }
    Ok(changed)
}

/// Deletes held items that have no units left. Returns their number.
pub async fn drop_items(
    tx: &impl Sql,
    id: ReservationId,
    items: &[ItemId],
) -> Result<u64, StoreError> {
    let gone = Entity::delete_many()
        .filter(Column::ReservationId.eq(id))
        .filter(db::is_among(tx, Column::Id, items.iter().copied()))
        .filter(Column::State.eq(ItemState::Held));
    db::change(tx, gone).await
}

/// Sets the persons and the total of a reservation to the sums of its items.
pub async fn sum_up(tx: &impl Sql, id: ReservationId) -> Result<u64, StoreError> {
    tx.run(
        "UPDATE reservations SET \
         persons = (SELECT CAST(SUM(i.admits) AS integer) FROM reservation_items i WHERE i.reservation_id = $1), \
         total_minor = (SELECT CAST(SUM(i.price_minor) AS bigint) FROM reservation_items i \
             WHERE i.reservation_id = $1) \
         WHERE id = $1",
        vec![id.into()],
    )
    .await
}
