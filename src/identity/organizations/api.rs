//! The HTTP routes of organizations, their members and invitations.

use holdfast_contract::{
    organizations::{
        Invitation, InvitationProof, Member, MemberChange, MemberRole, Members, NewInvitation,
        NewOrganization, Organization, OrganizationChange, OrganizationDecision, OrganizationPage,
        OrganizationStatus as WireStatus, PublicOrganization,
    },
    problem::{FieldError, ProblemType},
};
use holdfast_domain::{
    access::{MembershipRole, OrganizationStatus},
    ids::{InvitationId, OrganizationId, UserId},
};
use holdfast_entity::{invitations, organizations};
use poem_openapi::{
    OpenApi, Tags,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::{OrganizationError, Organizations, store};
use crate::{
    access::{Access, EditOrganization, ManageMembers, ReadOrganization},
    http::{
        auth::{self, Caller},
        body::{Json, NoContent},
        page,
        problem::ApiProblem,
        time::rfc3339,
    },
    identity::memberships,
    kernel::{
        db::StoreError,
        idempotency::{Attempt, Keyed},
    },
};

/// The time after which an address gets mails again, in seconds.
const MAILS_RETRY_AFTER_SECS: u64 = 60 * 60;
/// The route name under which idempotency keys are stored.
const MAKE: &str = "organizations";

#[derive(Debug, Clone)]
pub struct OrganizationsApi {
    pub access: Access,
    pub organizations: Organizations,
}

#[derive(Tags)]
enum Tag {
    /// Organizations: applications, members and invitations.
    Organizations,
}

#[OpenApi(tag = "Tag::Organizations")]
impl OrganizationsApi {
    /// Apply for an organization.
    ///
    /// An administrator decides on the application; a mail tells of it. The applicant is the owner, and becomes an organizer
    /// with the approval. An organization that an administrator makes is active at once and has no member: invite its owner.
    #[oai(path = "/organizations", method = "post")]
    async fn apply(
        &self,
        caller: Caller,
        /// One key for each attempt, the same with every retry.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewOrganization>,
    ) -> Result<Keyed<Organization>, ApiProblem> {
        let user = caller.user()?;
        let attempt = Attempt::named(user.id.0, MAKE, key.0.as_deref(), &body.0)?;
        let organizations = self.organizations.clone();
        let apply = async move { organizations.apply(user, body.0, attempt).await };
        Ok(self.organizations.base.tasks.run(apply).await??)
    }

    /// Read the public page of an organization, by its id or slug.
    #[oai(path = "/organizations/:id", method = "get")]
    async fn read(&self, id: Path<String>) -> Result<Json<PublicOrganization>, ApiProblem> {
        let db = &self.organizations.base.db;
        let found = match Uuid::try_parse(&id.0) {
            Ok(id) => memberships::organization(db, OrganizationId(id)).await?,
            // PostgreSQL takes no NUL.
            Err(_) if id.0.contains('\0') => None,
            Err(_) => memberships::organization_by_slug(db, &id.0).await?,
        };
        let active = found.filter(|it| it.status == OrganizationStatus::Active);
        Ok(Json(public(active.ok_or_else(no_organization)?)))
    }

    /// Read an organization as a member.
    #[oai(path = "/organizations/:id/details", method = "get")]
    async fn details(
        &self,
        caller: Caller,
        id: Path<Uuid>,
    ) -> Result<Json<Organization>, ApiProblem> {
        let id = OrganizationId(id.0);
        let by = self.access.of_organization::<ReadOrganization>(&caller, id).await?;
        let found =
            memberships::organization(&self.organizations.base.db, by.organization()).await?;
        Ok(Json(shown(found.ok_or_else(no_organization)?)))
    }

    /// Change what an organization says about itself.
    #[oai(path = "/organizations/:id", method = "patch")]
    async fn edit(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        body: Json<OrganizationChange>,
    ) -> Result<Json<Organization>, ApiProblem> {
        let id = OrganizationId(id.0);
        let by = self.access.of_organization::<EditOrganization>(&caller, id).await?;
        let organizations = self.organizations.clone();
        let edit = async move { organizations.edit(by, body.0).await };
        Ok(Json(shown(self.organizations.base.tasks.run(edit).await??)))
    }

    /// List the members of an organization and, for owners and administrators, the open invitations.
    #[oai(path = "/organizations/:id/members", method = "get")]
    async fn list_members(
        &self,
        caller: Caller,
        id: Path<Uuid>,
    ) -> Result<Json<Members>, ApiProblem> {
        let id = OrganizationId(id.0);
        let by = self.access.of_organization::<ReadOrganization>(&caller, id).await?;
        let db = &self.organizations.base.db;
        let members = store::members_of(db, by.organization()).await?;
        let open = match self.access.of_organization::<ManageMembers>(&caller, id).await {
            Ok(_) => store::invitations::list(db, by.organization()).await?,
            Err(refused) if refused.is(ProblemType::Forbidden) => Vec::new(),
            Err(failed) => return Err(failed),
        };
        Ok(Json(Members {
            items: members
                .into_iter()
                .map(|member| Member {
                    user_id: member.user_id.0,
                    email: member.email,
                    first_name: member.first_name,
                    last_name: member.last_name,
                    role: wire_role(member.role),
                })
                .collect(),
            invitations: open.into_iter().map(invitation).collect(),
        }))
    }

    /// Give a member another role.
    ///
    /// 409 with the reason `last-owner`: the organization would have no owner.
    #[oai(path = "/organizations/:id/members/:user_id", method = "patch")]
    async fn change_role(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        user_id: Path<Uuid>,
        body: Json<MemberChange>,
    ) -> Result<NoContent, ApiProblem> {
        let id = OrganizationId(id.0);
        let by = self.access.of_organization::<ManageMembers>(&caller, id).await?;
        let (organizations, member) = (self.organizations.clone(), UserId(user_id.0));
        let role = stored_role(body.0.role);
        let change = async move { organizations.change_role(by, member, role).await };
        self.organizations.base.tasks.run(change).await??;
        Ok(NoContent)
    }

    /// End the membership of a user. Every member may end their own.
    ///
    /// The owner of an application that is not approved withdraws it. 409 with the reason `last-owner`: the organization would have no owner.
    #[oai(path = "/organizations/:id/members/:user_id", method = "delete")]
    async fn remove(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        user_id: Path<Uuid>,
    ) -> Result<NoContent, ApiProblem> {
        let (id, member) = (OrganizationId(id.0), UserId(user_id.0));
        let (organizations, tasks) = (self.organizations.clone(), &self.organizations.base.tasks);
        if caller.user()?.id == member {
            let by = self.access.of_organization::<ReadOrganization>(&caller, id).await?;
            tasks.run(async move { organizations.leave(by).await }).await??;
        } else {
            let by = self.access.of_organization::<ManageMembers>(&caller, id).await?;
            tasks.run(async move { organizations.remove(by, member).await }).await??;
        }
        Ok(NoContent)
    }

    /// Invite somebody to an organization by a mail.
    ///
    /// An open invitation of the same address is replaced.
    #[oai(path = "/organizations/:id/invitations", method = "post")]
    async fn invite(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        body: Json<NewInvitation>,
    ) -> Result<Json<Invitation>, ApiProblem> {
        let id = OrganizationId(id.0);
        let by = self.access.of_organization::<ManageMembers>(&caller, id).await?;
        let (organizations, locale) = (self.organizations.clone(), caller.locale);
        let NewInvitation { email, role } = body.0;
        let invite =
            async move { organizations.invite(by, &email, stored_role(role), locale).await };
        Ok(Json(invitation(self.organizations.base.tasks.run(invite).await??)))
    }

    /// Withdraw an invitation.
    #[oai(path = "/organizations/:id/invitations/:invitation_id", method = "delete")]
    async fn withdraw(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        invitation_id: Path<Uuid>,
    ) -> Result<NoContent, ApiProblem> {
        let id = OrganizationId(id.0);
        let by = self.access.of_organization::<ManageMembers>(&caller, id).await?;
        let organizations = self.organizations.clone();
        let invitation = InvitationId(invitation_id.0);
        let withdraw = async move { organizations.withdraw(by, invitation).await };
        self.organizations.base.tasks.run(withdraw).await??;
        Ok(NoContent)
    }

    /// Accept an invitation as the signed-in user, whose address it names.
    #[oai(path = "/invitations/accept", method = "post")]
    async fn accept(
        &self,
        caller: Caller,
        body: Json<InvitationProof>,
    ) -> Result<Json<Organization>, ApiProblem> {
        let user = caller.user()?;
        let organizations = self.organizations.clone();
        let accept = async move { organizations.accept(user, &body.0.token).await };
        let joined = self.organizations.base.tasks.run(accept).await??;
        let found = memberships::organization(&self.organizations.base.db, joined).await?;
        Ok(Json(shown(found.ok_or_else(no_organization)?)))
    }

    /// List the organizations, the newest first.
    #[oai(path = "/admin/organizations", method = "get")]
    async fn list(
        &self,
        caller: Caller,
        /// Only organizations with this status.
        status: Query<Option<WireStatus>>,
        /// The page size, 1 to 100. Default: 20.
        limit: Query<Option<u64>>,
        /// The `next` value of the previous page.
        after: Query<Option<Uuid>>,
    ) -> Result<Json<OrganizationPage>, ApiProblem> {
        self.access.organization_judge(&caller).await?;
        let limit = page::limit(limit.0)?;
        let (status, after) = (status.0.map(stored_status), after.0.map(OrganizationId));
        let mut rows = store::list(&self.organizations.base.db, status, after, limit + 1).await?;
        let next = page::next(&mut rows, limit, |row| row.id.to_string());
        Ok(Json(OrganizationPage { items: rows.into_iter().map(shown).collect(), next }))
    }

    /// Decide on the application of an organization.
    #[oai(path = "/admin/organizations/:id", method = "patch")]
    async fn decide(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        body: Json<OrganizationDecision>,
    ) -> Result<Json<Organization>, ApiProblem> {
        let by = self.access.organization_judge(&caller).await?;
        let (organizations, id) = (self.organizations.clone(), OrganizationId(id.0));
        let OrganizationDecision { status, reason } = body.0;
        let decide = async move {
            organizations.decide(by, id, stored_status(status), reason.as_deref()).await
        };
        Ok(Json(shown(self.organizations.base.tasks.run(decide).await??)))
    }
}

fn public(row: organizations::Model) -> PublicOrganization {
    PublicOrganization {
        id: row.id.0,
        slug: row.slug,
        name: row.name,
        contact_email: row.contact_email,
        website: row.website,
    }
}

/// The organization on the wire, for its members.
pub(super) fn shown(row: organizations::Model) -> Organization {
    Organization {
        id: row.id.0,
        slug: row.slug,
        name: row.name,
        legal_name: row.legal_name,
        contact_email: row.contact_email,
        website: row.website,
        status: match row.status {
            OrganizationStatus::Applied => WireStatus::Applied,
            OrganizationStatus::Active => WireStatus::Active,
            OrganizationStatus::Refused => WireStatus::Refused,
        },
        reason: row.reason,
        created_at: rfc3339(row.created_at),
    }
}

fn invitation(row: invitations::Model) -> Invitation {
    Invitation {
        id: row.id.0,
        email: row.email,
        role: wire_role(row.role),
        created_at: rfc3339(row.created_at),
        expires_at: rfc3339(row.expires_at),
    }
}

fn stored_status(status: WireStatus) -> OrganizationStatus {
    match status {
        WireStatus::Applied => OrganizationStatus::Applied,
        WireStatus::Active => OrganizationStatus::Active,
        WireStatus::Refused => OrganizationStatus::Refused,
    }
}

fn wire_role(role: MembershipRole) -> MemberRole {
    match role {
        MembershipRole::Owner => MemberRole::Owner,
        MembershipRole::Manager => MemberRole::Manager,
        MembershipRole::Seller => MemberRole::Seller,
        MembershipRole::Viewer => MemberRole::Viewer,
        MembershipRole::Controller => MemberRole::Controller,
    }
}

fn stored_role(role: MemberRole) -> MembershipRole {
    match role {
        MemberRole::Owner => MembershipRole::Owner,
        MemberRole::Manager => MembershipRole::Manager,
        MemberRole::Seller => MembershipRole::Seller,
        MemberRole::Viewer => MembershipRole::Viewer,
        MemberRole::Controller => MembershipRole::Controller,
    }
}

fn no_organization() -> ApiProblem {
    ApiProblem::not_found("organization")
}

impl From<OrganizationError> for ApiProblem {
    fn from(error: OrganizationError) -> Self {
        let refused = |reason: &str, detail: &str| {
            Self::new(ProblemType::IllegalTransition, detail).with_reasons(vec![reason.to_owned()])
        };
        match error {
            OrganizationError::Field(field, message) => Self::field(field, message),
            OrganizationError::NotFound(what) => Self::not_found(what),
            OrganizationError::Status(status) => {
                let detail = format!("The organization is {}.", status.as_str());
                refused(status.as_str(), &detail)
            }
            OrganizationError::LastOwner => refused(
                "last-owner",
                "The organization would have no owner. Make another member an owner first.",
            ),
            OrganizationError::TooMany => refused(
                "open-applications",
                "Wait until an administrator has decided on your open applications.",
            ),
            OrganizationError::NotOwner => {
                let detail = "Only an owner of the organization may do this.";
                Self::new(ProblemType::Forbidden, detail)
            }
            OrganizationError::NoInvitation => {
                let message = "is wrong, or the invitation was accepted, withdrawn or has expired";
                Self::new(ProblemType::InvalidCredentials, format!("token: {message}."))
                    .with_errors(vec![FieldError {
                        field: "token".to_owned(),
                        message: message.to_owned(),
                    }])
            }
            OrganizationError::OtherAddress => {
                let detail = "The invitation is for another address. Sign in with the account of that address.";
                Self::new(ProblemType::Forbidden, detail)
                    .with_reasons(vec!["other-address".to_owned()])
            }
            OrganizationError::NotActive => auth::no_longer_active(),
            OrganizationError::TooManyMails => {
                let detail = "The address has got enough mails within this hour. Try again later.";
                Self::new(ProblemType::TooManyRequests, detail)
                    .with_errors(vec![FieldError {
                        field: "email".to_owned(),
                        message: "has got enough mails within this hour".to_owned(),
                    }])
                    .retry_after(MAILS_RETRY_AFTER_SECS)
            }
            OrganizationError::Claim(error) => error.into(),
            OrganizationError::Db(error) => StoreError::into(error),
        }
    }
}
