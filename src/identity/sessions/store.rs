//! The SQL of sessions.

use holdfast_domain::ids::{SessionId, UserId};
use holdfast_entity::sessions::{Column, Entity, Model};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
    sea_query::{ExprTrait, LockType},
};

use crate::kernel::db::{self, Bug, Sql, StoreError};

/// The maximum number of sessions that a list shows.
const MAX_LISTED: u64 = 100;

/// The session, locked until the transaction ends.
pub(super) async fn lock(tx: &impl Sql, id: SessionId) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx.reading()).await?)
}

/// Makes the next token the present one.
pub(super) async fn replace(tx: &impl Sql, session: &Model, now: i64) -> Result<(), StoreError> {
    // A clock that was set back makes no session older than it is.
    let now = Ord::max(now, session.replaced_at);
    let change = going_on()
        .filter(Column::Id.eq(session.id))
        .filter(Column::Number.eq(session.number))
        .col_expr(Column::Number, db::plus(Column::Number, 1))
        .col_expr(Column::ReplacedAt, now.into())
        .col_expr(Column::ExpiresAt, (now + session.length.idle_ms()).into());
    match db::change(tx, change).await? {
        1 => Ok(()),
        rows => Err(Bug::new(format!("{rows} sessions were renewed at once")).into()),
    }
}

/// A change of sessions that have not ended.
fn going_on() -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::EndedAt.is_null())
}

fn ended(change: UpdateMany<Entity>) -> UpdateMany<Entity> {
    change.col_expr(Column::EndedAt, db::clock())
}

/// Ends the session, if it goes on.
pub(super) async fn end(sql: &impl Sql, id: SessionId) -> Result<(), StoreError> {
    db::change(sql, ended(going_on().filter(Column::Id.eq(id)))).await.map(|_| ())
}

/// Ends a session of this user; returns whether it went on.
pub(super) async fn end_of(
    sql: &impl Sql,
    user: UserId,
    id: SessionId,
) -> Result<bool, StoreError> {
    let mine = going_on().filter(Column::Id.eq(id)).filter(Column::UserId.eq(user));
    Ok(db::change(sql, ended(mine)).await? == 1)
}

/// Ends all sessions of the user but this one.
pub(super) async fn end_others(
    sql: &impl Sql,
    user: UserId,
    but: Option<SessionId>,
) -> Result<u64, StoreError> {
    let mut others = going_on().filter(Column::UserId.eq(user));
    if let Some(but) = but {
        others = others.filter(Column::Id.ne(but));
    }
    db::change(sql, ended(others)).await
}

/// All sessions of the user, over or not, the last one first.
pub(super) async fn all_of(sql: &impl Sql, user: UserId) -> Result<Vec<Model>, StoreError> {
    let found = Entity::find().filter(Column::UserId.eq(user)).order_by_desc(Column::Id);
    db::list(sql, found).await
}

/// Whether the session goes on.
pub(super) async fn is_live(sql: &impl Sql, id: SessionId) -> Result<bool, StoreError> {
    let found = Entity::find_by_id(id)
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.into_expr().gt(db::clock()));
    Ok(db::find::<Model, _>(sql, found).await?.is_some())
}

/// Deletes all sessions of the user.
pub(super) async fn delete_of(sql: &impl Sql, user: UserId) -> Result<(), StoreError> {
    db::change(sql, Entity::delete_many().filter(Column::UserId.eq(user))).await.map(|_| ())
}

/// The sessions of the user that go on, the last one first.
pub(super) async fn list(sql: &impl Sql, user: UserId) -> Result<Vec<Model>, StoreError> {
    let found = Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.into_expr().gt(db::clock()))
        .order_by_desc(Column::Id)
        .limit(MAX_LISTED);
    db::list(sql, found).await
}

/// Deletes sessions whose time was over more than `kept_ms` ago, oldest first. Returns their number.
pub(super) async fn forget(sql: &impl Sql, kept_ms: i64) -> Result<u64, StoreError> {
    db::forget(sql, Entity::find(), Column::ExpiresAt, kept_ms).await
}
