//! The SQL of the audit.

use holdfast_domain::access::Role;
use holdfast_entity::audit;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use super::{Entry, Filter};
use crate::kernel::db::Sql;

/// Writes an entry.
pub(super) async fn insert(sql: &impl Sql, entry: &Entry) -> Result<(), DbErr> {
    sql.run(
        "INSERT INTO audit (id, at, actor_kind, actor_id, actor_role, action, subject_kind, subject_id, \
         detail) VALUES ($1, {now}, $2, $3, $4, $5, $6, $7, $8)",
        vec![
            entry.id.into(),
            entry.actor.kind().as_str().into(),
            entry.actor.id().into(),
            entry.actor.role().map(Role::as_str).into(),
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
    db: &impl ConnectionTrait,
    filter: Filter,
    limit: u64,
) -> Result<Vec<audit::Model>, DbErr> {
    audit::Entity::find()
        .apply_if(filter.subject, |found, subject| {
            found.filter(audit::Column::SubjectId.eq(subject))
        })
        .apply_if(filter.actor, |found, actor| found.filter(audit::Column::ActorId.eq(actor)))
        .apply_if(filter.after, |found, after| found.filter(audit::Column::Id.lt(after)))
        .order_by_desc(audit::Column::Id)
        .limit(limit)
        .all(db)
        .await
}

/// Deletes what is older than `kept_ms`.
pub(super) async fn forget(sql: &impl Sql, kept_ms: i64, most: u64) -> Result<u64, DbErr> {
    let text = format!(
        "DELETE FROM audit WHERE id IN \
         (SELECT id FROM audit WHERE at < {{now}} - $1 ORDER BY at LIMIT {most})"
    );
    sql.run(&text, vec![kept_ms.into()]).await
}
