//! The erasure of an account. The books keep the user's bookings and tickets, without the person.
//!
//! The row of the user stays, so that the audit log and the bookings name an account that was once there. Seats that the
//! user still holds become free when their time is over, as always.

use std::sync::Arc;

use holdfast_domain::{
    access::{AccountStatus, Role},
    ids::UserId,
    message::Kind,
};
use uuid::Uuid;

use super::{Accounts, proof::ProofError, store};
use crate::{
    kernel::{
        actor::User,
        audit::{self, AuditRecord},
        db::{self, StoreError, Tx, UseCaseError},
        idempotency,
        personal::{ErasureError, ErasureObstacle, Person, PersonalData},
        ports::Entropy,
    },
    messages::{NewMessage, erase_about, post},
};

/// Why an account was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseAccountError {
    /// The password is wrong, or the account is no longer active.
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("the account cannot be erased now: {}", .0.as_str())]
    Obstacle(ErasureObstacle),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl From<ErasureError> for EraseAccountError {
    fn from(error: ErasureError) -> Self {
        match error {
            ErasureError::Obstacle(obstacle) => Self::Obstacle(obstacle),
            ErasureError::Db(error) => Self::Db(error),
        }
    }
}

impl UseCaseError for EraseAccountError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Proof(error) => error.store(),
            Self::Db(error) => Some(error),
            Self::Obstacle(_) => None,
        }
    }
}

/// A user who has given the present password, by its hash, to erase the account.
#[derive(derive_more::Debug)]
struct Leaving {
    user: UserId,
    #[debug("hidden")]
    known: Option<String>,
    parts: Vec<Arc<dyn PersonalData>>,
}

impl Accounts {
    /// Erases the account of a user who knows the present password. A last mail says so.
    ///
    /// # Errors
    /// When the password is wrong or was tried too often, something stands in the way, the password service is busy, or
    /// the database fails. Nothing has changed then.
    pub async fn erase(
        &self,
        parts: Vec<Arc<dyn PersonalData>>,
        caller: User,
        typed: String,
    ) -> Result<(), EraseAccountError> {
        let user = store::user(self.base.db.reader(), caller.id).await?;
        let user = user.ok_or(ProofError::NotActive)?;
        let known = self.present_password(&user, typed).await?;
        let leaving = Arc::new(Leaving { user: caller.id, known, parts });
        let entropy = Arc::clone(&self.base.entropy);
        self.base
            .db
            .transact(move |tx| {
                let (entropy, leaving) = (Arc::clone(&entropy), Arc::clone(&leaving));
                Box::pin(async move { write(tx, &*entropy, &leaving).await })
            })
            .await
    }
}

async fn write(tx: &Tx, entropy: &dyn Entropy, leaving: &Leaving) -> Result<(), EraseAccountError> {
    let user = store::lock_user(tx, leaving.user).await?;
    let user = user.filter(|user| user.status == AccountStatus::Active);
    let user = user.ok_or(ProofError::NotActive)?;
    // Another request has set a new password meanwhile.
    if user.password_hash != leaving.known {
        return Err(ProofError::WrongPassword.into());
    }
    if user.role == Role::Admin {
        return Err(EraseAccountError::Obstacle(ErasureObstacle::Administrator));
    }
    let person = Person { id: user.id, email: user.email };
    let links = store::links_of(tx, user.id).await?;
    let mut subjects: Vec<Uuid> = links.iter().map(|link| link.id.0).collect();
    subjects.push(user.id.0);
    erase_about(tx, &subjects).await?;
    for part in &leaving.parts {
        part.erase(tx, &person).await?;
    }
    idempotency::forget_answers(tx, user.id.0).await?;
    store::delete_proofs(tx, user.id).await?;
    store::empty_user(tx, user.id, &format!("erased:{}", user.id)).await?;
    let now = db::now(tx).await?;
    let mail = NewMessage::once(Kind::AccountErased, user.id.0, &person.email, &user.locale);
    post(tx, entropy, [mail], now).await?;
    let by = User { id: user.id, role: user.role };
    let subject = ("user", user.id.0);
    let entry = AuditRecord::new(entropy, by, "account.erase", subject, &serde_json::json!({}));
    Ok(audit::record(tx, &entry).await?)
}
