//! Applications for organizations, the decisions on them, and changes of what an organization says about itself.

use std::sync::Arc;

use holdfast_contract::organizations::{NewOrganization, Organization, OrganizationChange};
use holdfast_domain::{
    access::{AccountStatus, MembershipRole, OrganizationStatus, Role},
    event::Slug,
    ids::OrganizationId,
    message::Kind,
    text,
};
use holdfast_entity::{memberships, organizations};

use super::{
    OrganizationError, OrganizationTexts, Organizations, api::shown, members::raise, store,
};
use crate::{
    access::{EditOrganization, OfOrganization, OrganizationJudge},
    kernel::{
        actor::User,
        audit::{self, AuditRecord},
        db::{self, Tx},
        idempotency::{self, Attempt, Keyed, NewObject},
        ports::Entropy,
    },
    messages::{NewMessage, post},
};

/// How many applications of one user wait for a decision at most.
const MAX_APPLICATIONS: usize = 3;
/// The maximum number of organizations with the same name whose slugs get a number appended.
const MAX_NAMESAKES: u32 = 20;
/// The maximum length of the reason of a decision, in characters.
const MAX_REASON_CHARS: usize = 500;

impl Organizations {
    /// Applies for an organization, once for each attempt; the user is its owner. The organization of an administrator is
    /// active at once and has no member yet.
    ///
    /// # Errors
    /// When a field is malformed, the user has too many open applications, the account is no longer active, or the
    /// database fails.
    pub async fn apply(
        &self,
        caller: User,
        new: NewOrganization,
        attempt: Option<Attempt>,
    ) -> Result<Keyed<Organization>, OrganizationError> {
        let texts = Arc::new(OrganizationTexts::of_new(&new)?);
        let id = OrganizationId(self.base.entropy.id());
        let made = Slug::from_title(&texts.name);
        let mut number = 1;
        loop {
            let slug = match number {
                1 => made.clone(),
                2..=MAX_NAMESAKES => made.numbered(number),
                // So many have the name that the slug of the next one gets random digits.
                _ => made.numbered(id.0.as_fields().0),
            };
            let (entropy, texts, attempt) =
                (Arc::clone(&self.base.entropy), Arc::clone(&texts), attempt.clone());
            let result = self.base.db.transact(move |tx| {
                let (entropy, texts, attempt, slug) =
                    (Arc::clone(&entropy), Arc::clone(&texts), attempt.clone(), slug.clone());
                Box::pin(async move {
                    let make = insert(tx, &*entropy, caller, id, &slug, &texts);
                    idempotency::once(tx, attempt.as_ref(), id.0, make).await
                })
            });
            match result.await {
                Err(OrganizationError::Db(error))
                    if error.is_duplicate() && number <= MAX_NAMESAKES =>
                {
                    number += 1;
                }
                other => return other,
            }
        }
    }

    /// Changes what the organization says about itself. Its slug stays.
    ///
    /// # Errors
    /// When a field is malformed, or the database fails.
    pub async fn edit(
        &self,
        by: OfOrganization<EditOrganization>,
        change: OrganizationChange,
    ) -> Result<organizations::Model, OrganizationError> {
        let (entropy, change) = (Arc::clone(&self.base.entropy), Arc::new(change));
        self.base
            .db
            .transact(move |tx| {
                let (entropy, change) = (Arc::clone(&entropy), Arc::clone(&change));
                Box::pin(async move {
                    let id = by.organization();
                    let known = locked(tx, id).await?;
                    let texts = OrganizationTexts::of_stored(&known).changed(&change)?;
                    if texts == OrganizationTexts::of_stored(&known) {
                        return Ok(known);
                    }
                    store::set_texts(tx, id, &texts).await?;
                    // The audit log keeps no texts, so that an erasure has nothing to erase there.
                    let detail = serde_json::json!({ "fields": change.fields() });
                    let (user, subject) = (by.user(), ("organization", id.0));
                    let entry =
                        AuditRecord::new(&*entropy, user, "organization.edit", subject, &detail);
                    audit::record(tx, &entry).await?;
                    locked(tx, id).await
                })
            })
            .await
    }

    /// Decides on an application. If it is approved, its owners become organizers. A mail tells the owners.
    ///
    /// # Errors
    /// When the application was decided already, the reason is missing or malformed, or the database fails.
    pub async fn decide(
        &self,
        by: OrganizationJudge,
        id: OrganizationId,
        status: OrganizationStatus,
        reason: Option<&str>,
    ) -> Result<organizations::Model, OrganizationError> {
        let reason = match (status, reason) {
            (OrganizationStatus::Applied, _) => {
                let fault = "must be active or refused".to_owned();
                return Err(OrganizationError::Field("status", fault));
            }
            (OrganizationStatus::Refused, None) => Some(String::new()),
            (OrganizationStatus::Active | OrganizationStatus::Refused, reason) => {
                reason.map(str::to_owned)
            }
        };
        let reason = reason.map(|typed| text::line(&typed, MAX_REASON_CHARS)).transpose();
        let reason =
            reason.map_err(|fault| OrganizationError::Field("reason", fault.to_string()))?;
        let (entropy, reason) = (Arc::clone(&self.base.entropy), Arc::new(reason));
        self.base
            .db
            .transact(move |tx| {
                let (entropy, reason) = (Arc::clone(&entropy), Arc::clone(&reason));
                Box::pin(async move {
                    let known = locked(tx, id).await?;
                    if known.status != OrganizationStatus::Applied {
                        return Err(OrganizationError::Status(known.status));
                    }
                    store::set_status(tx, id, status, reason.as_deref()).await?;
                    tell_owners(tx, &*entropy, by.user(), id, status).await?;
                    let detail =
                        serde_json::json!({ "status": status.as_str(), "reason": &*reason });
                    let (user, subject) = (by.user(), ("organization", id.0));
                    let entry =
                        AuditRecord::new(&*entropy, user, "organization.decide", subject, &detail);
                    audit::record(tx, &entry).await?;
                    locked(tx, id).await
                })
            })
            .await
    }
}

/// Reads the organization under a lock, so that no other request decides on it meanwhile.
pub(super) async fn locked(
    tx: &Tx,
    id: OrganizationId,
) -> Result<organizations::Model, OrganizationError> {
    store::lock(tx, id).await?.ok_or(OrganizationError::NotFound("organization"))
}

async fn insert(
    tx: &Tx,
    entropy: &dyn Entropy,
    caller: User,
    id: OrganizationId,
    slug: &Slug,
    texts: &OrganizationTexts,
) -> Result<NewObject<Organization>, OrganizationError> {
    let user = store::lock_user(tx, caller.id).await?;
    let user = user.filter(|user| user.status == AccountStatus::Active);
    let user = user.ok_or(OrganizationError::NotActive)?;
    let is_admin = user.role == Role::Admin;
    if !is_admin && store::open_applications(tx, user.id).await? >= MAX_APPLICATIONS {
        return Err(OrganizationError::TooMany);
    }
    let status = if is_admin { OrganizationStatus::Active } else { OrganizationStatus::Applied };
    let OrganizationTexts { name, legal_name, contact_email, website } = texts.clone();
    let row = organizations::Model {
        id,
        name,
        slug: slug.as_str().to_owned(),
        created_at: db::now(tx).await?,
        status,
        legal_name,
        contact_email,
        website,
        reason: None,
    };
    db::insert(tx, row.clone()).await?;
    if !is_admin {
        let role = MembershipRole::Owner;
        let owner = memberships::Model { organization_id: id, user_id: user.id, role };
        db::insert(tx, owner).await?;
    }
    let by = User { id: user.id, role: user.role };
    let detail = serde_json::json!({ "status": status.as_str() });
    let subject = ("organization", id.0);
    let entry = AuditRecord::new(entropy, by, "organization.create", subject, &detail);
    audit::record(tx, &entry).await?;
    Ok(NewObject { path: format!("/organizations/{id}"), body: shown(row) })
}

/// Makes the owners of an approved organization organizers, and writes a mail to each owner.
async fn tell_owners(
    tx: &Tx,
    entropy: &dyn Entropy,
    by: User,
    id: OrganizationId,
    status: OrganizationStatus,
) -> Result<(), OrganizationError> {
    let now = db::now(tx).await?;
    for owner in store::lock_owners(tx, id).await? {
        let user = store::lock_user(tx, owner).await?;
        let Some(user) = user.filter(|user| user.status == AccountStatus::Active) else {
            continue;
        };
        if status == OrganizationStatus::Active {
            raise(tx, entropy, by, &user, Role::Organizer).await?;
        }
        let instance = owner.to_string();
        let mail = NewMessage::once(Kind::OrganizationDecided, id.0, &user.email, &user.locale);
        post(tx, entropy, [NewMessage { instance, ..mail }], now).await?;
    }
    Ok(())
}
