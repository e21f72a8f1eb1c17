//! Memberships: who belongs to which organization, and with which role. Every decision about access asks here.

mod store;

use std::collections::HashMap;

use holdfast_contract::accounts::Membership;
use holdfast_domain::{
    access::{Action, MembershipRole, OrganizationStatus, Relation, allows},
    ids::{OrganizationId, UserId},
};
use holdfast_entity::{memberships, organizations};

pub use self::store::{UserMembership, of_users, organization, organization_by_slug, role_of};
use crate::kernel::{
    actor::User,
    base::Base,
    db::{self, Db, StoreError},
};

/// The user's relation to everything that belongs to the organization.
pub async fn relation(
    db: &Db,
    organization: OrganizationId,
    user: UserId,
) -> Result<Relation, StoreError> {
    let role = role_of(db, organization, user).await?;
    Ok(role.map_or(Relation::Stranger, Relation::Member))
}

/// The active organizations for which the user may perform this action as a member, ordered by name.
pub async fn of_user(
    db: &Db,
    user: User,
    action: Action,
) -> Result<Vec<OrganizationId>, StoreError> {
    let mut memberships = of_users(db, &[user.id]).await?;
    memberships.retain(|found| {
        found.status == OrganizationStatus::Active
            && allows(Some(user.role), Relation::Member(found.role), action)
    });
    Ok(memberships.into_iter().map(|found| found.organization_id).collect())
}

/// The memberships of these users on the wire, each user's ordered by the organization's name.
pub async fn memberships_of(
    db: &Db,
    users: &[UserId],
) -> Result<HashMap<UserId, Vec<Membership>>, StoreError> {
    let mut shown: HashMap<UserId, Vec<Membership>> = HashMap::new();
    for found in of_users(db, users).await? {
        shown.entry(found.user_id).or_default().push(Membership {
            organization_id: found.organization_id.0,
            name: found.name,
            role: found.role.as_str().to_owned(),
        });
    }
    Ok(shown)
}

/// The status of the organization. `None` if there is no such organization.
pub async fn status_of(
    db: &Db,
    organization: OrganizationId,
) -> Result<Option<OrganizationStatus>, StoreError> {
    Ok(self::organization(db, organization).await?.map(|found| found.status))
}

/// The active organization with this slug. It is created when it does not exist.
pub async fn found(base: &Base, slug: &str, name: &str) -> Result<OrganizationId, StoreError> {
    if let Some(known) = organization_by_slug(&base.db, slug).await? {
        return Ok(known.id);
    }
    let id = OrganizationId(base.entropy.id());
    let organization = organizations::Model {
        id,
        name: name.to_owned(),
        slug: slug.to_owned(),
        created_at: base.db.now().await?,
        status: OrganizationStatus::Active,
        legal_name: None,
        contact_email: None,
        website: None,
        reason: None,
    };
    db::insert(&base.db, organization).await?;
    Ok(id)
}

/// Makes a user a member of an organization with this role, unless the user is a member already.
pub async fn join(
    db: &Db,
    organization: OrganizationId,
    user: UserId,
    role: MembershipRole,
) -> Result<(), StoreError> {
    if role_of(db, organization, user).await?.is_none() {
        let member = memberships::Model { organization_id: organization, user_id: user, role };
        db::insert(db, member).await?;
    }
    Ok(())
}
