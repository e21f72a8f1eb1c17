//! The SQL of [`super::super::in_payment`]. Seats are locked in the order of their ids, in a subquery: an UPDATE
//! alone would lock in the order of its plan.

use holdfast_contract::live::GeneralState;
use holdfast_domain::{
    ids::{BookingId, Buyer, EventId, ReservationId, SeatId, SectionId},
    reservation::{ItemKind, ItemState, ReservationState},
};
use holdfast_entity::{buyers, reservation_items};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Value, sea_query::ExprTrait,
};
use serde::Serialize;

use super::{
    super::in_payment::begin::Candidate,
    change::change_reservations,
    general::{Counter, change_places, changed_places, is_of},
};
use crate::kernel::db::{self, Bug, Expected, Sql, StoreError, Writes};

/// A seat whose row was changed.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub struct UpdatedSeat {
    #[sea_orm(alias = "event_id")]
    pub event: EventId,
    #[sea_orm(alias = "seat_id")]
    pub seat: SeatId,
    pub version: i32,
    pub expires_at: Option<i64>,
}

/// Places in general admission whose row was changed.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub struct ChangedPlaces {
    #[sea_orm(alias = "reservation_id")]
    pub reservation: ReservationId,
    #[sea_orm(alias = "event_id")]
    pub event: EventId,
    #[sea_orm(alias = "section_id")]
    pub section: SectionId,
    #[sea_orm(alias = "admits")]
    pub persons: i32,
}

impl ChangedPlaces {
    pub const COLUMNS: [reservation_items::Column; 4] = [
        reservation_items::Column::ReservationId,
        reservation_items::Column::EventId,
        reservation_items::Column::SectionId,
        reservation_items::Column::Admits,
    ];
}

/// How rows are read: as they are, or locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looking {
    Plain,
    Locked,
}

/// The reservations with their events, the accounts of their buyers, and the database's clock. With [`Looking::Locked`], locks
/// the reservations in the order of their ids first.
pub async fn candidates(
    sql: &impl Sql,
    ids: &[ReservationId],
    looking: Looking,
) -> Result<Vec<Candidate>, StoreError> {
    let lock = match looking {
        Looking::Plain => "",
        Looking::Locked => "ORDER BY id {lock}",
    };
    let text = format!(
        "SELECT r.*, e.status AS event_status, {{now}} AS now, \
         (SELECT u.status FROM users u WHERE u.id = r.buyer_id) AS account \
         FROM (SELECT * FROM reservations WHERE id {{among_ids $1}} {lock}) r \
         JOIN events e ON e.id = r.event_id ORDER BY r.id"
    );
    sql.list(&text, vec![set(sql, ids)]).await
}

fn set(sql: &impl Writes, ids: &[ReservationId]) -> Value {
    db::set(sql.dialect(), ids.iter().copied())
}

/// Locks the rows of buyers within events, in the order of events and buyers. Each buyer comes with a language, which a
/// new row takes.
pub async fn lock_buyers_of_events(
    sql: &impl Sql,
    mut buyers: Vec<(EventId, Buyer, &str)>,
) -> Result<(), StoreError> {
    buyers.sort_unstable_by_key(|(event, buyer, _)| (*event, buyer.id()));
    buyers.dedup();
    let row = |(event_id, buyer, locale): (EventId, Buyer, &str)| buyers::Model {
        event_id,
        buyer_id: buyer.id(),
        kind: buyer.kind(),
        locale: locale.to_owned(),
        touched_at: 0,
    };
    let rows = buyers.into_iter().map(row).collect();
    let otherwise =
        "ON CONFLICT (event_id, buyer_id) DO UPDATE SET touched_at = excluded.touched_at";
    db::put_all(sql, rows, &[buyers::Column::TouchedAt], otherwise).await.map(|_| ())
}

/// Changes reservations from active to in_payment. The caller has locked them and found them active.
pub async fn begin_reservations(
    sql: &impl Writes,
    ids: &[ReservationId],
) -> Result<(), StoreError> {
    change_all(sql, ids, ReservationState::Active, ReservationState::InPayment).await
}

async fn change_all(
    sql: &impl Writes,
    ids: &[ReservationId],
    from: ReservationState,
    to: ReservationState,
) -> Result<(), StoreError> {
    let change = change_reservations(sql, ids, from, to);
    let otherwise = format!("reservations are not {from:?}");
    db::write(sql, change, Some(Expected { rows: ids.len() as u64, otherwise })).await
}

/// Changes reservations from in_payment to confirmed.
pub async fn settle_reservations(
    sql: &impl Writes,
    ids: &[ReservationId],
) -> Result<(), StoreError> {
    change_all(sql, ids, ReservationState::InPayment, ReservationState::Confirmed).await
}

/// Changes reservations from in_payment to active. Each has at least `grace_ms` left for another try, but not beyond
/// its cap.
pub async fn reopen_reservations(
    sql: &impl Sql,
    ids: &[ReservationId],
    grace_ms: i64,
) -> Result<u64, StoreError> {
    sql.run(
        "UPDATE reservations SET status = 'active', version = version + 1, expires_at = CASE \
         WHEN expires_at >= {now} + $2 THEN expires_at \
         WHEN cap_at <= {now} + $2 THEN cap_at ELSE {now} + $2 END \
         WHERE id {among_ids $1} AND status = 'in_payment'",
        vec![set(sql, ids), grace_ms.into()],
    )
    .await
}

/// Changes reservations from in_payment to `state`, which is expired or cancelled.
pub async fn end_reservations(
    sql: &impl Sql,
    ids: &[ReservationId],
    state: ReservationState,
) -> Result<u64, StoreError> {
    let change = change_reservations(sql, ids, ReservationState::InPayment, state);
    db::change(sql, change).await
}

/// The items of the reservations, in the order of events and seats.
pub async fn items(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<reservation_items::Model>, StoreError> {
    Ok(reservation_items::Entity::find()
        .filter(is_of(sql, ids))
        .order_by_asc(reservation_items::Column::EventId)
        .order_by_asc(reservation_items::Column::SeatId)
        .order_by_asc(reservation_items::Column::Id)
        .all(sql.reading())
        .await?)
}

/// How many items of a kind a reservation has.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub struct Counted {
    #[sea_orm(alias = "reservation_id")]
    pub reservation: ReservationId,
    pub kind: ItemKind,
    pub items: i64,
}

/// Counts the items of the reservations.
pub async fn count_items(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<Counted>, StoreError> {
    let text = "SELECT reservation_id, kind, count(*) AS items FROM reservation_items \
        WHERE reservation_id {among_ids $1} GROUP BY reservation_id, kind";
    sql.list(text, vec![set(sql, ids)]).await
}

/// A reservation that a booking pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult, Serialize)]
pub struct PaidFor {
    #[sea_orm(alias = "booking_id")]
    #[serde(rename = "booking_id")]
    pub booking: BookingId,
    #[sea_orm(alias = "reservation_id")]
    #[serde(rename = "reservation_id")]
    pub reservation: ReservationId,
}

/// A seat whose row was changed, with the reservation that has it.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub struct OwnedSeat {
    #[sea_orm(nested)]
    pub changed: UpdatedSeat,
    #[sea_orm(alias = "reservation_id")]
    pub reservation: Option<ReservationId>,
}

/// The columns of an [`UpdatedSeat`].
const CHANGED: &str = "event_id, seat_id, version, expires_at";

/// An UPDATE of the seats of reservations (`$1`) that still belong to their items, see [`update_seats_if`].
pub fn update_seats(items: &str, set: &str, state: &str) -> String {
    let conditions = format!(
        "[[state: AND {state}]] [[owner: AND seats.reservation_id = item.item_owner]] \
         [[fence: AND seats.fence = item.item_fence]]"
    );
    update_seats_if(items, set, &conditions)
}

/// An UPDATE of the seats of reservations (`$1`), which locks the seats in order first and returns [`UpdatedSeat`]s.
/// `items` is a further condition on the items `i`. The new values and the conditions can name the item's fence and
/// owner and the reservation's expiry: `item.item_fence`, `item.item_owner`, `item.lapses_at`.
pub fn update_seats_if(items: &str, set: &str, conditions: &str) -> String {
    format!(
        "UPDATE seats SET version = version + 1, {set} FROM (\
             SELECT s.event_id AS of_event, s.seat_id AS of_seat, i.fence AS item_fence, \
                 i.reservation_id AS item_owner, r.expires_at AS lapses_at \
             FROM reservation_items i \
             JOIN reservations r ON r.id = i.reservation_id \
             JOIN seats s ON s.event_id = i.event_id AND s.seat_id = i.seat_id \
             WHERE i.reservation_id {{among_ids $1}} AND i.kind = 'seat' {items} \
             ORDER BY s.event_id, s.seat_id {{lock_seats}}\
         ) AS item \
         WHERE seats.event_id = item.of_event AND seats.seat_id = item.of_seat {conditions} \
         RETURNING {CHANGED}"
    )
}

async fn change_seats(
    sql: &impl Sql,
    ids: &[ReservationId],
    change: &str,
    state: &str,
) -> Result<Vec<UpdatedSeat>, StoreError> {
    sql.list(&update_seats("", change, state), vec![set(sql, ids)]).await
}

/// Changes seats whose hold has not lapsed from held to paying, as [`change_whole`] does.
pub async fn begin_seats(sql: &impl Sql, paid: &[PaidFor]) -> Result<Vec<OwnedSeat>, StoreError> {
    let held = "locked.status = 'held' AND locked.expires_at > {now}";
    change_whole(sql, paid, "status = 'paying', expires_at = NULL", held).await
}

/// Changes seats from paying to sold, as [`change_whole`] does.
pub async fn sell_seats(sql: &impl Sql, paid: &[PaidFor]) -> Result<Vec<OwnedSeat>, StoreError> {
    change_whole(sql, paid, "status = 'sold'", "locked.status = 'paying'").await
}

/// Changes seats: for each booking all of its seats, or none if one seat is not in this state or belongs to another
/// reservation. The statement compares the locked rows, with the clock after the locks are taken.
async fn change_whole(
    sql: &impl Sql,
    paid: &[PaidFor],
    set: &str,
    state: &str,
) -> Result<Vec<OwnedSeat>, StoreError> {
    let text = format!(
        "UPDATE seats SET version = version + 1, {set} FROM (\
             SELECT locked.of_event, locked.of_seat, MIN(CASE WHEN 1 = 1 [[state: AND {state}]] \
                     [[owner: AND locked.reservation_id = locked.item_owner]] \
                     [[fence: AND locked.fence = locked.item_fence]] THEN 1 ELSE 0 END) \
                     OVER (PARTITION BY locked.of_booking) AS is_whole FROM (\
                 SELECT s.event_id AS of_event, s.seat_id AS of_seat, rows.booking_id AS of_booking, \
                     s.status, s.expires_at, s.reservation_id, s.fence, \
                     i.reservation_id AS item_owner, i.fence AS item_fence \
                 FROM reservation_items i \
                 JOIN {{rows $1 (booking_id uuid, reservation_id uuid)}} ON rows.reservation_id = i.reservation_id \
                 JOIN seats s ON s.event_id = i.event_id AND s.seat_id = i.seat_id \
                 WHERE i.reservation_id {{among_ids $2}} AND i.kind = 'seat' ORDER BY s.event_id, s.seat_id {{lock_seats}}\
             ) AS locked\
         ) AS item \
         WHERE item.is_whole = 1 AND seats.event_id = item.of_event AND seats.seat_id = item.of_seat \
         RETURNING {CHANGED}, reservation_id"
    );
    sql.list(
        &text,
        vec![
            db::rows(paid.iter().copied())?,
            db::set(sql.dialect(), paid.iter().map(|one| one.reservation)),
        ],
    )
    .await
}

const BEGUN: &str = "seats.status IN ('paying', 'sold')";

/// Changes paying or sold seats to available.
pub async fn free_seats(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<UpdatedSeat>, StoreError> {
    let free = "status = 'available', reservation_id = NULL, expires_at = NULL";
    change_seats(sql, ids, free, BEGUN).await
}

/// Changes paying or sold seats to held, with the expiry of their reservation.
pub async fn reopen_seats(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<UpdatedSeat>, StoreError> {
    change_seats(sql, ids, "status = 'held', expires_at = item.lapses_at", BEGUN).await
}

/// Changes places whose hold has not lapsed from held to paying.
pub async fn begin_places(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<ChangedPlaces>, StoreError> {
    let lasts = reservation_items::Column::ExpiresAt.into_expr().gt(db::clock());
    let change = change_places(sql, ids, ItemState::Held, ItemState::Paying).filter(lasts);
    changed_places(sql, change).await
}

/// Changes places from paying to sold.
pub async fn sell_places(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<ChangedPlaces>, StoreError> {
    changed_places(sql, change_places(sql, ids, ItemState::Paying, ItemState::Sold)).await
}

/// Returns places sold before payment to `paying` after a decline.
pub async fn unsell_places(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<ChangedPlaces>, StoreError> {
    changed_places(sql, change_places(sql, ids, ItemState::Sold, ItemState::Paying)).await
}

/// Changes places from `from`, which is paying or sold, to released.
pub async fn free_places(
    sql: &impl Sql,
    ids: &[ReservationId],
    from: ItemState,
) -> Result<Vec<ChangedPlaces>, StoreError> {
    changed_places(sql, change_places(sql, ids, from, ItemState::Released)).await
}

/// Changes places from paying to held. Every item takes the expiry of its reservation.
pub async fn reopen_places(sql: &impl Sql, ids: &[ReservationId]) -> Result<u64, StoreError> {
    sql.run(
        "UPDATE reservation_items SET \
         state = CASE WHEN state = 'paying' THEN 'held' ELSE state END, \
         expires_at = (SELECT r.expires_at FROM reservations r \
             WHERE r.id = reservation_items.reservation_id) \
         WHERE reservation_id {among_ids $1}",
        vec![set(sql, ids)],
    )
    .await
}

/// Changes a section's counters and returns its new state.
pub async fn move_counter(
    sql: &impl Sql,
    event: EventId,
    section: SectionId,
    held: i32,
    sold: i32,
) -> Result<GeneralState, StoreError> {
    let moved: Option<Counter> = sql
        .find(
            "UPDATE sections SET held = held + $3, sold = sold + $4, version = version + 1 \
             WHERE event_id = $1 AND id = $2 \
             RETURNING version, capacity - held - sold - blocked AS available",
            vec![event.into(), section.into(), held.into(), sold.into()],
        )
        .await?;
    Ok(moved.ok_or_else(|| Bug::new("a section's counts did not move"))?.shown(section))
}
