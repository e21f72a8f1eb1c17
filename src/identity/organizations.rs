//! Organizations: how they are founded, what they say about themselves, and how they get their members.
//!
//! A user applies for an organization, and an administrator decides. Owners invite members by mail.

pub mod api;
mod decide;
mod invite;
mod letters;
mod members;
mod store;
mod texts;

use std::sync::Arc;

use holdfast_domain::{
    access::{MembershipRole, OrganizationStatus},
    email::EmailAddress,
};
use poem_openapi::OpenApi;

use self::letters::OrganizationLetters;
pub use self::texts::OrganizationTexts;
use crate::{
    http::{
        limits::{CountedAs, LimitRule, settings::Limit},
        route::post,
    },
    identity::memberships,
    kernel::{
        base::Base,
        db::{StoreError, Tx, UseCaseError},
        idempotency::KeyClaimError,
        keys::KeyRing,
        passes::Pass,
        personal::{ErasureError, ErasureObstacle, Person, PersonalData, PersonalFile},
        settings::WebAddress,
    },
    messages::{self, LetterWriter},
    slice::{SharedParts, Slice},
};

/// How long invitations are kept that are over, in milliseconds: longer than the messages about them.
const KEPT_MS: i64 = 31 * 24 * 60 * 60 * 1000;

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Organizations {
    pub base: Base,
    pub keys: KeyRing,
}

/// Why an organization, a member or an invitation was not changed.
#[derive(Debug, thiserror::Error)]
pub enum OrganizationError {
    /// A field is malformed: the field and the fault.
    #[error("{0}: {1}")]
    Field(&'static str, String),
    /// The object does not exist. Contains its kind in words.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The status of the organization does not allow the change.
    #[error("the organization is {}", .0.as_str())]
    Status(OrganizationStatus),
    /// The organization would have no owner.
    #[error("the organization would have no owner")]
    LastOwner,
    /// The user has too many applications that nobody has decided.
    #[error("the user has too many open applications")]
    TooMany,
    /// Another owner has changed what the caller may do meanwhile.
    #[error("the caller is no owner any more")]
    NotOwner,
    /// The link of an invitation is not ours, was used, withdrawn or replaced, or has expired.
    #[error("the invitation is over")]
    NoInvitation,
    /// The invitation is for somebody with another address.
    #[error("the invitation is for another address")]
    OtherAddress,
    /// The account is no longer active.
    #[error("the account is no longer active")]
    NotActive,
    /// The address has got enough mails within this hour.
    #[error("the address has got enough mails")]
    TooManyMails,
    #[error(transparent)]
    Claim(#[from] KeyClaimError),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for OrganizationError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) | Self::Claim(KeyClaimError::Db(error)) => Some(error),
            Self::Field(..)
            | Self::NotFound(_)
            | Self::Status(_)
            | Self::LastOwner
            | Self::TooMany
            | Self::NotOwner
            | Self::NoInvitation
            | Self::OtherAddress
            | Self::NotActive
            | Self::TooManyMails
            | Self::Claim(KeyClaimError::Reused) => None,
        }
    }
}

impl Organizations {
    /// Deletes invitations that have been over for a long time; returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retention_pass(&self) -> Result<u64, StoreError> {
        store::invitations::forget(&self.base.db, KEPT_MS).await
    }
}

impl Slice for Organizations {
    // The mail goes to an address that the caller names.
    const LIMITED: &'static [LimitRule] = &[LimitRule {
        route: post("organizations/*/invitations"),
        counted: CountedAs::Strict(Limit::MAILS),
    }];

    fn routes(self, shared: SharedParts) -> impl OpenApi + 'static {
        api::OrganizationsApi { access: shared.access, organizations: self }
    }

    fn writers(&self, home: &WebAddress) -> Vec<Arc<dyn LetterWriter>> {
        let (db, keys) = (self.base.db.clone(), self.keys.clone());
        vec![Arc::new(OrganizationLetters { db, keys, home: home.clone() })]
    }

    fn personal(&self) -> Vec<Arc<dyn PersonalData>> {
        vec![Arc::new(self.clone())]
    }

    fn passes(&self, shared: &SharedParts) -> Vec<Pass> {
        vec![Pass::on("invitation-retention", shared.retention_every, self, |it| async move {
            it.retention_pass().await
        })]
    }
}

#[async_trait::async_trait]
impl PersonalData for Organizations {
    /// The profile contains the memberships.
    async fn export(&self, _person: &Person) -> Result<Vec<PersonalFile>, StoreError> {
        Ok(Vec::new())
    }

    /// Ends the memberships, and deletes the person's applications that were not approved and the invitations to the person,
    /// with the mails about them. The contact of an active organization is the organization's.
    async fn erase(&self, tx: &Tx, person: &Person) -> Result<(), ErasureError> {
        let mut subjects = Vec::new();
        for membership in memberships::of_users(tx, &[person.id]).await? {
            let id = membership.organization_id;
            if membership.role != MembershipRole::Owner
                || store::lock_owners(tx, id).await? != [person.id]
            {
                continue;
            }
            if membership.status == OrganizationStatus::Active {
                return Err(ErasureError::Obstacle(ErasureObstacle::LastOwner));
            }
            store::delete_organization(tx, id).await?;
            subjects.push(id.0);
        }
        store::delete_of(tx, person.id).await?;
        let address = EmailAddress::parse(&person.email);
        let address = address.map_or_else(|_| person.email.clone(), |it| it.to_string());
        subjects.extend(store::invitations::delete_of(tx, &address, person.id).await?);
        Ok(messages::erase_about(tx, &subjects).await?)
    }
}
