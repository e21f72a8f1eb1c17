//! The SQL of tickets.

use holdfast_entity::tickets;
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

use crate::db::{Sql, placeholders};

const COLUMNS: usize = 12;

/// Writes tickets.
pub async fn insert(sql: &impl Sql, rows: &[tickets::Model]) -> Result<(), DbErr> {
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
    sql.run(&text, values).await.map(|_| ())
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
