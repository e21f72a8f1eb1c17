//! Invitations of members by mail. Only an account with the invited address can accept.

use std::sync::Arc;

use holdfast_domain::{
    access::{AccountStatus, MembershipRole, OrganizationStatus, Role},
    email::EmailAddress,
    ids::{InvitationId, OrganizationId},
    link::TryKind,
    message::Kind,
};
use holdfast_entity::{invitations, memberships as rows};
use uuid::Uuid;

use super::{OrganizationError, Organizations, decide::locked, members::raise, store};
use crate::{
    access::{ManageMembers, OfOrganization},
    identity::{accounts, memberships},
    kernel::{
        actor::User,
        audit::{self, AuditRecord},
        db::{self, Tx},
        keys::{KeyRing, MacPurpose},
        ports::Entropy,
    },
    messages::{NewMessage, post},
};

/// How long an invitation can be accepted, in milliseconds: a week.
const LASTS_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How many invitations of an organization are open at most.
const MAX_OPEN: usize = 100;

const PREFIX: &str = "hi1";

/// The text of the token in an invitation's link.
pub(super) fn token(keys: &KeyRing, id: InvitationId) -> String {
    keys.signed(MacPurpose::Invitation, &format!("{PREFIX}.{}", id.0.simple()))
}

/// The invitation of a token. `None` if we have not made the token.
fn read(keys: &KeyRing, token: &str) -> Option<InvitationId> {
    let ours = keys.verified(MacPurpose::Invitation, token)?;
    let id = ours.strip_prefix(PREFIX)?.strip_prefix('.')?;
    Uuid::try_parse(id).ok().map(InvitationId)
}

/// The role in the installation that a member with this role needs at least.
pub(super) const fn needed_role(role: MembershipRole) -> Role {
    match role {
        MembershipRole::Owner
        | MembershipRole::Manager
        | MembershipRole::Seller
        | MembershipRole::Viewer => Role::Organizer,
        MembershipRole::Controller => Role::Controller,
    }
}

impl Organizations {
    /// Invites somebody by a mail. An open invitation of the same address is replaced.
    ///
    /// # Errors
    /// When the address is malformed or a member's, the organization is not active or has too many open invitations, or the
    /// database fails.
    pub async fn invite(
        &self,
        by: OfOrganization<ManageMembers>,
        typed: &str,
        role: MembershipRole,
        locale: &'static str,
    ) -> Result<invitations::Model, OrganizationError> {
        let address = EmailAddress::parse(typed)
            .map_err(|fault| OrganizationError::Field("email", fault.to_string()))?;
        // A stranger's mailbox gets few mails, whoever sends them.
        if !accounts::may_mail_to(&self.base.db, &self.keys, &address, TryKind::Address).await? {
            return Err(OrganizationError::TooManyMails);
        }
        let id = InvitationId(self.base.entropy.id());
        let (entropy, email) = (Arc::clone(&self.base.entropy), Arc::new(address.to_string()));
        self.base
            .db
            .transact(move |tx| {
                let (entropy, email) = (Arc::clone(&entropy), Arc::clone(&email));
                Box::pin(async move {
                    let now = db::now(tx).await?;
                    let invitation = invitations::Model {
                        id,
                        organization_id: by.organization(),
                        email: email.to_string(),
                        role,
                        invited_by: by.user().id,
                        accepted_by: None,
                        created_at: now,
                        expires_at: now + LASTS_MS,
                        ended_at: None,
                    };
                    invite_within(tx, &*entropy, by.user(), &invitation, locale).await?;
                    Ok(invitation)
                })
            })
            .await
    }

    /// Withdraws an invitation: its link no longer works.
    ///
    /// # Errors
    /// When the organization has no such open invitation, or the database fails.
    pub async fn withdraw(
        &self,
        by: OfOrganization<ManageMembers>,
        id: InvitationId,
    ) -> Result<(), OrganizationError> {
        let entropy = Arc::clone(&self.base.entropy);
        self.base
            .db
            .transact(move |tx| {
                let entropy = Arc::clone(&entropy);
                Box::pin(async move {
                    if !store::invitations::end_one(tx, by.organization(), id).await? {
                        return Err(OrganizationError::NotFound("invitation"));
                    }
                    let detail = serde_json::json!({ "invitation": id.0 });
                    let (user, organization) = (by.user(), by.organization());
                    record(tx, &*entropy, user, organization, "organization.withdraw", &detail)
                        .await
                })
            })
            .await
    }

    /// Makes the caller a member, if the invitation is for the caller's address. A customer gets the role in the
    /// installation that the membership needs. A member keeps the present role.
    ///
    /// # Errors
    /// When the invitation is over or for another address, the account is no longer active, or the database fails.
    pub async fn accept(
        &self,
        caller: User,
        token: &str,
    ) -> Result<OrganizationId, OrganizationError> {
        let id = read(&self.keys, token).ok_or(OrganizationError::NoInvitation)?;
        let entropy = Arc::clone(&self.base.entropy);
        self.base
            .db
            .transact(move |tx| {
                let entropy = Arc::clone(&entropy);
                Box::pin(async move { accept_within(tx, &*entropy, caller, id).await })
            })
            .await
    }
}

async fn invite_within(
    tx: &Tx,
    entropy: &dyn Entropy,
    by: User,
    invitation: &invitations::Model,
    locale: &str,
) -> Result<(), OrganizationError> {
    let invitations::Model { organization_id, email, role, .. } = invitation;
    // Changes of one organization's members wait for each other.
    let organization = locked(tx, *organization_id).await?;
    if organization.status != OrganizationStatus::Active {
        return Err(OrganizationError::Status(organization.status));
    }
    let owners = store::lock_owners(tx, *organization_id).await?;
    if by.role != Role::Admin && !owners.contains(&by.id) {
        return Err(OrganizationError::NotOwner);
    }
    let members = store::members_of(tx, *organization_id).await?;
    let known = members.iter().find(|member| member.email == *email);
    if known.is_some() {
        return Err(OrganizationError::Field("email", "is a member's already".to_owned()));
    }
    store::invitations::end_to(tx, *organization_id, email).await?;
    if store::invitations::list(tx, *organization_id).await?.len() >= MAX_OPEN {
        let fault = format!("{MAX_OPEN} invitations are open");
        return Err(OrganizationError::Field("email", fault));
    }
    db::insert(tx, invitation.clone()).await?;
    let mail = NewMessage::once(Kind::Invitation, invitation.id.0, email, locale);
    post(tx, entropy, [mail], invitation.created_at).await?;
    // The audit log keeps no address, so that an erasure has nothing to erase there.
    let detail = serde_json::json!({ "invitation": invitation.id.0, "role": role.as_str() });
    record(tx, entropy, by, *organization_id, "organization.invite", &detail).await
}

async fn accept_within(
    tx: &Tx,
    entropy: &dyn Entropy,
    caller: User,
    id: InvitationId,
) -> Result<OrganizationId, OrganizationError> {
    let over = || OrganizationError::NoInvitation;
    let found = store::invitations::find(tx, id).await?.ok_or_else(over)?;
    let user = store::lock_user(tx, caller.id).await?;
    let user = user.filter(|user| user.status == AccountStatus::Active);
    let user = user.ok_or(OrganizationError::NotActive)?;
    let organization = found.organization_id;
    let status = locked(tx, organization).await?.status;
    // It may have been withdrawn or replaced meanwhile.
    let invitation = store::invitations::lock(tx, id).await?.ok_or_else(over)?;
    if status != OrganizationStatus::Active {
        return Err(over());
    }
    let is_theirs = EmailAddress::parse(&user.email)
        .map_or(user.email == invitation.email, |own| own.as_str() == invitation.email);
    if !is_theirs {
        return Err(OrganizationError::OtherAddress);
    }
    store::invitations::accept(tx, id, user.id).await?;
    let others = memberships::of_users(tx, &[user.id]).await?;
    if others.iter().any(|other| other.organization_id == organization) {
        return Ok(organization);
    }
    let role = invitation.role;
    let member = rows::Model { organization_id: organization, user_id: user.id, role };
    db::insert(tx, member).await?;
    let by = User { id: user.id, role: user.role };
    // A customer among the members of another organization has lost the role; only an administrator gives it back.
    let is_active =
        |other: &memberships::UserMembership| other.status == OrganizationStatus::Active;
    if user.role != Role::Customer || !others.iter().any(is_active) {
        raise(tx, entropy, by, &user, needed_role(role)).await?;
    }
    let detail = serde_json::json!({
        "role": role.as_str(), "invited_by": invitation.invited_by.0, "invitation": id.0,
    });
    record(tx, entropy, by, organization, "organization.join", &detail).await?;
    Ok(organization)
}

async fn record(
    tx: &Tx,
    entropy: &dyn Entropy,
    by: User,
    organization: OrganizationId,
    action: &'static str,
    detail: &serde_json::Value,
) -> Result<(), OrganizationError> {
    let subject = ("organization", organization.0);
    let entry = AuditRecord::new(entropy, by, action, subject, detail);
    Ok(audit::record(tx, &entry).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_tokens_name_an_invitation() {
        let [ours, both, others] = [&["a"][..], &["b", "a"], &["b"]].map(KeyRing::of_names);
        let id = InvitationId(Uuid::from_u128(7));
        let text = token(&ours, id);
        assert_eq!(read(&ours, &text), Some(id));
        assert_eq!(read(&both, &text), Some(id));
        assert_eq!(read(&others, &text), None);
        for wrong in ["", "hi1.7", "hi1..", text.trim_end_matches(|_: char| true)] {
            assert_eq!(read(&ours, wrong), None, "{wrong}");
        }
        // A link of another kind is no invitation.
        assert_eq!(
            read(&ours, &ours.signed(MacPurpose::AccountLink, &format!("hi1.{}", id.0.simple()))),
            None
        );
    }
}
