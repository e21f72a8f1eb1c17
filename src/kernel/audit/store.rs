//! The SQL of the audit log.

use holdfast_entity::audit;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::{AuditFilter, AuditRecord};
use crate::kernel::db::{self, Sql, StoreError};

/// Inserts the entry. Its time is the time of the database's clock.
pub(super) async fn insert(sql: &impl Sql, entry: &AuditRecord) -> Result<(), StoreError> {
    let row = audit::Model {
        id: entry.id,
        at: 0,
        actor_kind: entry.actor.kind(),
        actor_id: entry.actor.id(),
        actor_role: entry.actor.role(),
        network_address: None,
        user_agent: None,
        action: entry.action.to_owned(),
        subject_kind: entry.subject.0.to_owned(),
        subject_id: entry.subject.1,
        detail: entry.detail.to_string(),
    };
    db::insert_at(sql, row, &[audit::Column::At]).await
}

/// A page of entries, the newest first.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    filter: AuditFilter,
    limit: u64,
) -> Result<Vec<audit::Model>, StoreError> {
    Ok(audit::Entity::find()
        .apply_if(filter.subject, |found, subject| {
            found.filter(audit::Column::SubjectId.eq(subject))
        })
        .apply_if(filter.actor, |found, actor| found.filter(audit::Column::ActorId.eq(actor)))
        .apply_if(filter.after, |found, after| found.filter(audit::Column::Id.lt(after)))
        .order_by_desc(audit::Column::Id)
        .limit(limit)
        .all(db)
        .await?)
}

/// Deletes entries older than `kept_ms`, oldest first. Returns their number.
pub(super) async fn forget(sql: &impl Sql, kept_ms: i64) -> Result<u64, StoreError> {
    db::forget(sql, audit::Entity::find(), audit::Column::At, kept_ms).await
}
