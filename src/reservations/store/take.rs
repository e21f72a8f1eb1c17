//! Taking seats: the look that may refuse, the lock, the count, and the statement that decides.

use std::collections::HashMap;

use holdfast_domain::{
    ids::{Buyer, EventId, ReservationId, SeatId, SectionId},
    inventory::{SeatState, SeatView},
    reservation::SeatWish,
};
use sea_orm::{DbErr, QueryResult, Value};

use super::read::buyer;
use crate::{
    db::{Sql, placeholders},
    reservations::terms::Terms,
};

/// A look at seats, before any lock or transaction: it may refuse, never grant.
pub async fn look(
    sql: &impl Sql,
    event: EventId,
    seats: &[SeatWish],
) -> Result<(i64, HashMap<SeatId, SeatView>), DbErr> {
    let text = format!(
        "SELECT s.seat_id, s.status, s.version, s.expires_at, r.buyer_id, r.buyer_kind, {{now}} AS now \
         FROM seats s LEFT JOIN reservations r ON r.id = s.reservation_id \
         WHERE s.event_id = $1 AND s.seat_id IN ({})",
        placeholders(2, seats.len())
    );
    let mut values = vec![event.0.into()];
    values.extend(seats.iter().map(|wish| Value::from(wish.seat.0)));
    let mut found = HashMap::with_capacity(seats.len());
    let mut now = 0;
    for row in sql.all(&text, values).await? {
        now = row.try_get("", "now")?;
        let status: String = row.try_get("", "status")?;
        let seat = SeatId(row.try_get("", "seat_id")?);
        let view = SeatView {
            seat,
            state: SeatState::parse(&status)
                .ok_or_else(|| DbErr::Type(format!("{status} is no seat state")))?,
            version: row.try_get("", "version")?,
            expires_at: row.try_get("", "expires_at")?,
            owner: buyer(&row)?,
        };
        found.insert(seat, view);
    }
    Ok((now, found))
}

/// Locks the buyer's row of the event, provided that the event still has these terms and sells now; answers the
/// database's clock after the wait.
pub async fn lock_buyer(
    tx: &impl Sql,
    terms: &Terms,
    buyer: Buyer,
    locale: &str,
) -> Result<Option<i64>, DbErr> {
    let row = tx
        .one(
            "INSERT INTO buyers (event_id, buyer_id, kind, locale, touched_at) \
             SELECT e.id, $2, $3, $4, {now} FROM events e \
             WHERE e.id = $1 AND e.version = $5 AND e.status IN ('upcoming', 'on_sale') \
             AND e.sale_starts_at <= {now} AND e.sale_ends_at > {now} \
             ON CONFLICT (event_id, buyer_id) DO UPDATE SET touched_at = excluded.touched_at \
             RETURNING {now} AS now",
            vec![
                terms.event.0.into(),
                buyer.id().into(),
                buyer.kind().into(),
                locale.into(),
                terms.version.into(),
            ],
        )
        .await?;
    row.map(|row| row.try_get("", "now")).transpose()
}

/// What a buyer has of an event already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Persons in live reservations and on valid tickets.
    pub persons: i64,
    /// Holds made in the last minute.
    pub recent_holds: i64,
}

// Counted, never stored: a stored counter would lapse late. `$1` event, `$2` buyer, `$3` now.
const PERSONS: &str = "((SELECT COALESCE(SUM(r.persons), 0) FROM reservations r \
     WHERE r.event_id = $1 AND r.buyer_id = $2 \
     AND (r.status = 'in_payment' OR (r.status = 'active' AND r.expires_at > $3))) + \
     (SELECT COALESCE(SUM(t.admits), 0) FROM tickets t \
     WHERE t.event_id = $1 AND t.buyer_id = $2 AND t.status IN ('valid', 'used')))";
const RECENT: &str = "(SELECT COUNT(*) FROM reservations r \
     WHERE r.event_id = $1 AND r.buyer_id = $2 AND r.created_at > $3 - 60000)";

/// Counts what the buyer has. A statement of its own, after [`lock_buyer`]: the statement that waits for a lock
/// sees the time before the wait.
pub async fn usage(sql: &impl Sql, event: EventId, buyer: Buyer, now: i64) -> Result<Usage, DbErr> {
    let text = format!("SELECT CAST({PERSONS} AS bigint) AS persons, {RECENT} AS recent");
    let row = sql.one(&text, vec![event.0.into(), buyer.id().into(), now.into()]).await?;
    usage_of(&row.ok_or_else(|| DbErr::RecordNotFound("usage".into()))?)
}

fn usage_of(row: &QueryResult) -> Result<Usage, DbErr> {
    Ok(Usage { persons: row.try_get("", "persons")?, recent_holds: row.try_get("", "recent")? })
}

/// A seat that was taken.
#[derive(Debug, Clone)]
pub struct TakenSeat {
    /// The seat.
    pub seat: SeatId,
    /// Its section.
    pub section: SectionId,
    /// Its row.
    pub row: String,
    /// Its name within the row.
    pub label: String,
    /// Its price category.
    pub category: String,
    /// A price of its own.
    pub own_price_minor: Option<i64>,
    /// Its new version.
    pub version: i32,
    /// Its new fence.
    pub fence: i64,
}

/// Who takes seats, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Taking {
    /// The event.
    pub event: EventId,
    /// Who takes.
    pub buyer: Buyer,
    /// The reservation that will own them.
    pub reservation: ReservationId,
    /// The database's clock.
    pub now: i64,
    /// When the hold lapses.
    pub expires_at: i64,
}

/// Takes the seats that are free: available, or held and lapsed, and of the version that was seen. The decision.
///
/// Fewer answers than wishes: somebody else has the others. The buyer's usage comes along, counted
/// without this reservation, so that a hold needs no further statement for it.
pub async fn take_seats(
    tx: &impl Sql,
    taking: &Taking,
    wishes: &[SeatWish],
) -> Result<(Vec<TakenSeat>, Option<Usage>), DbErr> {
    let mut values: Vec<Value> = vec![
        taking.event.0.into(),
        taking.buyer.id().into(),
        taking.now.into(),
        taking.reservation.0.into(),
        taking.expires_at.into(),
    ];
    let ids = placeholders(6, wishes.len());
    values.extend(wishes.iter().map(|wish| Value::from(wish.seat.0)));
    let mut seen = String::new();
    for wish in wishes {
        let Some(version) = wish.version else { continue };
        let at = values.len() + 1;
        seen.push_str(&format!(
            " AND NOT (seats.seat_id = ${at} AND seats.version <> ${})",
            at + 1
        ));
        values.push(wish.seat.0.into());
        values.push(version.into());
    }
    let text = format!(
        "UPDATE seats SET status = 'held', version = seats.version + 1, fence = seats.fence + 1, \
         reservation_id = $4, expires_at = $5 \
         FROM (SELECT s.seat_id FROM seats s WHERE s.event_id = $1 AND s.seat_id IN ({ids}) \
               ORDER BY s.seat_id {{lock}}) w \
         WHERE seats.event_id = $1 AND seats.seat_id = w.seat_id \
         [[state: AND (seats.status = 'available' OR (seats.status = 'held' AND seats.expires_at <= $3))]]\
         {seen} \
         RETURNING seats.seat_id, seats.section_id, seats.row_label, seats.seat_label, seats.category, \
         seats.price_minor, seats.version, seats.fence, \
         CAST({PERSONS} AS bigint) AS persons, {RECENT} AS recent"
    );
    let rows = tx.all(&text, values).await?;
    let usage = rows.first().map(usage_of).transpose()?;
    let mut taken = rows.iter().map(taken_seat).collect::<Result<Vec<_>, _>>()?;
    taken.sort_by_key(|seat| seat.seat);
    Ok((taken, usage))
}

fn taken_seat(row: &QueryResult) -> Result<TakenSeat, DbErr> {
    Ok(TakenSeat {
        seat: SeatId(row.try_get("", "seat_id")?),
        section: SectionId(row.try_get("", "section_id")?),
        row: row.try_get("", "row_label")?,
        label: row.try_get("", "seat_label")?,
        category: row.try_get("", "category")?,
        own_price_minor: row.try_get("", "price_minor")?,
        version: row.try_get("", "version")?,
        fence: row.try_get("", "fence")?,
    })
}
