//! Organizations and their members: who owns an event, and who may act for its owner.

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

/// The user's relation to everything that belongs to the organization.
pub async fn relation(
    db: &Db,
    organization: OrganizationId,
    user: UserId,
) -> Result<Relation, StoreError> {
    let role = store::role_of(db.reader(), organization, user).await?;
    Ok(role.map_or(Relation::Stranger, MembershipRole::relation))
}

/// The organizations for which the user may act, ordered by name.
pub async fn of_user(db: &Db, user: UserId) -> Result<Vec<OrganizationId>, StoreError> {
    let mut memberships = store::of_user(db.reader(), user).await?;
    memberships.retain(|found| found.role.relation() == Relation::Member);
    Ok(memberships.into_iter().map(|found| found.organization_id).collect())
}

/// The user's memberships as the profile shows them, ordered by the organization's name.
pub async fn memberships_of(db: &Db, user: UserId) -> Result<Vec<Membership>, StoreError> {
    let memberships = store::of_user(db.reader(), user).await?;
    let shown = memberships.into_iter().map(|found| Membership {
        organization_id: found.organization_id.0,
        name: found.name,
        role: found.role.as_str().to_owned(),
    });
    Ok(shown.collect())
}

pub async fn exists(db: &Db, organization: OrganizationId) -> Result<bool, StoreError> {
    store::organization(db.reader(), organization).await.map(|found| found.is_some())
}

/// The organization with this slug. It is created when it does not exist.
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

/// Makes a user an owner of an organization, unless the user is a member already.
pub async fn join(db: &Db, organization: OrganizationId, user: UserId) -> Result<(), StoreError> {
    if store::role_of(db.writer(), organization, user).await?.is_none() {
        let role = MembershipRole::Owner;
        let member = memberships::Model { organization_id: organization, user_id: user, role };
        db::insert(db, member).await?;
    }
    Ok(())
}
