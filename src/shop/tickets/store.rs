//! The SQL of tickets.

use holdfast_entity::tickets;
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

use crate::kernel::db::{Sql, Writes, placeholders};

const COLUMNS: usize = 12;

/// Writes tickets.
pub async fn insert(sql: &impl Writes, rows: &[tickets::Model]) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut text = "INSERT INTO tickets (id, event_id, booking_id, line_id, buyer_id, ordinal, \
        seat_id, section_id, label, admits, status, issued_at) VALUES "
        .to_owned();
    let mut values: Vec<Value> = Vec::with_capacity(rows.len() * COLUMNS);
    for (at, row) in rows.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        text.push_str(&format!("{comma}({})", placeholders(values.len() + 1, COLUMNS)));
        values.extend([
            row.id.into(),
            row.event_id.into(),
            row.booking_id.into(),
            row.line_id.into(),
            row.buyer_id.into(),
            row.ordinal.into(),
            row.seat_id.into(),
            row.section_id.into(),
            row.label.as_str().into(),
            row.admits.into(),
            row.status.as_str().into(),
            row.issued_at.into(),
        ]);
    }
    sql.write(&text, values, None).await
}

/// Locks the tickets of a booking in the order of their ids.
pub async fn lock(sql: &impl Sql, booking: Uuid) -> Result<(), DbErr> {
    sql.all("SELECT id FROM tickets WHERE booking_id = $1 ORDER BY id {lock}", vec![booking.into()])
        .await
        .map(|_| ())
}

/// Moves the tickets of lines from one of these states to another; how many that were.
pub async fn change(
    sql: &impl Sql,
    booking: Uuid,
    lines: &[Uuid],
    to: &str,
    from: &[&str],
) -> Result<u64, DbErr> {
    if lines.is_empty() {
        return Ok(0);
    }
    let mut values: Vec<Value> = vec![booking.into(), to.into()];
    values.extend(lines.iter().map(|id| Value::from(*id)));
    let text = format!(
        "UPDATE tickets SET status = $2 WHERE booking_id = $1 AND line_id IN ({}) \
         AND status IN ('{}')",
        placeholders(3, lines.len()),
        from.join("', '")
    );
    sql.run(&text, values).await
}

/// The tickets of bookings.
pub async fn of_bookings(sql: &impl Sql, bookings: &[Uuid]) -> Result<Vec<tickets::Model>, DbErr> {
    if bookings.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "SELECT * FROM tickets WHERE booking_id IN ({}) ORDER BY id",
        placeholders(1, bookings.len())
    );
    let rows = sql.all(&text, bookings.iter().map(|id| (*id).into()).collect()).await?;
    rows.iter().map(|row| tickets::Model::from_query_result(row, "")).collect()
}
