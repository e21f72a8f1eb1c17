//! The SQL of accounts: users, the links in mails to them, and tries.

use holdfast_domain::{
    access::{AccountStatus, Role},
    ids::{LinkId, UserId},
    link::{LinkPurpose, TryKind},
};
use holdfast_entity::{account_links, account_tries, users};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, UpdateMany,
    sea_query::{Expr, ExprTrait, Func, LockType},
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
        .col_expr(users::Column::Status, user.status.into())
        .col_expr(users::Column::CreatedAt, user.created_at.into());
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

/// The user has this address from now on. A taken address is a unique violation.
pub async fn set_email(tx: &impl Sql, id: UserId, email: &str) -> Result<(), StoreError> {
    let change = users::Entity::update_many()
        .filter(users::Column::Id.eq(id))
        .col_expr(users::Column::Email, email.into());
    db::change(tx, change).await.map(|_| ())
}

/// No password opens the account until its user has chosen a new one.
pub async fn clear_password(tx: &impl Sql, id: UserId) -> Result<(), StoreError> {
    let change = users::Entity::update_many()
        .filter(users::Column::Id.eq(id))
        .col_expr(users::Column::PasswordHash, Expr::val(None::<String>));
    db::change(tx, change).await.map(|_| ())
}

pub async fn set_status(
    tx: &impl Sql,
    id: UserId,
    status: AccountStatus,
) -> Result<(), StoreError> {
    let change = users::Entity::update_many()
        .filter(users::Column::Id.eq(id))
        .col_expr(users::Column::Status, status.into());
    db::change(tx, change).await.map(|_| ())
}

/// Deletes the row of a user whom no other table names.
pub async fn delete_user(tx: &impl Sql, id: UserId) -> Result<(), StoreError> {
    db::change(tx, users::Entity::delete_many().filter(users::Column::Id.eq(id))).await.map(|_| ())
}

/// Empties the row of a user. `email` stands for the address, which must be unique.
pub async fn empty_user(tx: &impl Sql, id: UserId, email: &str) -> Result<(), StoreError> {
    let change = users::Entity::update_many()
        .filter(users::Column::Id.eq(id))
        .col_expr(users::Column::Email, email.into())
        .col_expr(users::Column::PasswordHash, Expr::val(None::<String>))
        .col_expr(users::Column::FirstName, "".into())
        .col_expr(users::Column::LastName, "".into())
        .col_expr(users::Column::Status, AccountStatus::Erased.into());
    db::change(tx, change).await.map(|_| ())
}

/// Which users a list contains.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Each of these words is a part of the address or of a name, in lower case.
    pub words: Vec<String>,
    pub role: Option<Role>,
    pub status: Option<AccountStatus>,
    /// Only users who registered before this one.
    pub after: Option<UserId>,
}

/// The users, the last one who registered first.
pub async fn list_users(
    sql: &impl Sql,
    filter: &UserFilter,
    limit: u64,
) -> Result<Vec<users::Model>, StoreError> {
    let UserFilter { words, role, status, after } = filter;
    let mut found = users::Entity::find().order_by_desc(users::Column::Id).limit(limit);
    for word in words {
        let contains = |column: users::Column| {
            Expr::expr(Func::lower(column.into_expr())).like(db::containing(word))
        };
        let [email, first, last] =
            [users::Column::Email, users::Column::FirstName, users::Column::LastName].map(contains);
        found = found.filter(email.or(first).or(last));
    }
    if let Some(role) = role {
        found = found.filter(users::Column::Role.eq(*role));
    }
    if let Some(status) = status {
        found = found.filter(users::Column::Status.eq(*status));
    }
    // The ids are UUIDv7: they sort by time.
    if let Some(after) = after {
        found = found.filter(users::Column::Id.lt(*after));
    }
    db::list(sql, found).await
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
pub async fn find_link(
    sql: &impl Sql,
    id: LinkId,
) -> Result<Option<account_links::Model>, StoreError> {
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

/// Ends all links of the user.
pub async fn end_all_links(tx: &impl Sql, user: UserId) -> Result<(), StoreError> {
    let links = account_links::Entity::update_many().filter(account_links::Column::UserId.eq(user));
    db::change(tx, end(links)).await.map(|_| ())
}

/// All links of the user, over or not, oldest first.
pub async fn links_of(
    sql: &impl Sql,
    user: UserId,
) -> Result<Vec<account_links::Model>, StoreError> {
    let links = account_links::Entity::find().filter(account_links::Column::UserId.eq(user));
    db::list(sql, links.order_by_asc(account_links::Column::Id)).await
}

/// Deletes the links and the tries of the user.
pub async fn delete_proofs(tx: &impl Sql, user: UserId) -> Result<(), StoreError> {
    let links = account_links::Entity::delete_many();
    db::change(tx, links.filter(account_links::Column::UserId.eq(user))).await?;
    let tries = account_tries::Entity::delete_many();
    db::change(tx, tries.filter(account_tries::Column::UserId.eq(user))).await.map(|_| ())
}

/// Counts a mail with the link.
pub async fn count_mail(tx: &impl Sql, id: LinkId, now: i64) -> Result<(), StoreError> {
    let change = account_links::Entity::update_many()
        .filter(account_links::Column::Id.eq(id))
        .col_expr(account_links::Column::Mails, db::plus(account_links::Column::Mails, 1))
        .col_expr(account_links::Column::SentAt, now.into());
    db::change(tx, change).await.map(|_| ())
}

/// How often something was tried in the present hour.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub struct Tries {
    pub number: i32,
    /// The time until the next hour begins, in milliseconds.
    pub ends_in_ms: i64,
}

/// Counts a try in the present hour; returns how many there are now.
pub async fn count_try(
    sql: &impl Sql,
    user: UserId,
    kind: TryKind,
    hour_ms: i64,
) -> Result<Tries, StoreError> {
    let tries: Option<Tries> = sql
        .find(
            "INSERT INTO account_tries (user_id, kind, hour, tries) \
             SELECT $1, $2, {now} / $3 * $3, 1 WHERE TRUE \
             ON CONFLICT (user_id, kind, hour) DO UPDATE SET tries = account_tries.tries + 1 \
             RETURNING tries AS number, hour + $3 - {now} AS ends_in_ms",
            vec![user.into(), kind.into(), hour_ms.into()],
        )
        .await?;
    Ok(tries.ok_or_else(|| Bug::new("a try is not counted"))?)
}

/// How often this was tried in the present hour. `None` if it was not.
pub async fn tries_so_far(
    sql: &impl Sql,
    user: UserId,
    kind: TryKind,
    hour_ms: i64,
) -> Result<Option<Tries>, StoreError> {
    sql.find(
        "SELECT tries AS number, hour + $3 - {now} AS ends_in_ms FROM account_tries \
         WHERE user_id = $1 AND kind = $2 AND hour = {now} / $3 * $3",
        vec![user.into(), kind.into(), hour_ms.into()],
    )
    .await
}

/// A user whose row was deleted.
#[derive(FromQueryResult)]
struct Gone {
    id: UserId,
}

/// Deletes accounts that were registered more than `kept_ms` ago and never activated, unless a link still activates them.
/// Returns the ids of the users whose accounts were deleted.
pub async fn forget_inactive(sql: &impl Sql, kept_ms: i64) -> Result<Vec<UserId>, StoreError> {
    let live = live_links()
        .select_only()
        .column(account_links::Column::UserId)
        .filter(account_links::Column::Purpose.eq(LinkPurpose::Activation));
    let inactive =
        users::Column::Status.into_expr().eq(db::literal(AccountStatus::Inactive.as_str()));
    // The conditions on the row itself are true also if somebody has registered again while this statement waited.
    let old = users::Column::CreatedAt.into_expr().lt(db::clock().sub(kept_ms));
    let gone = users::Entity::delete_many()
        .filter(inactive)
        .filter(old)
        .filter(users::Column::Id.not_in_subquery(live.into_query()));
    let gone: Vec<Gone> = db::changed(sql, gone, &[users::Column::Id]).await?;
    Ok(gone.into_iter().map(|gone| gone.id).collect())
}

/// Deletes links that have been over for longer than `kept_ms`. Returns their number.
pub async fn forget_links(sql: &impl Sql, kept_ms: i64) -> Result<u64, StoreError> {
    let links = account_links::Entity::find();
    db::forget(sql, links, account_links::Column::ExpiresAt, kept_ms).await
}

/// Deletes counts of tries that are older than `kept_ms`. Returns their number.
pub async fn forget_tries(sql: &impl Sql, kept_ms: i64) -> Result<u64, StoreError> {
    let tries = account_tries::Entity::find();
    db::forget(sql, tries, account_tries::Column::Hour, kept_ms).await
}
