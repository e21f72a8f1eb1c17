//! The SQL of the audit.

use holdfast_entity::audit;
use sea_orm::{DbErr, FromQueryResult, Value};

use super::{Entry, Filter};
use crate::kernel::{actor::Actor, db::Sql};

/// Writes an entry.
pub(super) async fn insert(sql: &impl Sql, entry: &Entry) -> Result<(), DbErr> {
    let Actor::User(user) = entry.actor else { return Ok(()) };
    sql.run(
        "INSERT INTO audit (id, at, actor_id, actor_role, action, subject_kind, subject_id, detail) \
         VALUES ($1, {now}, $2, $3, $4, $5, $6, $7)",
        vec![
            entry.id.into(),
            user.id.0.into(),
            user.role.as_str().into(),
            entry.action.into(),
            entry.subject.0.into(),
            entry.subject.1.into(),
            entry.detail.to_string().into(),
        ],
    )
    .await
    .map(|_| ())
}

/// A page of entries, the newest first.
pub(super) async fn list(
    sql: &impl Sql,
    filter: Filter,
    limit: u64,
) -> Result<Vec<audit::Model>, DbErr> {
    let mut wheres = String::new();
    let mut values: Vec<Value> = Vec::new();
    let wanted =
        [("subject_id =", filter.subject), ("actor_id =", filter.actor), ("id <", filter.after)];
    for (condition, value) in wanted {
        let Some(value) = value else { continue };
        values.push(value.into());
        let word = if values.len() == 1 { "WHERE" } else { "AND" };
        wheres.push_str(&format!(" {word} {condition} ${}", values.len()));
    }
    let text = format!("SELECT * FROM audit{wheres} ORDER BY id DESC LIMIT {limit}");
    let rows = sql.all(&text, values).await?;
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
