//! The SQL of [`super::super::in_payment`]. Seats are locked in the order of their ids, in a subquery: an UPDATE
//! alone would lock in the order of its plan.

use holdfast_contract::live::GeneralState;
use holdfast_domain::{
    ids::{EventId, ReservationId},
    reservation::ReservationState,
};
use holdfast_entity::{reservation_items, reservations};
use sea_orm::{DbErr, FromQueryResult, QueryResult, Value};
use uuid::Uuid;

use super::super::in_payment::Candidate;
use crate::kernel::db::{Expected, Sql, Writes, placeholders};

/// A seat whose row was changed.
#[derive(Debug, Clone, Copy)]
pub struct ChangedSeat {
    pub event: EventId,
    pub seat: i32,
    pub version: i32,
    pub expires_at: Option<i64>,
}

/// Places in general admission whose row was changed.
#[derive(Debug, Clone, Copy)]
pub struct ChangedPlaces {
    pub event: EventId,
    pub section: Uuid,
    pub persons: i32,
}

fn values(ids: &[ReservationId]) -> Vec<Value> {
    ids.iter().map(|id| id.0.into()).collect()
}

/// `$1, $2, …` for the ids.
fn list(ids: &[ReservationId]) -> String {
    placeholders(1, ids.len())
}

/// The reservations with their events, and the database's clock.
pub async fn candidates(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<(Vec<Candidate>, i64), DbErr> {
    let text = format!(
        "SELECT r.*, e.status AS event_status, e.max_per_user AS event_limit, {{now}} AS now \
         FROM reservations r JOIN events e ON e.id = r.event_id \
         WHERE r.id IN ({}) ORDER BY r.id",
        list(ids)
    );
    let rows = sql.all(&text, values(ids)).await?;
    let now_ms = rows.last().map_or(Ok(0), |row| row.try_get("", "now"))?;
    let candidate = |row: &QueryResult| {
        Ok(Candidate {
            reservation: reservations::Model::from_query_result(row, "")?,
            event_status: row.try_get("", "event_status")?,
            max_per_user: row.try_get("", "event_limit")?,
        })
    };
    let found: Result<Vec<_>, DbErr> = rows.iter().map(candidate).collect();
    Ok((found?, now_ms))
}

/// Locks the row that stands for an e-mail address within an event.
pub async fn lock_address(
    sql: &impl Sql,
    event: EventId,
    address: Uuid,
    locale: &str,
) -> Result<(), DbErr> {
    sql.run(
        "INSERT INTO buyers (event_id, buyer_id, kind, locale, touched_at) \
         VALUES ($1, $2, 'guest', $3, {now}) \
         ON CONFLICT (event_id, buyer_id) DO UPDATE SET touched_at = excluded.touched_at",
        vec![event.0.into(), address.into(), locale.into()],
    )
    .await
    .map(|_| ())
}

/// active → in payment, while they last; locked in the order of their ids.
pub async fn begin_reservations(sql: &impl Sql, ids: &[ReservationId]) -> Result<u64, DbErr> {
    let text = format!(
        "UPDATE reservations SET status = 'in_payment', version = version + 1 \
         FROM (SELECT r.id AS of_id FROM reservations r WHERE r.id IN ({}) \
             ORDER BY r.id {{lock}}) AS wanted \
         WHERE reservations.id = wanted.of_id AND status = 'active' AND expires_at > {{now}}",
        list(ids)
    );
    sql.run(&text, values(ids)).await
}

/// in payment → confirmed.
pub async fn settle_reservations(sql: &impl Writes, ids: &[ReservationId]) -> Result<(), DbErr> {
    let text = format!(
        "UPDATE reservations SET status = 'confirmed', version = version + 1 \
         WHERE id IN ({}) AND status = 'in_payment'",
        list(ids)
    );
    let otherwise = "reservations are not in payment".to_owned();
    let expected = Expected { rows: ids.len() as u64, otherwise };
    sql.write(&text, values(ids), Some(expected)).await
}

/// in payment → active, with some time left to try again, under the cap.
pub async fn reopen_reservations(
    sql: &impl Sql,
    ids: &[ReservationId],
    grace_ms: i64,
) -> Result<u64, DbErr> {
    let mut values = values(ids);
    values.push(grace_ms.into());
    let grace = values.len();
    let text = format!(
        "UPDATE reservations SET status = 'active', version = version + 1, expires_at = CASE \
         WHEN expires_at >= {{now}} + ${grace} THEN expires_at \
         WHEN cap_at <= {{now}} + ${grace} THEN cap_at ELSE {{now}} + ${grace} END \
         WHERE id IN ({}) AND status = 'in_payment'",
        list(ids)
    );
    sql.run(&text, values).await
}

/// in payment → expired or cancelled.
pub async fn end_reservations(
    sql: &impl Sql,
    ids: &[ReservationId],
    state: ReservationState,
) -> Result<u64, DbErr> {
    let text = format!(
        "UPDATE reservations SET status = '{}', version = version + 1 \
         WHERE id IN ({}) AND status = 'in_payment'",
        state.as_str(),
        list(ids)
    );
    sql.run(&text, values(ids)).await
}

/// What the reservations hold, seats first in the order of their ids.
pub async fn items(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<reservation_items::Model>, DbErr> {
    let text = format!(
        "SELECT * FROM reservation_items WHERE reservation_id IN ({}) \
         ORDER BY event_id, seat_id, id",
        list(ids)
    );
    let rows = sql.all(&text, values(ids)).await?;
    rows.iter().map(|row| reservation_items::Model::from_query_result(row, "")).collect()
}

/// How many items reservations have.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted {
    /// Seats.
    pub seats: usize,
    /// Items in general admission.
    pub general: usize,
}

/// How much the reservations hold.
pub async fn count_items(sql: &impl Sql, ids: &[ReservationId]) -> Result<Counted, DbErr> {
    let text = format!(
        "SELECT kind, count(*) AS items FROM reservation_items WHERE reservation_id IN ({}) \
         GROUP BY kind",
        list(ids)
    );
    let mut counted = Counted::default();
    for row in sql.all(&text, values(ids)).await? {
        let items = usize::try_from(row.try_get::<i64>("", "items")?).unwrap_or(0);
        match row.try_get::<String>("", "kind")?.as_str() {
            "general" => counted.general += items,
            _ => counted.seats += items,
        }
    }
    Ok(counted)
}

/// An UPDATE of the reservations' seats, which it locks in order first. The reservation's own row stands by
/// as `item.lapses_at`.
fn update_seats(ids: &[ReservationId], set: &str, state: &str) -> String {
    update_seats_of(&list(ids), "", set, state)
}

/// [`update_seats`] of those items of the reservations that `items` picks.
pub fn update_seats_of(reservations: &str, items: &str, set: &str, state: &str) -> String {
    format!(
        "UPDATE seats SET version = version + 1, {set} FROM (\
             SELECT s.event_id AS of_event, s.seat_id AS of_seat, i.fence AS item_fence, \
                 i.reservation_id AS item_owner, r.expires_at AS lapses_at \
             FROM reservation_items i \
             JOIN reservations r ON r.id = i.reservation_id \
             JOIN seats s ON s.event_id = i.event_id AND s.seat_id = i.seat_id \
             WHERE i.reservation_id IN ({reservations}) AND i.kind = 'seat' {items} \
             ORDER BY s.event_id, s.seat_id {{lock_seats}}\
         ) AS item \
         WHERE seats.event_id = item.of_event AND seats.seat_id = item.of_seat \
         [[state: AND {state}]] \
         [[owner: AND seats.reservation_id = item.item_owner]] \
         [[fence: AND seats.fence = item.item_fence]] \
         RETURNING event_id, seat_id, version, expires_at"
    )
}

pub fn changed_seat(row: &QueryResult) -> Result<ChangedSeat, DbErr> {
    Ok(ChangedSeat {
        event: EventId(row.try_get("", "event_id")?),
        seat: row.try_get("", "seat_id")?,
        version: row.try_get("", "version")?,
        expires_at: row.try_get("", "expires_at")?,
    })
}

async fn change_seats(
    sql: &impl Sql,
    ids: &[ReservationId],
    set: &str,
    state: &str,
) -> Result<Vec<ChangedSeat>, DbErr> {
    let rows = sql.all(&update_seats(ids, set, state), values(ids)).await?;
    rows.iter().map(changed_seat).collect()
}

/// held → paying, while they last.
pub async fn begin_seats(sql: &impl Sql, ids: &[ReservationId]) -> Result<Vec<ChangedSeat>, DbErr> {
    let held = "seats.status = 'held' AND seats.expires_at > {now}";
    change_seats(sql, ids, "status = 'paying', expires_at = NULL", held).await
}

/// paying → sold.
pub async fn sell_seats(sql: &impl Sql, ids: &[ReservationId]) -> Result<Vec<ChangedSeat>, DbErr> {
    change_seats(sql, ids, "status = 'sold'", "seats.status = 'paying'").await
}

const BEGUN: &str = "seats.status IN ('paying', 'sold')";

/// paying or sold → available.
pub async fn free_seats(sql: &impl Sql, ids: &[ReservationId]) -> Result<Vec<ChangedSeat>, DbErr> {
    let free = "status = 'available', reservation_id = NULL, expires_at = NULL";
    change_seats(sql, ids, free, BEGUN).await
}

/// paying or sold → held until the reservation lapses.
pub async fn reopen_seats(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<ChangedSeat>, DbErr> {
    change_seats(sql, ids, "status = 'held', expires_at = item.lapses_at", BEGUN).await
}

/// held → paying in general admission, while they last.
pub async fn begin_places(sql: &impl Sql, ids: &[ReservationId]) -> Result<u64, DbErr> {
    let text = format!(
        "UPDATE reservation_items SET state = 'paying' WHERE reservation_id IN ({}) \
         AND kind = 'general' AND state = 'held' AND expires_at > {{now}}",
        list(ids)
    );
    sql.run(&text, values(ids)).await
}

async fn change_places(
    sql: &impl Sql,
    ids: &[ReservationId],
    from: &str,
    to: &str,
) -> Result<Vec<ChangedPlaces>, DbErr> {
    let text = format!(
        "UPDATE reservation_items SET state = '{to}' WHERE reservation_id IN ({}) \
         AND kind = 'general' AND state = '{from}' RETURNING event_id, section_id, admits",
        list(ids)
    );
    let rows = sql.all(&text, values(ids)).await?;
    let places = |row: &QueryResult| {
        Ok(ChangedPlaces {
            event: EventId(row.try_get("", "event_id")?),
            section: row.try_get("", "section_id")?,
            persons: row.try_get("", "admits")?,
        })
    };
    rows.iter().map(places).collect()
}

/// paying → sold in general admission.
pub async fn sell_places(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<ChangedPlaces>, DbErr> {
    change_places(sql, ids, "paying", "sold").await
}

/// sold → paying in general admission: what was sold before it was paid, and is declined.
pub async fn unsell_places(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<ChangedPlaces>, DbErr> {
    change_places(sql, ids, "sold", "paying").await
}

/// paying or sold → released in general admission.
pub async fn free_places(
    sql: &impl Sql,
    ids: &[ReservationId],
    from: &str,
) -> Result<Vec<ChangedPlaces>, DbErr> {
    change_places(sql, ids, from, "released").await
}

/// paying → held in general admission; every item takes the reservation's time.
pub async fn reopen_places(sql: &impl Sql, ids: &[ReservationId]) -> Result<u64, DbErr> {
    let text = format!(
        "UPDATE reservation_items SET \
         state = CASE WHEN state = 'paying' THEN 'held' ELSE state END, \
         expires_at = (SELECT r.expires_at FROM reservations r \
             WHERE r.id = reservation_items.reservation_id) \
         WHERE reservation_id IN ({})",
        list(ids)
    );
    sql.run(&text, values(ids)).await
}

/// Moves a section's counters; how it stands then.
pub async fn move_counter(
    sql: &impl Sql,
    event: EventId,
    section: Uuid,
    held: i32,
    sold: i32,
) -> Result<GeneralState, DbErr> {
    let row = sql
        .one(
            "UPDATE sections SET held = held + $3, sold = sold + $4, version = version + 1 \
             WHERE event_id = $1 AND id = $2 \
             RETURNING version, capacity - held - sold - blocked AS available",
            vec![event.0.into(), section.into(), held.into(), sold.into()],
        )
        .await?;
    let row = row.ok_or_else(|| DbErr::RecordNotUpdated)?;
    let available: i32 = row.try_get("", "available")?;
    Ok(GeneralState {
        section_id: section,
        version: row.try_get("", "version")?,
        available: available.into(),
    })
}
