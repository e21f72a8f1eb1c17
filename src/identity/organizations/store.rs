//! The SQL of organizations and their members.

use holdfast_domain::{
    access::MembershipRole,
    ids::{OrganizationId, UserId},
};
use holdfast_entity::{memberships, organizations};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, sea_query::LockType,
};

use crate::kernel::{
    collation::sort_key,
    db::{self, Sql, StoreError, Tx},
};

pub async fn organization(
    db: &impl ConnectionTrait,
    id: OrganizationId,
) -> Result<Option<organizations::Model>, StoreError> {
    Ok(organizations::Entity::find_by_id(id).one(db).await?)
}

pub async fn organization_by_slug(
    db: &impl ConnectionTrait,
    slug: &str,
) -> Result<Option<organizations::Model>, StoreError> {
    Ok(organizations::Entity::find().filter(organizations::Column::Slug.eq(slug)).one(db).await?)
}

/// The user's role in the organization. `None` without a membership.
pub async fn role_of(
    db: &impl ConnectionTrait,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<MembershipRole>, StoreError> {
    let row = memberships::Entity::find_by_id((organization, user)).one(db).await?;
    Ok(row.map(|row| row.role))
}

/// The owners of the organization, locked in the order of their ids.
pub async fn lock_owners(tx: &Tx, organization: OrganizationId) -> Result<Vec<UserId>, StoreError> {
    let owners = memberships::Entity::find()
        .filter(memberships::Column::OrganizationId.eq(organization))
        .filter(memberships::Column::Role.eq(MembershipRole::Owner))
        .order_by_asc(memberships::Column::UserId)
        .lock(LockType::Update);
    let owners: Vec<memberships::Model> = owners.all(tx.orm()).await?;
    Ok(owners.into_iter().map(|owner| owner.user_id).collect())
}

/// Ends all memberships of the user.
pub async fn delete_of(tx: &Tx, user: UserId) -> Result<(), StoreError> {
    let mine = memberships::Entity::delete_many().filter(memberships::Column::UserId.eq(user));
    db::change(tx, mine).await.map(|_| ())
}

/// An organization of a user, with the user's role in it.
#[derive(Debug, Clone, FromQueryResult)]
pub struct UserMembership {
    pub organization_id: OrganizationId,
    pub user_id: UserId,
    /// The name of the organization, for people.
    pub name: String,
    pub role: MembershipRole,
}

/// The organizations of users, by name.
pub async fn of_users(sql: &impl Sql, users: &[UserId]) -> Result<Vec<UserMembership>, StoreError> {
    let organization = memberships::Entity::belongs_to(organizations::Entity)
        .from(memberships::Column::OrganizationId)
        .to(organizations::Column::Id)
        .into();
    let mut found: Vec<UserMembership> = memberships::Entity::find()
        .join(JoinType::InnerJoin, organization)
        .column(organizations::Column::Name)
        .filter(db::is_among(sql, memberships::Column::UserId, users.iter().copied()))
        .into_model()
        .all(sql.reading())
        .await?;
    found.sort_by_cached_key(|member| (sort_key(&member.name), member.organization_id));
    Ok(found)
}
