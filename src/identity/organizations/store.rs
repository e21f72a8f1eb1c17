//! The SQL of organizations and their members.

use holdfast_contract::accounts::Membership;
use holdfast_domain::{
    access::MembershipRole,
    ids::{OrganizationId, UserId},
};
use holdfast_entity::{memberships, organizations};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set,
};

use crate::kernel::db::stored_word;

/// Adds an organization.
pub async fn insert_organization(
    db: &impl ConnectionTrait,
    organization: organizations::Model,
) -> Result<(), DbErr> {
    let row: organizations::ActiveModel = organization.into();
    organizations::Entity::insert(row.reset_all()).exec_without_returning(db).await.map(|_| ())
}

/// The organization.
pub async fn organization(
    db: &impl ConnectionTrait,
    id: OrganizationId,
) -> Result<Option<organizations::Model>, DbErr> {
    organizations::Entity::find_by_id(id.0).one(db).await
}

/// The organization with this slug.
pub async fn organization_by_slug(
    db: &impl ConnectionTrait,
    slug: &str,
) -> Result<Option<organizations::Model>, DbErr> {
    organizations::Entity::find().filter(organizations::Column::Slug.eq(slug)).one(db).await
}

/// Makes a user a member.
pub async fn insert_membership(
    db: &impl ConnectionTrait,
    organization: OrganizationId,
    user: UserId,
    role: MembershipRole,
) -> Result<(), DbErr> {
    let row = memberships::ActiveModel {
        organization_id: Set(organization.0),
        user_id: Set(user.0),
        role: Set(role.as_str().to_owned()),
    };
    memberships::Entity::insert(row).exec_without_returning(db).await.map(|_| ())
}

/// What the user is to the organization; none without a membership.
pub async fn role_of(
    db: &impl ConnectionTrait,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<MembershipRole>, DbErr> {
    let row = memberships::Entity::find_by_id((organization.0, user.0)).one(db).await?;
    row.map(|row| role(&row.role)).transpose()
}

/// The role of this word.
pub fn role(word: &str) -> Result<MembershipRole, DbErr> {
    stored_word(word, "role of a member", MembershipRole::parse)
}

/// The organizations of a user, by name.
pub async fn memberships_of(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Vec<Membership>, DbErr> {
    let rows =
        memberships::Entity::find().filter(memberships::Column::UserId.eq(user.0)).all(db).await?;
    let ids = rows.iter().map(|row| row.organization_id);
    let organizations =
        organizations::Entity::find().filter(organizations::Column::Id.is_in(ids)).all(db).await?;
    let mut found: Vec<Membership> = organizations
        .into_iter()
        .filter_map(|organization| {
            let row = rows.iter().find(|row| row.organization_id == organization.id)?;
            Some(Membership {
                organization_id: organization.id,
                name: organization.name,
                role: row.role.clone(),
            })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}
