//! The SQL of reservations: the statements that decide.
//!
//! Lock order: buyer → reservations → seats by id → general items → section counters → outbox.

use std::collections::HashMap;

use holdfast_domain::{
    ids::{
        Buyer, EventId, GuestId, ItemId, OfferId, OrganizationId, ReservationId, SeatId, SectionId,
        UserId,
    },
    inventory::{SeatState, SeatView},
    money::Currency,
    pricing::Offer,
    reservation::SeatWish,
};
use sea_orm::{DbErr, QueryResult, Value};
use uuid::Uuid;

use super::terms::{SectionTerms, Terms};
use crate::{
    db::{Dialect, Sql, placeholders},
    live::record::ChangedSeat,
};

/// The event with this slug.
pub async fn event_by_slug(sql: &impl Sql, slug: &str) -> Result<Option<EventId>, DbErr> {
    let row = sql.one("SELECT id FROM events WHERE slug = $1", vec![slug.into()]).await?;
    row.map(|row| row.try_get("", "id").map(EventId)).transpose()
}

/// An event's terms. Offers and sections are read after the event's version: newer ones under an older version
/// are refused by [`lock_buyer`], never the other way round.
pub async fn load_terms(sql: &impl Sql, event: EventId) -> Result<Option<Terms>, DbErr> {
    let Some(row) = sql
        .one(
            "SELECT version, organization_id, currency, max_per_user, max_per_order, hold_seconds, \
             hold_cap_seconds FROM events WHERE id = $1",
            vec![event.0.into()],
        )
        .await?
    else {
        return Ok(None);
    };
    let currency: String = row.try_get("", "currency")?;
    let offers = sql
        .all(
            "SELECT id, section_id, category, name, price_minor, admits FROM offers \
             WHERE event_id = $1 AND withdrawn_at IS NULL ORDER BY position, id",
            vec![event.0.into()],
        )
        .await?;
    let sections = sql
        .all("SELECT id, name, kind FROM sections WHERE event_id = $1", vec![event.0.into()])
        .await?;
    Ok(Some(Terms {
        event,
        version: row.try_get("", "version")?,
        organization: OrganizationId(row.try_get("", "organization_id")?),
        currency: Currency::parse(&currency).map_err(|error| DbErr::Type(error.to_string()))?,
        max_per_user: row.try_get::<i32>("", "max_per_user")?.into(),
        max_per_order: row.try_get::<i32>("", "max_per_order")?.into(),
        hold_ms: row.try_get::<i64>("", "hold_seconds")? * 1000,
        hold_cap_ms: row.try_get::<i64>("", "hold_cap_seconds")? * 1000,
        offers: offers.iter().map(offer).collect::<Result<_, _>>()?,
        sections: sections.iter().map(section).collect::<Result<_, _>>()?,
    }))
}

fn offer(row: &QueryResult) -> Result<Offer, DbErr> {
    Ok(Offer {
        id: OfferId(row.try_get("", "id")?),
        section: row.try_get::<Option<Uuid>>("", "section_id")?.map(SectionId),
        category: row.try_get("", "category")?,
        name: row.try_get("", "name")?,
        price_minor: row.try_get("", "price_minor")?,
        admits: row.try_get("", "admits")?,
    })
}

fn section(row: &QueryResult) -> Result<(SectionId, SectionTerms), DbErr> {
    let kind: String = row.try_get("", "kind")?;
    let terms = SectionTerms { name: row.try_get("", "name")?, general: kind == "general" };
    Ok((SectionId(row.try_get("", "id")?), terms))
}

/// Reads a buyer from `buyer_id` and `buyer_kind`.
pub(crate) fn buyer(row: &QueryResult) -> Result<Option<Buyer>, DbErr> {
    let id: Option<Uuid> = row.try_get("", "buyer_id")?;
    let kind: Option<String> = row.try_get("", "buyer_kind")?;
    Ok(match (id, kind.as_deref()) {
        (Some(id), Some("user")) => Some(Buyer::User(UserId(id))),
        (Some(id), _) => Some(Buyer::Guest(GuestId(id))),
        (None, _) => None,
    })
}

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

/// An item of a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The item.
    pub id: ItemId,
    /// The seat; none in general admission.
    pub seat: Option<SeatId>,
    /// The section.
    pub section: SectionId,
    /// The offer.
    pub offer: OfferId,
    /// What people call it.
    pub label: String,
    /// How many of the offer.
    pub quantity: i32,
    /// How many persons in all.
    pub admits: i32,
    /// What it costs in all.
    pub price_minor: i64,
    /// The fence under which it was taken.
    pub fence: i64,
}

/// A reservation's row.
#[derive(Debug, Clone)]
pub struct Reserved {
    /// The reservation.
    pub id: ReservationId,
    /// Its event.
    pub event: EventId,
    /// Who organizes it.
    pub organization: OrganizationId,
    /// Whose it is.
    pub buyer: Buyer,
    /// What it costs.
    pub total_minor: i64,
    /// What it is paid in.
    pub currency: Currency,
    /// How many persons in all.
    pub persons: i32,
    /// When it was made.
    pub created_at: i64,
    /// When it lapses.
    pub expires_at: i64,
    /// Beyond which it cannot be extended.
    pub cap_at: i64,
}

/// Writes a reservation with its items and the outbox row: one statement on PostgreSQL.
pub async fn insert(
    tx: &impl Sql,
    reserved: &Reserved,
    items: &[Item],
    change: String,
) -> Result<(), DbErr> {
    let (reservation, reservation_values) = reservation_insert(reserved);
    match tx.writing().dialect() {
        Dialect::Postgres => {
            let mut values = reservation_values;
            let (rows, item_values) = item_rows(reserved, items, values.len() + 1);
            values.extend(item_values);
            let at = values.len() + 1;
            values.extend([change.into(), reserved.event.0.into(), reserved.created_at.into()]);
            let text = format!(
                "WITH r AS ({reservation}), i AS (INSERT INTO reservation_items ({ITEM_COLUMNS}) VALUES {rows}) \
                 INSERT INTO outbox (payload, event_id, created_at) VALUES (${at}, ${}, ${})",
                at + 1,
                at + 2
            );
            tx.run(&text, values).await?;
        }
        Dialect::Sqlite => {
            tx.run(&reservation, reservation_values).await?;
            let (rows, values) = item_rows(reserved, items, 1);
            let text = format!("INSERT INTO reservation_items ({ITEM_COLUMNS}) VALUES {rows}");
            tx.run(&text, values).await?;
            crate::live::store::insert(tx, reserved.event, change).await?;
        }
    }
    Ok(())
}

fn reservation_insert(reserved: &Reserved) -> (String, Vec<Value>) {
    let text = "INSERT INTO reservations (id, event_id, organization_id, buyer_id, buyer_kind, status, \
         persons, total_minor, currency, created_at, expires_at, cap_at, version) \
         VALUES ($1, $2, $3, $4, $5, 'active', $6, $7, $8, $9, $10, $11, 1)";
    let values = vec![
        reserved.id.0.into(),
        reserved.event.0.into(),
        reserved.organization.0.into(),
        reserved.buyer.id().into(),
        reserved.buyer.kind().into(),
        reserved.persons.into(),
        reserved.total_minor.into(),
        reserved.currency.as_str().into(),
        reserved.created_at.into(),
        reserved.expires_at.into(),
        reserved.cap_at.into(),
    ];
    (text.to_owned(), values)
}

const ITEM_COLUMNS: &str = "event_id, reservation_id, id, kind, seat_id, section_id, offer_id, label, \
     quantity, admits, price_minor, fence, state, expires_at";

fn item_rows(reserved: &Reserved, items: &[Item], from: usize) -> (String, Vec<Value>) {
    const WIDTH: usize = 14;
    let rows: Vec<String> = (0..items.len())
        .map(|index| format!("({})", placeholders(from + index * WIDTH, WIDTH)))
        .collect();
    let mut values: Vec<Value> = Vec::with_capacity(items.len() * WIDTH);
    for item in items {
        values.extend([
            reserved.event.0.into(),
            reserved.id.0.into(),
            item.id.0.into(),
            if item.seat.is_some() { "seat" } else { "general" }.into(),
            item.seat.map(|seat| seat.0).into(),
            item.section.0.into(),
            item.offer.0.into(),
            item.label.as_str().into(),
            item.quantity.into(),
            item.admits.into(),
            item.price_minor.into(),
            item.fence.into(),
            "held".into(),
            reserved.expires_at.into(),
        ]);
    }
    (rows.join(","), values)
}

/// A reservation as stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// What it is.
    pub reserved: Reserved,
    /// The stored state; [`holdfast_domain::reservation::ReservationState::seen_at`] says what people see.
    pub status: String,
    /// The booking that pays for it, or did.
    pub booking: Option<Uuid>,
    /// The database's clock.
    pub now: i64,
}

const STORED: &str = "SELECT r.id, r.event_id, r.organization_id, r.buyer_id, r.buyer_kind, r.status, r.persons, \
     r.total_minor, r.currency, r.created_at, r.expires_at, r.cap_at, {now} AS now, \
     (SELECT b.booking_id FROM booking_reservations b WHERE b.reservation_id = r.id AND b.live = 1) AS booking \
     FROM reservations r";

fn stored(row: &QueryResult) -> Result<Stored, DbErr> {
    let currency: String = row.try_get("", "currency")?;
    Ok(Stored {
        reserved: Reserved {
            id: ReservationId(row.try_get("", "id")?),
            event: EventId(row.try_get("", "event_id")?),
            organization: OrganizationId(row.try_get("", "organization_id")?),
            buyer: buyer(row)?.ok_or_else(|| DbErr::Type("a reservation has a buyer".into()))?,
            total_minor: row.try_get("", "total_minor")?,
            currency: Currency::parse(&currency).map_err(|error| DbErr::Type(error.to_string()))?,
            persons: row.try_get("", "persons")?,
            created_at: row.try_get("", "created_at")?,
            expires_at: row.try_get("", "expires_at")?,
            cap_at: row.try_get("", "cap_at")?,
        },
        status: row.try_get("", "status")?,
        booking: row.try_get("", "booking")?,
        now: row.try_get("", "now")?,
    })
}

/// The reservation.
pub async fn find(sql: &impl Sql, id: ReservationId) -> Result<Option<Stored>, DbErr> {
    let row = sql.one(&format!("{STORED} WHERE r.id = $1"), vec![id.0.into()]).await?;
    row.as_ref().map(stored).transpose()
}

/// A buyer's reservations of an event, newest first, after `after`.
pub async fn list(
    sql: &impl Sql,
    event: EventId,
    buyer: Uuid,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Stored>, DbErr> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut values: Vec<Value> = vec![event.0.into(), buyer.into(), limit.into()];
    let mut text = format!("{STORED} WHERE r.event_id = $1 AND r.buyer_id = $2");
    if let Some(after) = after {
        text.push_str(" AND r.id < $4");
        values.push(after.into());
    }
    text.push_str(" ORDER BY r.id DESC LIMIT $3");
    sql.all(&text, values).await?.iter().map(stored).collect()
}

/// What a reservation holds, in the order in which it was asked for.
pub async fn items(sql: &impl Sql, id: ReservationId) -> Result<Vec<Item>, DbErr> {
    let rows = sql
        .all(
            "SELECT id, seat_id, section_id, offer_id, label, quantity, admits, price_minor, fence \
             FROM reservation_items WHERE reservation_id = $1 ORDER BY id",
            vec![id.0.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Item {
                id: ItemId(row.try_get("", "id")?),
                seat: row.try_get::<Option<i32>>("", "seat_id")?.map(SeatId),
                section: SectionId(row.try_get("", "section_id")?),
                offer: OfferId(row.try_get("", "offer_id")?),
                label: row.try_get("", "label")?,
                quantity: row.try_get("", "quantity")?,
                admits: row.try_get("", "admits")?,
                price_minor: row.try_get("", "price_minor")?,
                fence: row.try_get("", "fence")?,
            })
        })
        .collect()
}

fn changed_seats(rows: &[QueryResult]) -> Result<Vec<ChangedSeat>, DbErr> {
    rows.iter()
        .map(|row| {
            Ok(ChangedSeat {
                event: EventId(row.try_get("", "event_id")?),
                seat: SeatId(row.try_get("", "seat_id")?),
                version: row.try_get("", "version")?,
            })
        })
        .collect()
}

/// Frees the held seats of reservations: by owner and fence, so that a seat taken over meanwhile stays its
/// new owner's.
pub async fn free_seats(
    tx: &impl Sql,
    reservations: &[ReservationId],
) -> Result<Vec<ChangedSeat>, DbErr> {
    let text = format!(
        "UPDATE seats SET status = 'available', version = seats.version + 1, reservation_id = NULL, \
         expires_at = NULL \
         FROM (SELECT s.event_id, s.seat_id, i.reservation_id, i.fence FROM reservation_items i \
               JOIN seats s ON s.event_id = i.event_id AND s.seat_id = i.seat_id \
               WHERE i.reservation_id IN ({}) AND i.kind = 'seat' \
               ORDER BY s.event_id, s.seat_id {{lock_seats}}) w \
         WHERE seats.event_id = w.event_id AND seats.seat_id = w.seat_id \
         [[state: AND seats.status = 'held']] \
         [[owner: AND seats.reservation_id = w.reservation_id]] \
         [[fence: AND seats.fence = w.fence]] \
         RETURNING seats.event_id, seats.seat_id, seats.version",
        placeholders(1, reservations.len())
    );
    let values = reservations.iter().map(|id| id.0.into()).collect();
    changed_seats(&tx.all(&text, values).await?)
}

/// Ends an active reservation of its buyer; answers its event, or none when it was not active.
pub async fn cancel(
    tx: &impl Sql,
    id: ReservationId,
    buyer: Buyer,
) -> Result<Option<EventId>, DbErr> {
    let row = tx
        .one(
            "UPDATE reservations SET status = 'cancelled', version = version + 1 \
             WHERE id = $1 AND buyer_id = $2 AND status = 'active' RETURNING event_id",
            vec![id.0.into(), buyer.id().into()],
        )
        .await?;
    row.map(|row| row.try_get("", "event_id").map(EventId)).transpose()
}

/// Gives an active reservation that has not lapsed another `hold_ms` from now, under its cap; answers its event
/// and when it lapses then.
pub async fn extend(
    tx: &impl Sql,
    id: ReservationId,
    buyer: Buyer,
    hold_ms: i64,
) -> Result<Option<(EventId, i64)>, DbErr> {
    let row = tx
        .one(
            "UPDATE reservations SET version = version + 1, expires_at = \
             CASE WHEN {now} + $3 > cap_at THEN cap_at ELSE {now} + $3 END \
             WHERE id = $1 AND buyer_id = $2 AND status = 'active' AND expires_at > {now} \
             AND expires_at < cap_at RETURNING event_id, expires_at",
            vec![id.0.into(), buyer.id().into(), hold_ms.into()],
        )
        .await?;
    row.map(|row| Ok((EventId(row.try_get("", "event_id")?), row.try_get("", "expires_at")?)))
        .transpose()
}

/// Moves the time of a reservation's held seats.
pub async fn extend_seats(
    tx: &impl Sql,
    id: ReservationId,
    expires_at: i64,
) -> Result<Vec<ChangedSeat>, DbErr> {
    let rows = tx
        .all(
            "UPDATE seats SET version = seats.version + 1, expires_at = $2 \
             FROM (SELECT s.event_id, s.seat_id, i.fence FROM reservation_items i \
                   JOIN seats s ON s.event_id = i.event_id AND s.seat_id = i.seat_id \
                   WHERE i.reservation_id = $1 AND i.kind = 'seat' \
                   ORDER BY s.event_id, s.seat_id {lock_seats}) w \
             WHERE seats.event_id = w.event_id AND seats.seat_id = w.seat_id \
             [[state: AND seats.status = 'held']] [[owner: AND seats.reservation_id = $1]] \
             [[fence: AND seats.fence = w.fence]] \
             RETURNING seats.event_id, seats.seat_id, seats.version",
            vec![id.0.into(), expires_at.into()],
        )
        .await?;
    changed_seats(&rows)
}

/// Marks up to `limit` active reservations past their time as expired. Rows that somebody else is at are left
/// for the next round.
pub async fn expire_due(tx: &impl Sql, limit: u64) -> Result<Vec<ReservationId>, DbErr> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx
        .all(
            "UPDATE reservations SET status = 'expired', version = version + 1 \
             WHERE id IN (SELECT id FROM reservations WHERE status = 'active' AND expires_at <= {now} \
                          ORDER BY id LIMIT $1 {skip}) \
             AND status = 'active' AND expires_at <= {now} RETURNING id",
            vec![limit.into()],
        )
        .await?;
    rows.iter().map(|row| row.try_get("", "id").map(ReservationId)).collect()
}
