//! Seating plans, one row a version.

use holdfast_domain::ids::EventId;
use sea_orm::DbErr;

use crate::kernel::db::{Sql, Tx};

/// Keeps a plan under its version.
pub async fn insert(tx: &Tx, event: EventId, version: i32, document: String) -> Result<(), DbErr> {
    tx.run(
        "INSERT INTO plans (event_id, version, document, created_at) VALUES ($1, $2, $3, {now})",
        vec![event.0.into(), version.into(), document.into()],
    )
    .await
    .map(|_| ())
}

/// The plan under this version. A version that changed nothing but what seats are like has no plan of its own
/// and stands on the one before.
pub async fn document(
    sql: &impl Sql,
    event: EventId,
    version: i32,
) -> Result<Option<String>, DbErr> {
    let row = sql
        .one(
            "SELECT document FROM plans WHERE event_id = $1 AND version <= $2 \
             ORDER BY version DESC LIMIT 1",
            vec![event.0.into(), version.into()],
        )
        .await?;
    row.map(|row| row.try_get("", "document")).transpose()
}
