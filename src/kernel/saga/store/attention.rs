//! The SQL of what operators see of sagas, and of sending one on again.

use holdfast_entity::sagas;
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::ExprTrait,
};
use uuid::Uuid;

use super::{LEASE_MS, ROW, Row, change_held, stands};
use crate::kernel::{
    db::{self, Sql, StoreError},
    saga::Status,
};

/// Which sagas are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this status.
    pub status: Option<Status>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Begun before this one.
    pub after: Option<Uuid>,
}

/// A saga as an operator sees it. The state is for its driver alone: it may hold secrets.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Listed {
    /// The saga.
    pub id: Uuid,
    /// The driver's name for it.
    pub kind: String,
    /// What it is about.
    pub subject_id: Uuid,
    /// Where it stands.
    pub status: String,
    /// The state as written.
    pub state: String,
    /// The format of the state.
    pub format: i32,
    /// Why an operator must look at it.
    pub reason: Option<String>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When somebody looks again, in milliseconds since 1970.
    pub due_at: i64,
    /// When it was begun, in milliseconds since 1970.
    pub created_at: i64,
    /// When it was written last, in milliseconds since 1970.
    pub updated_at: i64,
    /// The database's clock at the statement.
    pub now: i64,
}

/// A page of sagas, the newest first.
pub async fn list(sql: &impl Sql, filter: &Filter, limit: u64) -> Result<Vec<Listed>, StoreError> {
    let found = sagas::Entity::find()
        .expr_as(db::clock(), "now")
        .apply_if(filter.status, |found, status| {
            let status = db::literal(status.as_str());
            found.filter(sagas::Column::Status.into_expr().eq(status))
        })
        .apply_if(filter.kind.as_deref(), |found, kind| found.filter(sagas::Column::Kind.eq(kind)))
        .apply_if(filter.after, |found, after| found.filter(sagas::Column::Id.lt(after)))
        .order_by_desc(sagas::Column::Id)
        .limit(limit);
    db::list(sql, found).await
}

/// One saga.
pub async fn find(sql: &impl Sql, id: Uuid) -> Result<Option<Listed>, StoreError> {
    db::find(sql, sagas::Entity::find_by_id(id).expr_as(db::clock(), "now")).await
}

/// Claims a saga that needs attention, whoever had it; nothing when it needs none.
pub async fn claim_stuck(sql: &impl Sql, id: Uuid) -> Result<Option<Row>, StoreError> {
    let text = format!(
        "UPDATE sagas SET fence = fence + 1, version = version + 1, lease_until = {{now}} + $1, \
         updated_at = {{now}} WHERE id = $2 AND status = 'needs_attention' RETURNING {ROW}"
    );
    sql.find(&text, vec![LEASE_MS.into(), id.into()]).await
}

/// Makes a claimed saga due, with nothing that an operator must see to.
pub async fn resume(
    sql: &impl Sql,
    held: &Row,
    status: Status,
    state: &str,
    format: u16,
) -> Result<u64, StoreError> {
    let change = change_held(held.id, held.fence)
        .set(stands(status, state, format))
        .col_expr(sagas::Column::Reason, None::<String>.into())
        .col_expr(sagas::Column::DueAt, held.now_ms.into());
    db::change(sql, change).await
}

/// How many sagas of one kind stand where.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct SagaCount {
    /// The driver's name for the kind.
    pub kind: String,
    /// Where they stand; never at rest.
    pub status: String,
    /// How many.
    pub count: i64,
    /// For how long the one that waits longest has been due, in milliseconds; 0 where none is due.
    pub overdue_ms: i64,
}

/// How many sagas that are not over stand where.
pub async fn standing(sql: &impl Sql) -> Result<Vec<SagaCount>, StoreError> {
    sql.list(
            "SELECT kind, status, COUNT(*) AS count, \
             CAST(MAX(CASE WHEN due_at < {now} THEN {now} - due_at ELSE 0 END) AS bigint) AS overdue_ms \
             FROM sagas WHERE status IN ('running', 'waiting', 'undoing', 'needs_attention') \
             GROUP BY kind, status ORDER BY kind, status",
            vec![],
        )
        .await
}
