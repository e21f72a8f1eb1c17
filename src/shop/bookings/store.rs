//! The SQL that reads bookings, their lines and the payments that name them.

use std::collections::HashMap;

use holdfast_domain::{ids::BookingId, refund::rules::Occasion};
use holdfast_entity::{booking_lines, bookings};
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

use crate::kernel::db::{Sql, placeholders};

pub mod confirmed;

/// A booking and what it consists of.
pub async fn booking_with_lines(
    sql: &impl Sql,
    id: BookingId,
) -> Result<(bookings::Model, Vec<booking_lines::Model>), DbErr> {
    let row = sql.one("SELECT * FROM bookings WHERE id = $1", vec![id.0.into()]).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(format!("booking {id}")))?;
    let booking = bookings::Model::from_query_result(&row, "")?;
    Ok((booking, lines_of(sql, &[id.0]).await?))
}

/// The lines of bookings, seats first in the order of their ids.
pub async fn lines_of(
    sql: &impl Sql,
    bookings: &[Uuid],
) -> Result<Vec<booking_lines::Model>, DbErr> {
    if bookings.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "SELECT * FROM booking_lines WHERE booking_id IN ({}) \
         ORDER BY booking_id, event_id, kind DESC, seat_id, id",
        placeholders(1, bookings.len())
    );
    let rows = sql.all(&text, bookings.iter().map(|id| (*id).into()).collect()).await?;
    rows.iter().map(|row| booking_lines::Model::from_query_result(row, "")).collect()
}

/// When these events begin, or that they are called off; and the database's clock.
pub async fn occasions(
    sql: &impl Sql,
    events: &[Uuid],
) -> Result<(HashMap<Uuid, Occasion>, i64), DbErr> {
    let mut found = HashMap::with_capacity(events.len());
    let mut now_ms = 0;
    if events.is_empty() {
        return Ok((found, now_ms));
    }
    let text = format!(
        "SELECT id, status, starts_at, {{now}} AS now FROM events WHERE id IN ({})",
        placeholders(1, events.len())
    );
    for row in sql.all(&text, events.iter().map(|id| (*id).into()).collect()).await? {
        let occasion = match row.try_get::<String>("", "status")?.as_str() {
            "cancelled" => Occasion::CalledOff,
            _ => Occasion::StartsAt(row.try_get("", "starts_at")?),
        };
        found.insert(row.try_get("", "id")?, occasion);
        now_ms = row.try_get("", "now")?;
    }
    Ok((found, now_ms))
}

/// How a booking is looked up.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// By its id.
    Id(BookingId),
    /// By what people call it.
    Reference(&'a str),
}

/// Looks a booking up.
pub async fn find(sql: &impl Sql, by: By<'_>) -> Result<Option<bookings::Model>, DbErr> {
    let row = match by {
        By::Id(id) => sql.one("SELECT * FROM bookings WHERE id = $1", vec![id.0.into()]).await?,
        By::Reference(reference) => {
            sql.one("SELECT * FROM bookings WHERE reference = $1", vec![reference.into()]).await?
        }
    };
    row.map(|row| bookings::Model::from_query_result(&row, "")).transpose()
}

/// What people call these bookings, and those of which these refunds are.
pub async fn references(sql: &impl Sql, bookings: &[Uuid]) -> Result<HashMap<Uuid, String>, DbErr> {
    if bookings.is_empty() {
        return Ok(HashMap::new());
    }
    let list = placeholders(1, bookings.len());
    let text = format!(
        "SELECT id, reference FROM bookings WHERE id IN ({list}) \
         UNION ALL SELECT f.id, b.reference FROM refunds f JOIN bookings b ON b.id = f.booking_id \
         WHERE f.id IN ({list})"
    );
    let rows = sql.all(&text, bookings.iter().map(|id| (*id).into()).collect()).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "reference")?))).collect()
}

/// A buyer's bookings, newest first, after the one with this id.
pub async fn list(
    sql: &impl Sql,
    buyer: Uuid,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<bookings::Model>, DbErr> {
    let mut values: Vec<Value> = vec![buyer.into()];
    let after = match after {
        // The ids are UUIDv7: they sort by time.
        Some(id) => {
            values.push(id.into());
            "AND id < $2"
        }
        None => "",
    };
    let text = format!(
        "SELECT * FROM bookings WHERE buyer_id = $1 {after} ORDER BY id DESC LIMIT {limit}"
    );
    let rows = sql.all(&text, values).await?;
    rows.iter().map(|row| bookings::Model::from_query_result(row, "")).collect()
}

/// The booking whose payment the gateway calls by this id.
pub async fn booking_of_intent(
    sql: &impl Sql,
    provider: &str,
    intent: &str,
) -> Result<Option<BookingId>, DbErr> {
    let row = sql
        .one(
            "SELECT booking_id FROM payments WHERE provider = $1 AND intent_id = $2",
            vec![provider.into(), intent.into()],
        )
        .await?;
    row.map(|row| row.try_get("", "booking_id").map(BookingId)).transpose()
}
