//! Organizations and their members: whose an event is, and who may act for it.

mod store;

pub use store::memberships_of;

use holdfast_domain::{
    access::{MembershipRole, Relation},
    ids::{OrganizationId, UserId},
};
use holdfast_entity::organizations;
use sea_orm::DbErr;

use crate::kernel::{base::Base, db::Db};

/// How a user stands to what belongs to an organization.
///
/// # Errors
/// When the database fails.
pub async fn relation(
    db: &Db,
    organization: OrganizationId,
    user: UserId,
) -> Result<Relation, DbErr> {
    let role = store::role_of(db.reader(), organization, user).await?;
    Ok(role.map_or(Relation::Stranger, MembershipRole::relation))
}

/// The organizations for which a user acts, by name.
///
/// # Errors
/// When the database fails.
pub async fn of_user(db: &Db, user: UserId) -> Result<Vec<OrganizationId>, DbErr> {
    let memberships = store::memberships_of(db.reader(), user).await?;
    let mut acting = Vec::with_capacity(memberships.len());
    for found in memberships {
        if store::role(&found.role)?.relation() == Relation::Member {
            acting.push(OrganizationId(found.organization_id));
        }
    }
    Ok(acting)
}

/// Whether there is such an organization.
///
/// # Errors
/// When the database fails.
pub async fn exists(db: &Db, organization: OrganizationId) -> Result<bool, DbErr> {
    store::organization(db.reader(), organization).await.map(|found| found.is_some())
}

/// The organization of this slug, founded now where there is none.
///
/// # Errors
/// When the database fails.
pub async fn found(base: &Base, slug: &str, name: &str) -> Result<OrganizationId, DbErr> {
    if let Some(known) = store::organization_by_slug(base.db.writer(), slug).await? {
        return Ok(OrganizationId(known.id));
    }
    let organization = organizations::Model {
        id: base.entropy.id(),
        name: name.to_owned(),
        slug: slug.to_owned(),
        created_at: base.db.now().await?,
    };
    let id = OrganizationId(organization.id);
    store::insert_organization(base.db.writer(), organization).await?;
    Ok(id)
}

/// Makes a user an owner of an organization, who may be one already.
///
/// # Errors
/// When the database fails.
pub async fn join(db: &Db, organization: OrganizationId, user: UserId) -> Result<(), DbErr> {
    if store::role_of(db.writer(), organization, user).await?.is_none() {
        store::insert_membership(db.writer(), organization, user, MembershipRole::Owner).await?;
    }
    Ok(())
}
