//! SQL that takes seats: the look that may refuse, the locks, the count, and the statement that decides.

use std::collections::{HashMap, HashSet};

use holdfast_domain::{
    access::AccountStatus,
    ids::{Buyer, BuyerKind, EventId, ReservationId, SeatId, SectionId},
    inventory::{SeatState, SeatView},
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    kernel::db::{self, Bug, Expected, Sql, StoreError, Writes},
    shop::reservations::terms::Terms,
};

#[derive(FromQueryResult)]
struct SeatRow {
    seat_id: SeatId,
    status: SeatState,
    version: i32,
    expires_at: Option<i64>,
    buyer_id: Option<Uuid>,
    buyer_kind: Option<BuyerKind>,
    now: i64,
}

/// The columns of a [`SeatRow`] besides the clock, from the seats `s` and their reservations `r`.
const VIEW: &str = "s.seat_id, s.status, s.version, s.expires_at, r.buyer_id, r.buyer_kind";

impl SeatRow {
    fn view(self) -> SeatView {
        let owner = self.buyer_kind.zip(self.buyer_id).map(|(kind, id)| Buyer::stored(kind, id));
        SeatView {
            seat: self.seat_id,
            state: self.status,
            version: self.version,
            expires_at: self.expires_at,
            owner,
        }
    }
}

/// Reads seats before any lock or transaction, and the database's clock. This look may refuse a hold, but never grants
/// it.
pub async fn look(
    sql: &impl Sql,
    event: EventId,
    seats: &[SeatId],
) -> Result<(i64, HashMap<SeatId, SeatView>), StoreError> {
    let text = format!(
        "SELECT {VIEW}, {{now}} AS now \
         FROM seats s LEFT JOIN reservations r ON r.id = s.reservation_id \
         WHERE s.event_id = $1 AND s.seat_id {{among $2}}"
    );
    let values = vec![event.into(), db::set(sql.dialect(), seats.iter().copied())];
    let rows: Vec<SeatRow> = sql.list(&text, values).await?;
    let now = rows.last().map_or(0, |row| row.now);
    Ok((now, rows.into_iter().map(|row| (row.seat_id, row.view())).collect()))
}

/// A buyer who is about to take seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Taker {
    buyer_id: Uuid,
    kind: &'static str,
    locale: &'static str,
}

impl Taker {
    /// The buyer, with a language as a BCP 47 tag.
    pub fn new(buyer: Buyer, locale: &'static str) -> Self {
        Self { buyer_id: buyer.id(), kind: buyer.kind().as_str(), locale }
    }
}

/// The locked rows of buyers.
#[derive(Debug)]
pub struct LockedBuyers {
    /// The database's clock after the wait; `None` when the event has other terms by now, or does not sell now.
    pub now: Option<i64>,
    /// The buyers who are users and may not sign in any more.
    pub without_account: HashSet<Uuid>,
}

#[derive(FromQueryResult)]
struct LockedBuyer {
    buyer_id: Uuid,
    kind: BuyerKind,
    account: Option<AccountStatus>,
    now: i64,
}

/// Locks the rows of different buyers of the event, in the order of their ids, and reads the accounts of the users.
pub async fn lock_buyers(
    tx: &impl Sql,
    terms: &Terms,
    takers: &[Taker],
) -> Result<LockedBuyers, StoreError> {
    let locked: Vec<LockedBuyer> = tx
        .list(
            "INSERT INTO buyers (event_id, buyer_id, kind, locale, touched_at) \
             SELECT e.id, w.buyer_id, w.kind, w.locale, {now} FROM events e CROSS JOIN \
             (SELECT * FROM {rows $3 (buyer_id uuid, kind text, locale text)}) AS w \
             WHERE e.id = $1 AND e.version = $2 AND e.status IN ('upcoming', 'on_sale') \
             AND e.sale_starts_at <= {now} AND e.sale_ends_at > {now} ORDER BY w.buyer_id \
             ON CONFLICT (event_id, buyer_id) DO UPDATE SET touched_at = excluded.touched_at \
             RETURNING buyer_id, kind, {now} AS now, \
             (SELECT u.status FROM users u WHERE u.id = buyers.buyer_id) AS account",
            vec![terms.event.into(), terms.version.into(), db::rows(takers)?],
        )
        .await?;
    let is_shut_out = |row: &&LockedBuyer| {
        row.kind == BuyerKind::User && !row.account.is_some_and(AccountStatus::may_sign_in)
    };
    let without_account = locked.iter().filter(is_shut_out).map(|row| row.buyer_id).collect();
    let now = locked.iter().map(|row| row.now).max().filter(|_| locked.len() == takers.len());
    Ok(LockedBuyers { now, without_account })
}

/// Deletes the rows of these buyers in the event if they have nothing in it: [`lock_buyers`] wrote a row for each, and no
/// pass would find a row without a reservation.
pub async fn forget_buyers(
    tx: &impl Sql,
    event: EventId,
    buyers: &[Uuid],
) -> Result<(), StoreError> {
    tx.run(
        "DELETE FROM buyers WHERE event_id = $1 AND buyer_id {among_ids $2} \
         AND NOT EXISTS (SELECT 1 FROM reservations r \
             WHERE r.event_id = buyers.event_id AND r.buyer_id = buyers.buyer_id) \
         AND NOT EXISTS (SELECT 1 FROM tickets t \
             WHERE t.event_id = buyers.event_id AND t.buyer_id = buyers.buyer_id)",
        vec![event.into(), db::set(tx.dialect(), buyers.iter().copied())],
    )
    .await
    .map(|_| ())
}

/// The persons and holds that a buyer already has in an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromQueryResult)]
pub struct Usage {
    /// Persons in live reservations and on valid tickets.
    pub persons: i64,
    /// Holds made in the last minute.
    #[sea_orm(alias = "recent")]
    pub recent_holds: i64,
}

// Counted, never stored: a stored counter would lapse late. `$1` is the event, `$2` the clock, `w` the buyers.
const PERSONS: &str = "CAST((SELECT COALESCE(SUM(r.persons), 0) FROM reservations r \
     WHERE r.event_id = $1 AND r.buyer_id = w.buyer_id \
     AND (r.status = 'in_payment' OR (r.status = 'active' AND r.expires_at > $2))) + \
     (SELECT COALESCE(SUM(t.admits), 0) FROM tickets t \
     WHERE t.event_id = $1 AND t.buyer_id = w.buyer_id AND t.status IN ('valid', 'used')) AS bigint)";
const RECENT: &str = "(SELECT COUNT(*) FROM reservations r \
     WHERE r.event_id = $1 AND r.buyer_id = w.buyer_id AND r.created_at > $2 - 60000)";

/// Counts the buyer's persons and holds, in a separate statement after [`lock_buyers`]: a statement that waits for a
/// lock counts the rows as they were before the wait.
pub async fn usage(
    sql: &impl Sql,
    event: EventId,
    buyer: Buyer,
    now: i64,
) -> Result<Usage, StoreError> {
    let text = format!(
        "WITH w (buyer_id) AS (VALUES ($3)) SELECT {PERSONS} AS persons, {RECENT} AS recent FROM w"
    );
    let usage = sql.find(&text, vec![event.into(), now.into(), buyer.id().into()]).await?;
    Ok(usage.ok_or_else(|| Bug::new("no usage of a buyer"))?)
}

/// A locked seat, with what a decision about it needs.
#[derive(Debug, Clone)]
pub struct LockedSeat {
    /// The state of the seat, its version before the change, and its owner.
    pub view: SeatView,
    /// The fence before the change.
    pub fence: i64,
    /// The usage of the buyer who wants the seat.
    pub usage: Usage,
    pub section: SectionId,
    pub row: String,
    /// The label of the seat within its row.
    pub label: String,
    /// The seat's price category in the seating plan.
    pub category: String,
    /// The seat's own price in minor units, if it has one.
    pub own_price_minor: Option<i64>,
}

#[derive(FromQueryResult)]
struct LockedRow {
    #[sea_orm(nested)]
    seat: SeatRow,
    #[sea_orm(nested)]
    usage: Usage,
    fence: i64,
    section_id: SectionId,
    row_label: String,
    seat_label: String,
    category: String,
    price_minor: Option<i64>,
}

/// A seat that a buyer wants.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct WantedSeat {
    seat_id: SeatId,
    buyer_id: Uuid,
}

impl WantedSeat {
    pub fn new(seat: SeatId, buyer: Buyer) -> Self {
        Self { seat_id: seat, buyer_id: buyer.id() }
    }
}

/// Locks the wanted seats in the order of their ids. Each seat comes with its state after the wait and with the usage of
/// the buyer who wants it, so that a hold needs no further statement for the usage. A seat that does not exist is
/// missing. `wanted` contains no seat twice.
///
/// SQLite has no statistics and would begin with all seats of the event: `CROSS JOIN` makes it begin with `w`, and the
/// event of `wanted` lets it find no seat without `wanted`.
pub async fn lock_seats(
    tx: &impl Sql,
    event: EventId,
    now: i64,
    wanted: &[WantedSeat],
) -> Result<HashMap<SeatId, LockedSeat>, StoreError> {
    let text = format!(
        "WITH w AS MATERIALIZED (SELECT * FROM {{rows $3 (seat_id int, buyer_id uuid)}}) \
         SELECT {VIEW}, CAST($2 AS bigint) AS now, s.fence, s.section_id, s.row_label, s.seat_label, \
         s.category, s.price_minor, {PERSONS} AS persons, {RECENT} AS recent \
         FROM w CROSS JOIN seats s LEFT JOIN reservations r ON r.id = s.reservation_id \
         WHERE s.event_id = $1 AND s.seat_id = w.seat_id ORDER BY s.seat_id {{lock_seats}}"
    );
    let values = vec![event.into(), now.into(), db::rows(wanted.iter().copied())?];
    let rows: Vec<LockedRow> = tx.list(&text, values).await?;
    let locked = rows.into_iter().map(|row| {
        let seat = LockedSeat {
            view: row.seat.view(),
            fence: row.fence,
            usage: row.usage,
            section: row.section_id,
            row: row.row_label,
            label: row.seat_label,
            category: row.category,
            own_price_minor: row.price_minor,
        };
        (seat.view.seat, seat)
    });
    Ok(locked.collect())
}

/// A seat that a new reservation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TakenSeat {
    pub seat_id: SeatId,
    /// The version of the seat before the change.
    pub version: i32,
    /// The reservation that owns the seat from now on.
    pub reservation_id: ReservationId,
}

/// The event, and the times of a take in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct TakeTimes {
    pub event: EventId,
    /// The time by the database's clock, after the wait for locks.
    pub now: i64,
    /// The moment at which the new holds lapse.
    pub expires_at: i64,
}

/// Takes seats that are free: available, or held and lapsed. This statement decides. Every seat must be free, in the
/// version in which it was locked; otherwise the transaction fails.
pub async fn take_seats(
    writes: &impl Writes,
    taking: &TakeTimes,
    taken: &[TakenSeat],
) -> Result<(), StoreError> {
    let text = "UPDATE seats SET status = 'held', version = seats.version + 1, fence = seats.fence + 1, \
         reservation_id = w.reservation_id, expires_at = $3 \
         FROM (SELECT * FROM {rows $4 (seat_id int, version int, reservation_id uuid)}) AS w \
         WHERE seats.event_id = $1 AND seats.seat_id = w.seat_id AND seats.seat_id {among $5} \
         [[state: AND (seats.status = 'available' OR (seats.status = 'held' AND seats.expires_at <= $2))]] \
         AND seats.version = w.version";
    let values = vec![
        taking.event.into(),
        taking.now.into(),
        taking.expires_at.into(),
        db::rows(taken.iter().copied())?,
        db::set(writes.dialect(), taken.iter().map(|seat| seat.seat_id)),
    ];
    let expected = Expected {
        rows: taken.len() as u64,
        otherwise: "a seat that was locked as free is not free".to_owned(),
    };
    writes.write(text, values, Some(expected)).await
}
