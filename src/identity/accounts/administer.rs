//! Grants of roles by an operator.

use std::sync::Arc;

use holdfast_domain::{
    access::{AccountStatus, Role},
    actor::Actor,
};

use super::{Accounts, log_in::user_named, store};
use crate::kernel::{
    audit::{self, AuditRecord},
    db::{StoreError, UseCaseError},
};

/// Why a user got no role.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    #[error("there is no user with this address; users register first")]
    Unknown,
    /// The account is inactive, suspended or erased.
    #[error("the account is {}", .0.as_str())]
    NotActive(AccountStatus),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for GrantError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Unknown | Self::NotActive(_) => None,
        }
    }
}

impl Accounts {
    /// Gives the user with this address a role. Returns the role that the user had. Nodes act on the new role within a
    /// second.
    ///
    /// # Errors
    /// When there is no active user with this address, or the database fails.
    pub async fn grant(&self, typed: &str, role: Role, by: Actor) -> Result<Role, GrantError> {
        let user = user_named(&self.base.db, typed).await?.ok_or(GrantError::Unknown)?;
        let entropy = Arc::clone(&self.base.entropy);
        self.base
            .db
            .transact(move |tx| {
                let entropy = Arc::clone(&entropy);
                Box::pin(async move {
                    let user = store::lock_user(tx, user.id).await?.ok_or(GrantError::Unknown)?;
                    if user.status != AccountStatus::Active {
                        return Err(GrantError::NotActive(user.status));
                    }
                    if user.role != role {
                        store::set_role(tx, user.id, role).await?;
                        let detail =
                            serde_json::json!({ "from": user.role.as_str(), "to": role.as_str() });
                        let subject = ("user", user.id.0);
                        let entry = AuditRecord::new(&*entropy, by, "user.grant", subject, &detail);
                        audit::record(tx, &entry).await?;
                    }
                    Ok(user.role)
                })
            })
            .await
    }
}
