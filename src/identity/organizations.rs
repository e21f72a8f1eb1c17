//! Organizations and their members: who owns an event, and who may act for its owner.

mod store;

use std::collections::HashMap;

use holdfast_contract::accounts::Membership;
use holdfast_domain::{
    access::{MembershipRole, Relation},
    ids::{OrganizationId, UserId},
};
use holdfast_entity::{memberships, organizations};

use crate::kernel::{
    base::Base,
    db::{self, Db, StoreError, Tx},
    personal::{ErasureError, ErasureObstacle},
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
    let mut memberships = store::of_users(db, &[user]).await?;
    memberships.retain(|found| found.role.relation() == Relation::Member);
    Ok(memberships.into_iter().map(|found| found.organization_id).collect())
}

/// The memberships of these users on the wire, each user's ordered by the organization's name.
pub async fn memberships_of(
    db: &Db,
    users: &[UserId],
) -> Result<HashMap<UserId, Vec<Membership>>, StoreError> {
    let mut shown: HashMap<UserId, Vec<Membership>> = HashMap::new();
    for found in store::of_users(db, users).await? {
        shown.entry(found.user_id).or_default().push(Membership {
            organization_id: found.organization_id.0,
            name: found.name,
            role: found.role.as_str().to_owned(),
        });
    }
    Ok(shown)
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

/// Ends all memberships of a user.
///
/// # Errors
/// When the user is the only owner of an organization, or the database fails.
pub async fn leave_all(tx: &Tx, user: UserId) -> Result<(), ErasureError> {
    for membership in store::of_users(tx, &[user]).await? {
        if membership.role == MembershipRole::Owner
            && store::lock_owners(tx, membership.organization_id).await? == [user]
        {
            return Err(ErasureError::Obstacle(ErasureObstacle::LastOwner));
        }
    }
    Ok(store::delete_of(tx, user).await?)
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
