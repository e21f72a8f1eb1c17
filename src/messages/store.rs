//! The SQL of messages.

use holdfast_domain::{
    ids::MessageId,
    message::{Kind, Status},
};
use holdfast_entity::messages::{Column, Entity, Model};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
    UpdateMany,
    sea_query::{Expr, ExprTrait},
};

use uuid::Uuid;

use crate::kernel::db::{self, Sql, StoreError, Writes};

/// For how long a claimed message belongs to its worker, in milliseconds of the database's clock. A worker renews its lease
/// until the mail server has answered, so the lease says how long the messages of a dead worker wait.
const LEASE_MS: i64 = 60_000;
/// The maximum length of an error that is kept, in characters.
const MAX_ERROR: usize = 500;

/// How a message ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MessageOutcome {
    Sent,
    Unneeded,
    Failed(String),
}

pub(super) async fn insert(to: &impl Writes, rows: Vec<Model>) -> Result<(), StoreError> {
    db::insert_new(to, rows, Column::Cause).await
}

/// Claims due messages of these kinds, oldest first.
pub(super) async fn claim(
    sql: &impl Sql,
    kinds: &[Kind],
    limit: usize,
) -> Result<Vec<Model>, StoreError> {
    let kinds = db::set(sql.dialect(), kinds.iter().map(|kind| kind.as_str().to_owned()));
    let claimed: Vec<ClaimedId> = sql
        .list(
            "UPDATE messages SET attempts = attempts + 1, due_at = {now} + $1 \
         WHERE id IN (SELECT id FROM messages \
             WHERE status = 'waiting' AND due_at <= {now} AND kind {among $2} \
             ORDER BY due_at LIMIT $3 {skip}) \
         RETURNING id",
            vec![LEASE_MS.into(), kinds, (limit as i64).into()],
        )
        .await?;
    if claimed.is_empty() {
        return Ok(Vec::new());
    }
    let claimed = claimed.into_iter().map(|claimed| claimed.id);
    let found = Entity::find().filter(db::is_among(sql, Column::Id, claimed));
    db::list(sql, found.order_by_asc(Column::Id)).await
}

#[derive(FromQueryResult)]
struct ClaimedId {
    id: MessageId,
}

/// Changes the message, unless it has ended or another worker has claimed it since.
fn change_claimed(message: &Model) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::Id.eq(message.id))
        .filter(Column::Status.eq(Status::Waiting))
        .filter(Column::Attempts.eq(message.attempts))
}

/// Renews the lease of a worker. Returns whether the message still belongs to it.
pub(super) async fn renew(sql: &impl Sql, message: &Model) -> Result<bool, StoreError> {
    let change = change_claimed(message).col_expr(Column::DueAt, db::clock().add(LEASE_MS));
    Ok(db::change(sql, change).await? == 1)
}

/// Makes a message due again after `wait_ms`.
pub(super) async fn put_off(
    sql: &impl Sql,
    message: &Model,
    why: &str,
    wait_ms: i64,
) -> Result<(), StoreError> {
    let change = change_claimed(message)
        .col_expr(Column::DueAt, db::clock().add(wait_ms))
        .col_expr(Column::LastError, kept(why).into());
    db::change(sql, change).await.map(|_| ())
}

/// Records how a message ended.
pub(super) async fn settle(
    sql: &impl Sql,
    message: &Model,
    outcome: MessageOutcome,
) -> Result<(), StoreError> {
    let (status, error) = match outcome {
        MessageOutcome::Sent => (Status::Sent, None),
        MessageOutcome::Unneeded => (Status::Unneeded, None),
        MessageOutcome::Failed(why) => (Status::Failed, Some(kept(&why))),
    };
    // Once its user knows, nothing of an erased account stays.
    if message.kind == Kind::AccountErased && status != Status::Failed {
        return delete_claimed(sql, message).await;
    }
    let change = change_claimed(message)
        .col_expr(Column::Status, status.into())
        .col_expr(Column::LastError, Expr::val(error))
        .col_expr(Column::SettledAt, db::clock());
    db::change(sql, change).await.map(|_| ())
}

async fn delete_claimed(sql: &impl Sql, message: &Model) -> Result<(), StoreError> {
    let claimed = Entity::delete_many()
        .filter(Column::Id.eq(message.id))
        .filter(Column::Status.eq(Status::Waiting))
        .filter(Column::Attempts.eq(message.attempts));
    db::change(sql, claimed).await.map(|_| ())
}

/// Deletes the messages to this address.
pub(super) async fn delete_to(sql: &impl Sql, recipient: &str) -> Result<(), StoreError> {
    let to = Entity::delete_many().filter(Column::Recipient.eq(recipient));
    db::change(sql, to).await.map(|_| ())
}

/// Deletes the messages about these subjects.
pub(super) async fn delete_about(sql: &impl Sql, subjects: &[Uuid]) -> Result<(), StoreError> {
    let about = db::is_among(sql, Column::SubjectId, subjects.iter().copied());
    db::change(sql, Entity::delete_many().filter(about)).await.map(|_| ())
}

fn kept(why: &str) -> String {
    why.chars().filter(|letter| !letter.is_control()).take(MAX_ERROR).collect()
}

/// The messages of the kinds that this version knows. A newer version may have written others.
fn known() -> Select<Entity> {
    Entity::find().filter(Column::Kind.is_in(Kind::ALL))
}

/// The messages with this status, newest first.
pub(super) async fn list(
    sql: &impl Sql,
    status: Option<Status>,
    after: Option<MessageId>,
    limit: u64,
) -> Result<Vec<Model>, StoreError> {
    let mut found = known().order_by_desc(Column::Id).limit(limit);
    if let Some(status) = status {
        found = found.filter(Column::Status.eq(status));
    }
    if let Some(after) = after {
        found = found.filter(Column::Id.lt(after));
    }
    db::list(sql, found).await
}

/// How many messages have this status. Each status has a partial index.
pub(super) async fn count(sql: &impl Sql, status: Status) -> Result<i64, StoreError> {
    let of = Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "count")
        .filter(Column::Status.into_expr().eq(db::literal(status.as_str())));
    let counted: Option<Counted> = db::find(sql, of).await?;
    Ok(counted.map_or(0, |counted| counted.count))
}

#[derive(FromQueryResult)]
struct Counted {
    count: i64,
}

/// All messages to this address, oldest first.
pub(super) async fn list_to(sql: &impl Sql, recipient: &str) -> Result<Vec<Model>, StoreError> {
    db::list(sql, known().filter(Column::Recipient.eq(recipient)).order_by_asc(Column::Id)).await
}

/// The messages of these kinds about these subjects, oldest first.
pub(super) async fn list_about(
    sql: &impl Sql,
    kinds: &[Kind],
    subjects: &[Uuid],
) -> Result<Vec<Model>, StoreError> {
    let about = db::is_among(sql, Column::SubjectId, subjects.iter().copied());
    let found = Entity::find().filter(about).filter(Column::Kind.is_in(kinds.iter().copied()));
    db::list(sql, found.order_by_asc(Column::Id)).await
}

pub(super) async fn find(sql: &impl Sql, id: MessageId) -> Result<Option<Model>, StoreError> {
    db::find(sql, known().filter(Column::Id.eq(id))).await
}

/// Makes a failed message due now, as if it had never been tried. Returns whether it was failed.
pub(super) async fn retry(sql: &impl Sql, id: MessageId) -> Result<bool, StoreError> {
    let change = Entity::update_many()
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::Failed))
        .col_expr(Column::Status, Status::Waiting.into())
        .col_expr(Column::Attempts, 0.into())
        .col_expr(Column::SettledAt, Expr::val(None::<i64>))
        .col_expr(Column::DueAt, db::clock());
    Ok(db::change(sql, change).await? == 1)
}

/// Deletes settled messages that were written more than `kept_ms` ago, oldest first. Returns their number.
pub(super) async fn forget(sql: &impl Sql, kept_ms: i64) -> Result<u64, StoreError> {
    let settled = Entity::find().filter(Column::Status.ne(Status::Waiting));
    db::forget(sql, settled, Column::CreatedAt, kept_ms).await
}
