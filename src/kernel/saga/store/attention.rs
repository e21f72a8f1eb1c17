//! SQL that shows sagas to operators, and that resumes a saga which needed attention.

use holdfast_entity::sagas;
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::ExprTrait,
};
use uuid::Uuid;

use super::{LEASE_MS, ROW, SagaRow, change_held, stands};
use crate::kernel::{
    db::{self, Sql, StoreError},
    saga::Status,
};

/// The conditions of the sagas that are listed.
#[derive(Debug, Clone, Default)]
pub struct SagaFilter {
    pub status: Option<Status>,
    pub kind: Option<String>,
    /// Only sagas that began before this saga.
    pub after: Option<Uuid>,
}

/// A saga as an operator sees it. The state is for its driver alone: it may hold secrets.
#[derive(Debug, Clone, FromQueryResult)]
pub struct ListedSaga {
    pub id: Uuid,
    /// The driver's name for this kind of saga.
    pub kind: String,
    /// The object that the saga works on, such as a booking.
    pub subject_id: Uuid,
    pub status: Status,
    /// The state in the driver's encoding.
    pub state: String,
    /// The format of the state.
    pub format: i32,
    /// Why an operator must look at the saga.
    pub reason: Option<String>,
    /// The last error of a step, in words.
    pub last_error: Option<String>,
    /// When the saga is due again, in milliseconds since 1970.
    pub due_at: i64,
    /// When the saga began, in milliseconds since 1970.
    pub created_at: i64,
    /// When the saga was last changed, in milliseconds since 1970.
    pub updated_at: i64,
    /// The database's clock when the row was read, in milliseconds since 1970.
    pub now: i64,
}

/// A page of sagas, the newest first.
pub async fn list(
    sql: &impl Sql,
    filter: &SagaFilter,
    limit: u64,
) -> Result<Vec<ListedSaga>, StoreError> {
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

pub async fn find(sql: &impl Sql, id: Uuid) -> Result<Option<ListedSaga>, StoreError> {
    db::find(sql, sagas::Entity::find_by_id(id).expr_as(db::clock(), "now")).await
}

/// Claims a saga that needs attention. `None` when the saga does not exist or needs none.
pub async fn claim_stuck(sql: &impl Sql, id: Uuid) -> Result<Option<SagaRow>, StoreError> {
    let text = format!(
        "UPDATE sagas SET fence = fence + 1, version = version + 1, lease_until = {{now}} + $1, \
         updated_at = {{now}} WHERE id = $2 AND status = 'needs_attention' RETURNING {ROW}"
    );
    sql.find(&text, vec![LEASE_MS.into(), id.into()]).await
}

/// Makes a claimed saga due, and removes the reason for which an operator had to look at it.
pub async fn resume(
    sql: &impl Sql,
    held: &SagaRow,
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

/// The number of sagas of one kind and one status.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct SagaCount {
    /// The driver's name for the kind.
    pub kind: String,
    /// The status of the sagas, which are not over.
    pub status: Status,
    pub count: i64,
    /// For how long the saga that waits longest has been due, in milliseconds. 0 when no saga is due.
    pub overdue_ms: i64,
}

/// Counts the sagas that are not over, by kind and status.
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
