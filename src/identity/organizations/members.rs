//! The members of an organization: their roles, and their end. An organization keeps an owner.

use std::sync::Arc;

use holdfast_domain::{
    access::{MembershipRole, OrganizationStatus, Role},
    ids::{OrganizationId, UserId},
};
use holdfast_entity::users;

use super::{OrganizationError, Organizations, decide::locked, invite::needed_role, store};
use crate::{
    access::{ManageMembers, OfOrganization, ReadOrganization},
    identity::memberships,
    kernel::{
        actor::User,
        audit::{self, AuditRecord},
        db::Tx,
        ports::Entropy,
    },
};

impl Organizations {
    /// Gives a member another role.
    ///
    /// # Errors
    /// When there is no such member, the organization would have no owner, or the database fails.
    pub async fn change_role(
        &self,
        by: OfOrganization<ManageMembers>,
        member: UserId,
        role: MembershipRole,
    ) -> Result<(), OrganizationError> {
        self.edit_member(by.organization(), by.user(), member, Some(role)).await
    }

    /// Ends the membership of another user.
    ///
    /// # Errors
    /// When there is no such member, the organization would have no owner, or the database fails.
    pub async fn remove(
        &self,
        by: OfOrganization<ManageMembers>,
        member: UserId,
    ) -> Result<(), OrganizationError> {
        self.edit_member(by.organization(), by.user(), member, None).await
    }

    /// Ends the membership of the caller.
    ///
    /// # Errors
    /// When the caller is no member, the organization would have no owner, or the database fails.
    pub async fn leave(
        &self,
        by: OfOrganization<ReadOrganization>,
    ) -> Result<(), OrganizationError> {
        self.edit_member(by.organization(), by.user(), by.user().id, None).await
    }

    /// `None` in place of the role ends the membership.
    async fn edit_member(
        &self,
        organization: OrganizationId,
        by: User,
        member: UserId,
        role: Option<MembershipRole>,
    ) -> Result<(), OrganizationError> {
        let entropy = Arc::clone(&self.base.entropy);
        self.base
            .db
            .transact(move |tx| {
                let entropy = Arc::clone(&entropy);
                Box::pin(
                    async move { edit_within(tx, &*entropy, organization, by, member, role).await },
                )
            })
            .await
    }
}

async fn edit_within(
    tx: &Tx,
    entropy: &dyn Entropy,
    organization: OrganizationId,
    by: User,
    member: UserId,
    role: Option<MembershipRole>,
) -> Result<(), OrganizationError> {
    let user = store::lock_user(tx, member).await?;
    // Changes of one organization's members wait for each other.
    let status = locked(tx, organization).await?.status;
    let owners = store::lock_owners(tx, organization).await?;
    let is_allowed = by.role == Role::Admin || owners.contains(&by.id);
    if !is_allowed && (by.id != member || role.is_some()) {
        return Err(OrganizationError::NotOwner);
    }
    let before = memberships::role_of(tx, organization, member).await?;
    let before = before.ok_or(OrganizationError::NotFound("member"))?;
    if role == Some(before) {
        return Ok(());
    }
    let is_last = owners == [member] && role != Some(MembershipRole::Owner);
    match role {
        // Whoever has applied withdraws the application.
        None if is_last && status != OrganizationStatus::Active => {
            store::delete_organization(tx, organization).await?;
        }
        Some(_) | None if is_last => return Err(OrganizationError::LastOwner),
        Some(role) => {
            store::set_role(tx, organization, member, role).await?;
            // A customer among the members has lost the role in the installation; only an administrator gives it back.
            if let Some(user) = user.filter(|user| user.role != Role::Customer) {
                raise(tx, entropy, by, &user, needed_role(role)).await?;
            }
        }
        None => store::delete(tx, organization, member).await?,
    }
    let detail = serde_json::json!({
        "user": member.0, "from": before.as_str(), "to": role.map(MembershipRole::as_str),
    });
    let subject = ("organization", organization.0);
    let entry = AuditRecord::new(entropy, by, "organization.member", subject, &detail);
    Ok(audit::record(tx, &entry).await?)
}

/// Gives a locked user the role in the installation that a membership needs, unless the present role is as good.
pub(super) async fn raise(
    tx: &Tx,
    entropy: &dyn Entropy,
    by: User,
    user: &users::Model,
    needed: Role,
) -> Result<(), OrganizationError> {
    let is_enough = match (user.role, needed) {
        (Role::Admin | Role::Organizer, _) | (Role::Controller, Role::Controller) => true,
        (Role::Customer | Role::Controller, _) => false,
    };
    if is_enough {
        return Ok(());
    }
    store::grant(tx, user.id, needed).await?;
    let detail = serde_json::json!({ "from": user.role.as_str(), "to": needed.as_str() });
    let entry = AuditRecord::new(entropy, by, "user.grant", ("user", user.id.0), &detail);
    Ok(audit::record(tx, &entry).await?)
}
