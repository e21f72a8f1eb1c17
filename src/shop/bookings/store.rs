//! The SQL that reads bookings, their lines and the payments that name them.

use std::collections::HashMap;

use holdfast_domain::{
    event::Status,
    ids::{BookingId, EventId},
    refund::rules::Occasion,
};
use holdfast_entity::{booking_lines, bookings, events, payments};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::kernel::db::{self, Bug, Sql, StoreError, Tx};

pub mod adopt;
pub mod confirmed;
pub mod letters;
pub mod personal;

/// Locks bookings, and reads each with its lines, in the order of their ids. A missing booking is a bug.
pub async fn locked_with_lines(
    tx: &Tx,
    ids: &[BookingId],
) -> Result<Vec<(bookings::Model, Vec<booking_lines::Model>)>, StoreError> {
    let locked = confirmed::lock_all(tx, ids).await?;
    if locked.len() != ids.len() {
        return Err(Bug::new(format!("{} of the bookings {ids:?}", locked.len())).into());
    }
    let mut lines: HashMap<BookingId, Vec<booking_lines::Model>> = HashMap::new();
    for line in lines_of(tx, ids).await? {
        lines.entry(line.booking_id).or_default().push(line);
    }
    let with_lines = |booking: bookings::Model| {
        let lines = lines.remove(&booking.id).unwrap_or_default();
        (booking, lines)
    };
    Ok(locked.into_iter().map(with_lines).collect())
}

/// A booking with its lines. A missing booking is a bug.
pub async fn booking_with_lines(
    sql: &impl Sql,
    id: BookingId,
) -> Result<(bookings::Model, Vec<booking_lines::Model>), StoreError> {
    let booking = bookings::Entity::find_by_id(id).one(sql.reading()).await?;
    let booking = booking.ok_or_else(|| Bug::new(format!("booking {id}")))?;
    Ok((booking, lines_of(sql, &[id]).await?))
}

/// The lines of bookings. Within an event, seats come first, in the order of their ids.
pub async fn lines_of(
    sql: &impl Sql,
    bookings: &[BookingId],
) -> Result<Vec<booking_lines::Model>, StoreError> {
    let of = db::is_among(sql, booking_lines::Column::BookingId, bookings.iter().copied());
    Ok(booking_lines::Entity::find()
        .filter(of)
        .order_by_asc(booking_lines::Column::BookingId)
        .order_by_asc(booking_lines::Column::EventId)
        .order_by_desc(booking_lines::Column::Kind)
        .order_by_asc(booking_lines::Column::SeatId)
        .order_by_asc(booking_lines::Column::Id)
        .all(sql.reading())
        .await?)
}

#[derive(FromQueryResult)]
struct Timed {
    id: EventId,
    status: Status,
    starts_at: i64,
    now: i64,
}

/// The beginnings of these events, or that they are called off, with the database's clock in milliseconds since 1970
/// (0 without events).
pub async fn occasions(
    sql: &impl Sql,
    events: &[EventId],
) -> Result<(HashMap<EventId, Occasion>, i64), StoreError> {
    let of = db::is_among(sql, events::Column::Id, events.iter().copied());
    let found = events::Entity::find()
        .select_only()
        .columns([events::Column::Id, events::Column::Status, events::Column::StartsAt])
        .expr_as(db::clock(), "now")
        .filter(of);
    let found: Vec<Timed> = db::list(sql, found).await?;
    let now_ms = found.first().map_or(0, |event| event.now);
    let occasion = |event: Timed| match event.status {
        Status::Cancelled => (event.id, Occasion::CalledOff),
        Status::Draft
        | Status::Upcoming
        | Status::OnSale
        | Status::Completed
        | Status::Archived => (event.id, Occasion::StartsAt(event.starts_at)),
    };
    Ok((found.into_iter().map(occasion).collect(), now_ms))
}

/// The name by which a booking is looked up.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    Id(BookingId),
    /// The reference, such as `HF-7K2M9QXA`.
    Reference(&'a str),
}

pub async fn find(sql: &impl Sql, by: By<'_>) -> Result<Option<bookings::Model>, StoreError> {
    let named = match by {
        By::Id(id) => bookings::Column::Id.eq(id),
        By::Reference(reference) => bookings::Column::Reference.eq(reference),
    };
    Ok(bookings::Entity::find().filter(named).one(sql.reading()).await?)
}

/// The references of bookings, by the ids of these bookings or of their refunds.
pub async fn references(
    sql: &impl Sql,
    bookings: &[Uuid],
) -> Result<HashMap<Uuid, String>, StoreError> {
    let bookings = db::set(sql.writing().dialect(), bookings.iter().copied());
    let text = "SELECT id, reference FROM bookings WHERE id {among_ids $1} \
        UNION ALL SELECT f.id, b.reference FROM refunds f JOIN bookings b ON b.id = f.booking_id \
        WHERE f.id {among_ids $1}";
    let found: Vec<ReferenceRow> = sql.list(text, vec![bookings]).await?;
    Ok(found.into_iter().map(|named| (named.id, named.reference)).collect())
}

#[derive(FromQueryResult)]
struct ReferenceRow {
    id: Uuid,
    reference: String,
}

/// A buyer's bookings, newest first, after the booking `after`.
pub async fn list(
    sql: &impl Sql,
    buyer: Uuid,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<bookings::Model>, StoreError> {
    Ok(bookings::Entity::find()
        .filter(bookings::Column::BuyerId.eq(buyer))
        // The ids are UUIDv7: they sort by time.
        .apply_if(after, |found, after| found.filter(bookings::Column::Id.lt(after)))
        .order_by_desc(bookings::Column::Id)
        .limit(limit)
        .all(sql.reading())
        .await?)
}

/// The booking whose payment has this id at the gateway.
pub async fn booking_of_intent(
    sql: &impl Sql,
    provider: &str,
    intent: &str,
) -> Result<Option<BookingId>, StoreError> {
    Ok(payments::Entity::find()
        .select_only()
        .column(payments::Column::BookingId)
        .filter(payments::Column::Provider.eq(provider))
        .filter(payments::Column::IntentId.eq(intent))
        .into_tuple()
        .one(sql.reading())
        .await?)
}
