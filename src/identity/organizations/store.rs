//! The SQL of organizations and their members.

use holdfast_domain::{
    access::{MembershipRole, OrganizationStatus, Role},
    ids::{OrganizationId, UserId},
};
use holdfast_entity::{memberships as rows, organizations, users};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockType},
};

use super::OrganizationTexts;
use crate::{
    identity::memberships,
    kernel::db::{self, Sql, StoreError, Tx},
};

pub mod invitations;

/// The organization, locked until the transaction ends.
pub async fn lock(tx: &Tx, id: OrganizationId) -> Result<Option<organizations::Model>, StoreError> {
    let found = organizations::Entity::find_by_id(id).lock(LockType::NoKeyUpdate);
    Ok(found.one(tx.orm()).await?)
}

/// A page of organizations, the newest first.
pub async fn list(
    sql: &impl Sql,
    status: Option<OrganizationStatus>,
    after: Option<OrganizationId>,
    limit: u64,
) -> Result<Vec<organizations::Model>, StoreError> {
    let mut found =
        organizations::Entity::find().order_by_desc(organizations::Column::Id).limit(limit);
    if let Some(status) = status {
        found = found.filter(organizations::Column::Status.eq(status));
    }
    // The ids are UUIDv7: they sort by time.
    if let Some(after) = after {
        found = found.filter(organizations::Column::Id.lt(after));
    }
    db::list(sql, found).await
}

/// Writes what an organization says about itself.
pub async fn set_texts(
    tx: &Tx,
    id: OrganizationId,
    texts: &OrganizationTexts,
) -> Result<(), StoreError> {
    let change = organizations::Entity::update_many()
        .filter(organizations::Column::Id.eq(id))
        .col_expr(organizations::Column::Name, texts.name.as_str().into())
        .col_expr(organizations::Column::LegalName, Expr::val(texts.legal_name.clone()))
        .col_expr(organizations::Column::ContactEmail, Expr::val(texts.contact_email.clone()))
        .col_expr(organizations::Column::Website, Expr::val(texts.website.clone()));
    db::change(tx, change).await.map(|_| ())
}

/// Writes the decision on an application.
pub async fn set_status(
    tx: &Tx,
    id: OrganizationId,
    status: OrganizationStatus,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let change = organizations::Entity::update_many()
        .filter(organizations::Column::Id.eq(id))
        .col_expr(organizations::Column::Status, status.into())
        .col_expr(organizations::Column::Reason, Expr::val(reason.map(str::to_owned)));
    db::change(tx, change).await.map(|_| ())
}

/// The owners of the organization, locked in the order of their ids.
pub async fn lock_owners(tx: &Tx, organization: OrganizationId) -> Result<Vec<UserId>, StoreError> {
    let owners = rows::Entity::find()
        .filter(rows::Column::OrganizationId.eq(organization))
        .filter(rows::Column::Role.eq(MembershipRole::Owner))
        .order_by_asc(rows::Column::UserId)
        .lock(LockType::Update);
    let owners: Vec<rows::Model> = owners.all(tx.orm()).await?;
    Ok(owners.into_iter().map(|owner| owner.user_id).collect())
}

pub async fn set_role(
    tx: &Tx,
    organization: OrganizationId,
    user: UserId,
    role: MembershipRole,
) -> Result<(), StoreError> {
    let change = rows::Entity::update_many()
        .filter(rows::Column::OrganizationId.eq(organization))
        .filter(rows::Column::UserId.eq(user))
        .col_expr(rows::Column::Role, role.into());
    db::change(tx, change).await.map(|_| ())
}

/// Deletes the user's membership. The role of the account stays.
pub async fn delete(tx: &Tx, organization: OrganizationId, user: UserId) -> Result<(), StoreError> {
    let gone = rows::Entity::delete_many()
        .filter(rows::Column::OrganizationId.eq(organization))
        .filter(rows::Column::UserId.eq(user));
    db::change(tx, gone).await.map(|_| ())
}

/// Ends all memberships of the user.
pub async fn delete_of(tx: &Tx, user: UserId) -> Result<(), StoreError> {
    let mine = rows::Entity::delete_many().filter(rows::Column::UserId.eq(user));
    db::change(tx, mine).await.map(|_| ())
}

/// The user, locked until the transaction ends.
pub async fn lock_user(tx: &Tx, id: UserId) -> Result<Option<users::Model>, StoreError> {
    let found = users::Entity::find_by_id(id).lock(LockType::NoKeyUpdate);
    Ok(found.one(tx.orm()).await?)
}

/// Gives the user this role in the installation.
pub async fn grant(tx: &Tx, user: UserId, role: Role) -> Result<(), StoreError> {
    let change = users::Entity::update_many()
        .filter(users::Column::Id.eq(user))
        .col_expr(users::Column::Role, role.into());
    db::change(tx, change).await.map(|_| ())
}

/// Deletes an organization that never had an event, with its memberships.
pub async fn delete_organization(tx: &Tx, id: OrganizationId) -> Result<(), StoreError> {
    let members = rows::Entity::delete_many().filter(rows::Column::OrganizationId.eq(id));
    db::change(tx, members).await?;
    let gone = organizations::Entity::delete_many().filter(organizations::Column::Id.eq(id));
    db::change(tx, gone).await.map(|_| ())
}

/// How many applications of the user nobody has decided.
pub async fn open_applications(tx: &Tx, user: UserId) -> Result<usize, StoreError> {
    let all = memberships::of_users(tx, &[user]).await?;
    Ok(all.iter().filter(|one| one.status == OrganizationStatus::Applied).count())
}

/// A member of an organization.
#[derive(Debug, Clone, FromQueryResult)]
pub struct OrganizationMember {
    pub user_id: UserId,
    pub role: MembershipRole,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
}

/// The members of an organization: owners first, each role by the ids of the users.
pub async fn members_of(
    sql: &impl Sql,
    organization: OrganizationId,
) -> Result<Vec<OrganizationMember>, StoreError> {
    let user = rows::Entity::belongs_to(users::Entity)
        .from(rows::Column::UserId)
        .to(users::Column::Id)
        .into();
    let mut found: Vec<OrganizationMember> = rows::Entity::find()
        .join(JoinType::InnerJoin, user)
        .columns([users::Column::Email, users::Column::FirstName, users::Column::LastName])
        .filter(rows::Column::OrganizationId.eq(organization))
        .into_model()
        .all(sql.reading())
        .await?;
    let place = |role| MembershipRole::ALL.iter().position(|it| *it == role);
    found.sort_by_key(|member| (place(member.role), member.user_id));
    Ok(found)
}
