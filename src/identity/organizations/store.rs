//! The SQL of organizations and their members.

use holdfast_domain::{
    access::MembershipRole,
    ids::{OrganizationId, UserId},
};
use holdfast_entity::{memberships, organizations};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect,
};

use crate::kernel::{collation::sort_key, db::StoreError};

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

/// An organization of a user, with the user's role in it.
#[derive(Debug, Clone, FromQueryResult)]
pub struct UserMembership {
    pub organization_id: OrganizationId,
    /// The name of the organization, for people.
    pub name: String,
    pub role: MembershipRole,
}

/// The organizations of a user, by name.
pub async fn of_user(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Vec<UserMembership>, StoreError> {
    let organization = memberships::Entity::belongs_to(organizations::Entity)
        .from(memberships::Column::OrganizationId)
        .to(organizations::Column::Id)
        .into();
    let mut found: Vec<UserMembership> = memberships::Entity::find()
        .join(JoinType::InnerJoin, organization)
        .column(organizations::Column::Name)
        .filter(memberships::Column::UserId.eq(user))
        .into_model()
        .all(db)
        .await?;
    found.sort_by_cached_key(|member| (sort_key(&member.name), member.organization_id));
    Ok(found)
}
