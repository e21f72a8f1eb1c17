//! The SQL of the change log.

use holdfast_domain::ids::EventId;
use sea_orm::DbErr;

use crate::db::Sql;

/// Adds an outbox row.
pub async fn insert(sql: &impl Sql, event: EventId, payload: String) -> Result<(), DbErr> {
    sql.run(
        "INSERT INTO outbox (event_id, payload, created_at) VALUES ($1, $2, {now})",
        vec![event.0.into(), payload.into()],
    )
    .await
    .map(|_| ())
}
