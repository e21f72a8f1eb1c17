//! The SQL of the audit.

use holdfast_entity::audit;
use sea_orm::{DbErr, FromQueryResult};
use uuid::Uuid;

use super::Entry;
use crate::db::Sql;

/// How many entries of one thing are read at the most.
const MAX_READ: u64 = 1_000;

/// Writes an entry.
pub(super) async fn insert(sql: &impl Sql, entry: &Entry) -> Result<(), DbErr> {
    sql.run(
        "INSERT INTO audit (id, at, actor_id, actor_role, action, subject_kind, subject_id, detail) \
         VALUES ($1, {now}, $2, $3, $4, $5, $6, $7)",
        vec![
            entry.id.into(),
            entry.actor.id.0.into(),
            entry.actor.role.as_str().into(),
            entry.action.into(),
            entry.subject.0.into(),
            entry.subject.1.into(),
            entry.detail.to_string().into(),
        ],
    )
    .await
    .map(|_| ())
}

/// What was done to one thing, the oldest first.
pub(super) async fn of_subject(sql: &impl Sql, subject: Uuid) -> Result<Vec<audit::Model>, DbErr> {
    let text = format!("SELECT * FROM audit WHERE subject_id = $1 ORDER BY id LIMIT {MAX_READ}");
    let rows = sql.all(&text, vec![subject.into()]).await?;
    rows.iter().map(|row| audit::Model::from_query_result(row, "")).collect()
}

/// Deletes what is older than `kept_ms`.
pub(super) async fn forget(sql: &impl Sql, kept_ms: i64, most: u64) -> Result<u64, DbErr> {
    let text = format!(
        "DELETE FROM audit WHERE id IN \
         (SELECT id FROM audit WHERE at < {{now}} - $1 ORDER BY at LIMIT {most})"
    );
    sql.run(&text, vec![kept_ms.into()]).await
}
