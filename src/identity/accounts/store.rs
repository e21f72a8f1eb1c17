//! The SQL of accounts: users, the links in mails to them, and tries.

use holdfast_domain::{
    access::Role,
    ids::{LinkId, UserId},
    link::{LinkPurpose, TryKind},
};
use holdfast_entity::{account_links, account_tries, users};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    UpdateMany,
    sea_query::{ExprTrait, LockType},
};

use crate::kernel::db::{self, Bug, Db, Sql, StoreError};

/// The user with this normalized e-mail address.
pub async fn user_by_email(
    db: &impl ConnectionTrait,
    email: &str,
) -> Result<Option<users::Model>, StoreError> {
    Ok(users::Entity::find().filter(users::Column::Email.eq(email)).one(db).await?)
}

/// The oldest user with one of these forms of an e-mail address.
pub async fn user_of_forms(
    sql: &impl Sql,
    forms: Vec<String>,
) -> Result<Option<users::Model>, StoreError> {
    let found = users::Entity::find()
        .filter(db::is_among(sql, users::Column::Email, forms))
        .order_by_asc(users::Column::Id);
    Ok(found.one(sql.reading()).await?)
}

/// Writes what a user has registered, and the status.
pub async fn set_registration(tx: &impl Sql, user: &users::Model) -> Result<(), StoreError> {
    let change = users::Entity::update_many()
        .filter(users::Column::Id.eq(user.id))
        .col_expr(users::Column::PasswordHash, user.password_hash.clone().into())
        .col_expr(users::Column::FirstName, user.first_name.as_str().into())
        .col_expr(users::Column::LastName, user.last_name.as_str().into())
        .col_expr(users::Column::Locale, user.locale.as_str().into())
        .col_expr(users::Column::Status, user.status.into());
    db::change(tx, change).await.map(|_| ())
}

pub async fn user(
    db: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<users::Model>, StoreError> {
    Ok(users::Entity::find_by_id(id).one(db).await?)
}

/// Inserts a user. A taken e-mail address is a unique violation.
pub async fn insert_user(db: &Db, user: users::Model) -> Result<(), StoreError> {
    db::insert(db, user).await
}

/// The user, locked until the transaction ends.
pub async fn lock_user(tx: &impl Sql, id: UserId) -> Result<Option<users::Model>, StoreError> {
    let found = users::Entity::find_by_id(id).lock(LockType::NoKeyUpdate);
    Ok(found.one(tx.reading()).await?)
}

pub async fn set_password(tx: &impl Sql, id: UserId, hash: &str) -> Result<(), StoreError> {
    let change = users::Entity::update_many()
        .filter(users::Column::Id.eq(id))
        .col_expr(users::Column::PasswordHash, hash.into());
    db::change(tx, change).await.map(|_| ())
}

pub async fn set_role(tx: &impl Sql, id: UserId, role: Role) -> Result<(), StoreError> {
    let change = users::Entity::update_many()
        .filter(users::Column::Id.eq(id))
        .col_expr(users::Column::Role, role.into());
    db::change(tx, change).await.map(|_| ())
}

/// The links that were neither used nor replaced, and that have not expired.
fn live_links() -> Select<account_links::Entity> {
    account_links::Entity::find()
        .filter(account_links::Column::EndedAt.is_null())
        .filter(account_links::Column::ExpiresAt.into_expr().gt(db::clock()))
}

/// The link, if it is live.
pub async fn link(sql: &impl Sql, id: LinkId) -> Result<Option<account_links::Model>, StoreError> {
    db::find(sql, live_links().filter(account_links::Column::Id.eq(id))).await
}

/// The live link of the user for this purpose.
pub async fn live_link(
    sql: &impl Sql,
    user: UserId,
    purpose: LinkPurpose,
) -> Result<Option<account_links::Model>, StoreError> {
    let found = live_links()
        .filter(account_links::Column::UserId.eq(user))
        .filter(account_links::Column::Purpose.eq(purpose));
    db::find(sql, found).await
}

fn end(links: UpdateMany<account_links::Entity>) -> UpdateMany<account_links::Entity> {
    links
        .filter(account_links::Column::EndedAt.is_null())
        .col_expr(account_links::Column::EndedAt, db::clock())
}

/// Ends the link, if it is live; returns whether it was.
pub async fn use_link(tx: &impl Sql, id: LinkId) -> Result<bool, StoreError> {
    let live = account_links::Entity::update_many()
        .filter(account_links::Column::Id.eq(id))
        .filter(account_links::Column::ExpiresAt.into_expr().gt(db::clock()));
    Ok(db::change(tx, end(live)).await? == 1)
}

/// Ends the user's links for this purpose.
pub async fn end_links(
    tx: &impl Sql,
    user: UserId,
    purpose: LinkPurpose,
) -> Result<(), StoreError> {
    let links = account_links::Entity::update_many()
        .filter(account_links::Column::UserId.eq(user))
        .filter(account_links::Column::Purpose.eq(purpose));
    db::change(tx, end(links)).await.map(|_| ())
}

/// Counts a mail with the link.
pub async fn count_mail(tx: &impl Sql, id: LinkId, now: i64) -> Result<(), StoreError> {
    let change = account_links::Entity::update_many()
        .filter(account_links::Column::Id.eq(id))
        .col_expr(account_links::Column::Mails, db::plus(account_links::Column::Mails, 1))
        .col_expr(account_links::Column::SentAt, now.into());
    db::change(tx, change).await.map(|_| ())
}

/// Counts a try in the present hour; returns how many there are now.
pub async fn count_try(
    sql: &impl Sql,
    user: UserId,
    kind: TryKind,
    hour_ms: i64,
) -> Result<i32, StoreError> {
    let tries: Option<i32> = sql
        .value(
            "INSERT INTO account_tries (user_id, kind, hour, tries) \
             SELECT $1, $2, {now} / $3 * $3, 1 WHERE TRUE \
             ON CONFLICT (user_id, kind, hour) DO UPDATE SET tries = account_tries.tries + 1 RETURNING tries",
            vec![user.into(), kind.into(), hour_ms.into()],
        )
        .await?;
    Ok(tries.ok_or_else(|| Bug::new("a try is not counted"))?)
}

/// Deletes links and counts of tries that are older than `kept_ms`. Returns their number.
pub async fn forget(sql: &impl Sql, kept_ms: i64) -> Result<u64, StoreError> {
    let links = account_links::Entity::find();
    let links = db::forget(sql, links, account_links::Column::ExpiresAt, kept_ms).await?;
    let tries = account_tries::Entity::find();
    Ok(links + db::forget(sql, tries, account_tries::Column::Hour, kept_ms).await?)
}
