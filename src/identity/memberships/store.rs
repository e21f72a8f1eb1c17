//! The SQL of memberships.

use holdfast_domain::{
    access::{MembershipRole, OrganizationStatus},
    ids::{OrganizationId, UserId},
};
use holdfast_entity::{memberships, organizations};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect};

use crate::kernel::{
    collation::sort_key,
    db::{self, Sql, StoreError},
};

/// The organization with this id.
pub async fn organization(
    sql: &impl Sql,
    id: OrganizationId,
) -> Result<Option<organizations::Model>, StoreError> {
    Ok(organizations::Entity::find_by_id(id).one(sql.reading()).await?)
}

/// The organization with this slug.
pub async fn organization_by_slug(
    sql: &impl Sql,
    slug: &str,
) -> Result<Option<organizations::Model>, StoreError> {
    let named = organizations::Entity::find().filter(organizations::Column::Slug.eq(slug));
    Ok(named.one(sql.reading()).await?)
}

/// The user's role in the organization. `None` without a membership.
pub async fn role_of(
    sql: &impl Sql,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<MembershipRole>, StoreError> {
    let row = memberships::Entity::find_by_id((organization, user)).one(sql.reading()).await?;
    Ok(row.map(|row| row.role))
}

/// An organization of a user, with the user's role in it.
#[derive(Debug, Clone, FromQueryResult)]
pub struct UserMembership {
    pub organization_id: OrganizationId,
    pub user_id: UserId,
    /// The name of the organization, for people.
    pub name: String,
    /// The status of the organization.
    pub status: OrganizationStatus,
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
        .columns([organizations::Column::Name, organizations::Column::Status])
        .filter(db::is_among(sql, memberships::Column::UserId, users.iter().copied()))
        .into_model()
        .all(sql.reading())
        .await?;
    found.sort_by_cached_key(|member| (sort_key(&member.name), member.organization_id));
    Ok(found)
}
