//! SQL that takes seats: the look that may refuse, the locks, the count, and the statement that decides.

use std::collections::{HashMap, HashSet};

use holdfast_domain::{
    access::AccountStatus,
    ids::{Buyer, BuyerKind, EventId, ReservationId, SeatId, SectionId},
    inventory::{SeatState, SeatView},
    reservation::SeatWish,
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    kernel::db::{self, Bug, Sql, StoreError, Writes as _},
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

/// Reads seats before any lock or transaction, and the database's clock. This look may refuse a hold, but never grants
/// it.
pub async fn look(
    sql: &impl Sql,
    event: EventId,
    seats: &[SeatId],
) -> Result<(i64, HashMap<SeatId, SeatView>), StoreError> {
    let rows: Vec<SeatRow> = sql
        .list(
            "SELECT s.seat_id, s.status, s.version, s.expires_at, r.buyer_id, r.buyer_kind, {now} AS now \
             FROM seats s LEFT JOIN reservations r ON r.id = s.reservation_id \
             WHERE s.event_id = $1 AND s.seat_id {among $2}",
            vec![event.into(), db::set(sql.dialect(), seats.iter().copied())],
        )
        .await?;
    let mut found = HashMap::with_capacity(rows.len());
    let mut now = 0;
    for row in rows {
        now = row.now;
        let owner = row.buyer_kind.zip(row.buyer_id).map(|(kind, id)| Buyer::stored(kind, id));
        let view = SeatView {
            seat: row.seat_id,
            state: row.status,
            version: row.version,
            expires_at: row.expires_at,
            owner,
        };
        found.insert(row.seat_id, view);
    }
    Ok((now, found))
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

/// A seat that was taken.
#[derive(Debug, Clone, FromQueryResult)]
pub struct TakenSeat {
    #[sea_orm(alias = "seat_id")]
    pub seat: SeatId,
    /// The reservation that owns the seat now.
    #[sea_orm(alias = "reservation_id")]
    pub reservation: ReservationId,
    /// The usage of the reservation's buyer without this reservation.
    #[sea_orm(nested)]
    pub usage: Usage,
    #[sea_orm(alias = "section_id")]
    pub section: SectionId,
    #[sea_orm(alias = "row_label")]
    pub row: String,
    /// The label of the seat within its row.
    #[sea_orm(alias = "seat_label")]
    pub label: String,
    /// The seat's price category in the seating plan.
    pub category: String,
    /// The seat's own price in minor units, if it has one.
    #[sea_orm(alias = "price_minor")]
    pub own_price_minor: Option<i64>,
    /// The version of the seat after the change.
    pub version: i32,
    /// The fence under which the reservation now owns the seat.
    pub fence: i64,
}

/// A seat that a reservation wants.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct WantedSeat {
    seat_id: SeatId,
    version: Option<i32>,
    buyer_id: Uuid,
    reservation_id: ReservationId,
}

impl WantedSeat {
    /// A seat that the buyer wishes to hold, and the reservation that will own it.
    pub fn new(wish: &SeatWish, buyer: Buyer, reservation: ReservationId) -> Self {
        let (seat_id, version) = (wish.seat, wish.version);
        Self { seat_id, version, buyer_id: buyer.id(), reservation_id: reservation }
    }
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

/// Takes the wanted seats that are free: available, or held and lapsed. A seat must have the version that the client
/// saw, if the client sent one. This statement decides. `wanted` contains no seat twice.
///
/// SQLite has no statistics and would begin with all seats of the event: `CROSS JOIN` makes it begin with `w`, and the
/// event of `wanted` lets it find no seat without `wanted`.
///
/// A seat that is not returned is not taken. Each taken seat comes with its buyer's usage, counted without these
/// reservations, so that a hold needs no further statement for the usage.
pub async fn take_seats(
    tx: &impl Sql,
    taking: &TakeTimes,
    wanted: &[WantedSeat],
) -> Result<Vec<TakenSeat>, StoreError> {
    let text = format!(
        "WITH w AS MATERIALIZED (SELECT * FROM \
         {{rows $4 (seat_id int, version int, buyer_id uuid, reservation_id uuid)}}) \
         UPDATE seats SET status = 'held', version = seats.version + 1, fence = seats.fence + 1, \
         reservation_id = wanted.reservation_id, expires_at = $3 \
         FROM (SELECT s.event_id, s.seat_id, w.version, w.reservation_id \
               FROM w CROSS JOIN seats s WHERE s.event_id = $1 AND s.seat_id = w.seat_id \
               ORDER BY s.seat_id {{lock_seats}}) AS wanted \
         WHERE seats.event_id = wanted.event_id AND seats.seat_id = wanted.seat_id \
         [[state: AND (seats.status = 'available' OR (seats.status = 'held' AND seats.expires_at <= $2))]] \
         AND seats.version = COALESCE(wanted.version, seats.version) \
         RETURNING seats.seat_id, seats.reservation_id, seats.section_id, seats.row_label, \
         seats.seat_label, seats.category, seats.price_minor, seats.version, seats.fence, \
         (SELECT {PERSONS} FROM w WHERE w.seat_id = seats.seat_id) AS persons, \
         (SELECT {RECENT} FROM w WHERE w.seat_id = seats.seat_id) AS recent"
    );
    let values =
        vec![taking.event.into(), taking.now.into(), taking.expires_at.into(), db::rows(wanted)?];
    let mut taken: Vec<TakenSeat> = tx.list(&text, values).await?;
    taken.sort_by_key(|seat| seat.seat);
    Ok(taken)
}
