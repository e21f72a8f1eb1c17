//! SQL that returns sold places, and that recovers places for a payment that arrives too late: see
//! [`super::super::sold`].

use holdfast_domain::{
    event::Status,
    ids::{ItemId, ReservationId},
    reservation::{ItemKind, ItemState, ReservationState},
};
use holdfast_entity::{events, reservation_items, reservations};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    SelectExt, Value,
    sea_query::{Expr, ExprTrait, LockType, Query},
};

use super::{
    change::change_reservations,
    general::is_of,
    payment::{ChangedPlaces, UpdatedSeat, update_seats, update_seats_if},
};
use crate::kernel::db::{self, Sql, StoreError};

/// Some items of some reservations.
#[derive(Debug, Clone, Default)]
pub struct ReservationItems {
    pub reservations: Vec<ReservationId>,
    pub items: Vec<ItemId>,
}

impl ReservationItems {
    fn values(&self, sql: &impl Sql) -> Vec<Value> {
        let items = db::set(sql.writing().dialect(), self.items.iter().copied());
        vec![set(sql, &self.reservations), items]
    }
}

fn set(sql: &impl Sql, ids: &[ReservationId]) -> Value {
    db::set(sql.writing().dialect(), ids.iter().copied())
}

/// Locks the reservations in the order of their ids.
pub async fn lock(sql: &impl Sql, ids: &[ReservationId]) -> Result<(), StoreError> {
    let locked = reservations::Entity::find()
        .select_only()
        .column(reservations::Column::Id)
        .filter(db::is_among(sql, reservations::Column::Id, ids.iter().copied()))
        .order_by_asc(reservations::Column::Id)
        .lock(LockType::NoKeyUpdate);
    Ok(locked.into_tuple::<ReservationId>().all(sql.reading()).await.map(|_| ())?)
}

/// Changes sold seats to available.
pub async fn free_seats(
    sql: &impl Sql,
    of: &ReservationItems,
) -> Result<Vec<UpdatedSeat>, StoreError> {
    let text = update_seats(
        "AND i.id {among_ids $2}",
        "status = 'available', reservation_id = NULL, expires_at = NULL",
        "seats.status = 'sold'",
    );
    sql.list(&text, of.values(sql)).await
}

#[derive(FromQueryResult)]
struct Freed {
    kind: ItemKind,
    #[sea_orm(nested)]
    places: ChangedPlaces,
}

/// Marks the items as released. Returns the general-admission places among them.
pub async fn free_places(
    sql: &impl Sql,
    of: &ReservationItems,
) -> Result<Vec<ChangedPlaces>, StoreError> {
    let given_back = reservation_items::Column::Kind
        .eq(ItemKind::Seat)
        .or(reservation_items::Column::State.eq(ItemState::Sold));
    let change = reservation_items::Entity::update_many()
        .col_expr(reservation_items::Column::State, ItemState::Released.into())
        .filter(is_of(sql, &of.reservations))
        .filter(db::is_among(sql, reservation_items::Column::Id, of.items.iter().copied()))
        .filter(given_back);
    let columns = [&[reservation_items::Column::Kind], &ChangedPlaces::COLUMNS[..]].concat();
    let mut freed: Vec<Freed> = db::changed(sql, change, &columns).await?;
    freed.retain(|freed| freed.kind == ItemKind::General);
    Ok(freed.into_iter().map(|freed| freed.places).collect())
}

/// Changes confirmed reservations to cancelled if all their items are released.
pub async fn end_empty(sql: &impl Sql, ids: &[ReservationId]) -> Result<u64, StoreError> {
    let left = Query::select()
        .expr(Expr::cust("1"))
        .from(reservation_items::Entity)
        .and_where(
            reservation_items::Column::ReservationId
                .into_expr()
                .eq(reservations::Column::Id.into_expr()),
        )
        .and_where(reservation_items::Column::State.ne(ItemState::Released))
        .take();
    let change =
        change_reservations(sql, ids, ReservationState::Confirmed, ReservationState::Cancelled);
    db::change(sql, change.filter(Expr::not_exists(left))).await
}

/// Whether an event of these reservations is called off.
pub async fn any_called_off(sql: &impl Sql, ids: &[ReservationId]) -> Result<bool, StoreError> {
    let of_event = reservations::Entity::belongs_to(events::Entity)
        .from(reservations::Column::EventId)
        .to(events::Column::Id)
        .into();
    Ok(reservations::Entity::find()
        .join(JoinType::InnerJoin, of_event)
        .filter(db::is_among(sql, reservations::Column::Id, ids.iter().copied()))
        .filter(events::Column::Status.eq(Status::Cancelled))
        .exists(sql.reading())
        .await?)
}

/// Marks seats as sold: seats that are still paying for their reservation, and seats that are free. A seat that was
/// free gets a new fence, as with every new owner.
pub async fn reclaim_seats(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<UpdatedSeat>, StoreError> {
    let text = update_seats_if(
        "",
        "status = 'sold', expires_at = NULL, \
             fence = CASE WHEN seats.status = 'paying' THEN seats.fence ELSE seats.fence + 1 END, \
             reservation_id = item.item_owner",
        "[[state: AND ((seats.status = 'paying' AND seats.reservation_id = item.item_owner \
                 AND seats.fence = item.item_fence) \
             OR seats.status = 'available' \
             OR (seats.status = 'held' AND seats.expires_at <= {now}))]]",
    );
    sql.list(&text, vec![set(sql, ids)]).await
}

/// Whether a seat of the reservations has another section, row or number than when it was held. Labels of places are
/// unique within a plan.
pub async fn any_moved(sql: &impl Sql, ids: &[ReservationId]) -> Result<bool, StoreError> {
    let text = "SELECT i.id FROM reservation_items i \
         JOIN seats s ON s.event_id = i.event_id AND s.seat_id = i.seat_id \
         JOIN sections c ON c.event_id = s.event_id AND c.id = s.section_id \
         WHERE i.reservation_id {among_ids $1} AND i.kind = 'seat' AND (i.section_id <> s.section_id \
         OR i.label <> c.name || ' · ' || s.row_label || ' · ' || s.seat_label) LIMIT 1";
    Ok(sql.one(text, vec![set(sql, ids)]).await?.is_some())
}

/// Takes the fences of the reservations' own seats over into their items.
pub async fn follow_fences(sql: &impl Sql, ids: &[ReservationId]) -> Result<(), StoreError> {
    sql.run(
        "UPDATE reservation_items SET fence = (SELECT s.fence FROM seats s \
             WHERE s.event_id = reservation_items.event_id \
             AND s.seat_id = reservation_items.seat_id) \
         WHERE reservation_id {among_ids $1} AND kind = 'seat'",
        vec![set(sql, ids)],
    )
    .await
    .map(|_| ())
}
