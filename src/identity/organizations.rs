//! Organizations and their members: whose an event is, and who may act for it.

mod store;

use holdfast_contract::accounts::Membership;
use holdfast_domain::{
    access::{MembershipRole, Relation},
    ids::{OrganizationId, UserId},
};
use holdfast_entity::{memberships, organizations};

use crate::kernel::{
    base::Base,
    db::{self, Db, StoreError},
};

/// How a user stands to what belongs to an organization.
///
/// # Errors
/// When the database fails.
pub async fn relation(
    db: &Db,
    organization: OrganizationId,
    user: UserId,
) -> Result<Relation, StoreError> {
    let role = store::role_of(db.reader(), organization, user).await?;
    Ok(role.map_or(Relation::Stranger, MembershipRole::relation))
}

/// The organizations for which a user acts, by name.
///
/// # Errors
/// When the database fails.
pub async fn of_user(db: &Db, user: UserId) -> Result<Vec<OrganizationId>, StoreError> {
    let mut memberships = store::of_user(db.reader(), user).await?;
    memberships.retain(|found| found.role.relation() == Relation::Member);
    Ok(memberships.into_iter().map(|found| found.organization_id).collect())
}

/// The organizations of a user as they see them, by name.
///
/// # Errors
/// When the database fails.
pub async fn memberships_of(db: &Db, user: UserId) -> Result<Vec<Membership>, StoreError> {
    let memberships = store::of_user(db.reader(), user).await?;
    let shown = memberships.into_iter().map(|found| Membership {
        organization_id: found.organization_id.0,
        name: found.name,
        role: found.role.as_str().to_owned(),
    });
    Ok(shown.collect())
}

/// Whether there is such an organization.
///
/// # Errors
/// When the database fails.
pub async fn exists(db: &Db, organization: OrganizationId) -> Result<bool, StoreError> {
    store::organization(db.reader(), organization).await.map(|found| found.is_some())
}

/// The organization of this slug, founded now where there is none.
///
/// # Errors
/// When the database fails.
pub async fn found(base: &Base, slug: &str, name: &str) -> Result<OrganizationId, StoreError> {
    if let Some(known) = store::organization_by_slug(base.db.writer(), slug).await? {
        return Ok(known.id);
    }
    let id = OrganizationId(base.entropy.id());
    let organization = organizations::Model {
        id,
        name: name.to_owned(),
        slug: slug.to_owned(),
        created_at: base.db.now().await?,
    };
    db::insert(&base.db, organization).await?;
    Ok(id)
}

/// Makes a user an owner of an organization, who may be one already.
///
/// # Errors
/// When the database fails.
pub async fn join(db: &Db, organization: OrganizationId, user: UserId) -> Result<(), StoreError> {
    if store::role_of(db.writer(), organization, user).await?.is_none() {
        let role = MembershipRole::Owner;
        let member = memberships::Model { organization_id: organization, user_id: user, role };
        db::insert(db, member).await?;
    }
    Ok(())
}
