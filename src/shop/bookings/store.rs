//! The SQL that reads bookings, their lines and the payments that name them.

use std::collections::{BTreeSet, HashMap};

use holdfast_contract::bookings::BookingPeriod;
use holdfast_domain::{
    booking::{BookingState, PartOfReference},
    event::Status,
    ids::{BookingId, EventId},
    refund::rules::Occasion,
};
use holdfast_entity::{booking_lines, bookings, events, payments};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Func, Query, SelectStatement},
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

pub async fn find(sql: &impl Sql, id: BookingId) -> Result<Option<bookings::Model>, StoreError> {
    Ok(bookings::Entity::find_by_id(id).one(sql.reading()).await?)
}

/// The bookings with these ids, in the order of their ids.
pub async fn of_ids(sql: &impl Sql, ids: &[BookingId]) -> Result<Vec<bookings::Model>, StoreError> {
    let of = db::is_among(sql, bookings::Column::Id, ids.iter().copied());
    let found = bookings::Entity::find().filter(of).order_by_asc(bookings::Column::Id);
    Ok(found.all(sql.reading()).await?)
}

/// The bookings with live lines of the event, in the order of their ids. They are read at once, because a page in the order of
/// their ids would look at the lines of all events; an arena of 20,000 seats has 320 kB of ids.
pub async fn live_of_event(
    sql: &impl Sql,
    event: EventId,
) -> Result<BTreeSet<BookingId>, StoreError> {
    let lines: Vec<BookingId> = booking_lines::Entity::find()
        .select_only()
        .column(booking_lines::Column::BookingId)
        .filter(booking_lines::Column::EventId.eq(event))
        .filter(booking_lines::Column::CancelledAt.is_null())
        .into_tuple()
        .all(sql.reading())
        .await?;
    Ok(lines.into_iter().collect())
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

/// Which bookings of a buyer a list contains.
#[derive(Debug, Clone)]
pub struct BookingFilter {
    pub buyer: Uuid,
    pub when: Option<BookingPeriod>,
    pub reference: Option<PartOfReference>,
    /// Only bookings that are older than this booking.
    pub after: Option<Uuid>,
}

impl BookingFilter {
    /// All bookings of the buyer, after the booking `after`.
    pub const fn of(buyer: Uuid, after: Option<Uuid>) -> Self {
        Self { buyer, when: None, reference: None, after }
    }
}

/// A buyer's bookings, newest first.
pub async fn list(
    sql: &impl Sql,
    filter: BookingFilter,
    limit: u64,
) -> Result<Vec<bookings::Model>, StoreError> {
    let BookingFilter { buyer, when, reference, after } = filter;
    let found = bookings::Entity::find()
        .filter(bookings::Column::BuyerId.eq(buyer))
        .apply_if(when, |found, when| found.filter(is_in(when)))
        .apply_if(reference, |found, part| found.filter(contains(&part)))
        // The ids are UUIDv7: they sort by time.
        .apply_if(after, |found, after| found.filter(bookings::Column::Id.lt(after)))
        .order_by_desc(bookings::Column::Id)
        .limit(limit);
    db::list(sql, found).await
}

/// The condition that a booking is in this part of the list. The three conditions leave no booking out, and no booking
/// meets two of them.
fn is_in(when: BookingPeriod) -> Condition {
    let status = bookings::Column::Status;
    match when {
        BookingPeriod::Upcoming => Condition::any()
            .add(status.eq(BookingState::Pending))
            .add(status.eq(BookingState::Confirmed).and(Expr::exists(lines_ahead()))),
        // A line whose event is missing is past, as in `Occasions::line`.
        BookingPeriod::Past => Condition::all()
            .add(status.eq(BookingState::Confirmed))
            .add(Expr::not_exists(lines_ahead())),
        BookingPeriod::Cancelled => Condition::any()
            .add(status.eq(BookingState::Cancelled))
            .add(status.eq(BookingState::Failed)),
    }
}

/// The live lines of the booking whose event has not ended.
fn lines_ahead() -> SelectStatement {
    let event = Expr::col((events::Entity, events::Column::Id))
        .equals((booking_lines::Entity, booking_lines::Column::EventId));
    Query::select()
        .expr(Expr::val(1))
        .from(booking_lines::Entity)
        .join(JoinType::InnerJoin, events::Entity, event)
        .and_where(
            Expr::col((booking_lines::Entity, booking_lines::Column::BookingId))
                .equals((bookings::Entity, bookings::Column::Id)),
        )
        .and_where(booking_lines::Column::CancelledAt.is_null())
        .and_where(events::Column::EndsAt.into_expr().gt(db::clock()))
        .take()
}

/// The condition that the reference, without its hyphen, contains this part.
fn contains(part: &PartOfReference) -> Expr {
    let without_hyphen = Func::cust("replace").args([
        bookings::Column::Reference.into_expr(),
        Expr::val("-"),
        Expr::val(""),
    ]);
    Expr::expr(without_hyphen).like(db::containing(part.letters()))
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
