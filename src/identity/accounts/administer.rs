//! The administration of users: who there is, the roles that they have, and accounts that are suspended.
//!
//! Nobody changes their own role or status, so an installation that has an administrator always keeps one.

use std::sync::Arc;

use holdfast_domain::{
    access::{AccountStatus, Role},
    actor::Actor,
    ids::UserId,
    link::LinkPurpose,
    text,
};
use holdfast_entity::users;

use super::{
    Accounts,
    log_in::user_named,
    store::{self, UserFilter},
};
use crate::{
    access::UserManager,
    identity::sessions,
    kernel::{
        actor::User,
        audit::{self, AuditRecord},
        db::{StoreError, Tx, UseCaseError},
        ports::Entropy,
    },
};

/// The maximum length of the reason for a change, in characters.
const MAX_REASON_CHARS: usize = 500;

/// A change of a user by an administrator. `None` leaves the role or the status as it is.
#[derive(Debug, Clone, Default)]
pub struct UserEdit {
    pub role: Option<Role>,
    /// `Active` restores a suspended account, `Suspended` closes an active one.
    pub status: Option<AccountStatus>,
    /// Why, for the audit log.
    pub reason: Option<String>,
}

/// Why a user was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UserEditError {
    #[error("there is no such user")]
    Unknown,
    /// The account's status does not allow the change. Contains the status.
    #[error("the account is {}", .0.as_str())]
    Status(AccountStatus),
    /// The administrator's own account.
    #[error("another administrator changes this account")]
    Own,
    /// Another administrator has just taken the role of this one.
    #[error("the caller is no administrator any more")]
    NotAdmin,
    /// A field is malformed: the field and the fault.
    #[error("{0}: {1}")]
    Field(&'static str, String),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for UserEditError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Unknown | Self::Status(_) | Self::Own | Self::NotAdmin | Self::Field(..) => None,
        }
    }
}

impl Accounts {
    /// A page of users, the last one who registered first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn users(
        &self,
        _by: UserManager,
        filter: &UserFilter,
        limit: u64,
    ) -> Result<Vec<users::Model>, StoreError> {
        store::list_users(&self.base.db, filter, limit).await
    }

    /// The user with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user(
        &self,
        _by: UserManager,
        id: UserId,
    ) -> Result<Option<users::Model>, StoreError> {
        store::user(self.base.db.reader(), id).await
    }

    /// Changes the role or the status of a user. A suspended user's sessions and links end at once, and nodes act on the
    /// change within a second.
    ///
    /// # Errors
    /// See [`UserEditError`]. Nothing has changed then.
    pub async fn edit_user(
        &self,
        by: UserManager,
        id: UserId,
        edit: UserEdit,
    ) -> Result<users::Model, UserEditError> {
        let by = by.user();
        let is_empty = edit.role.is_none() && edit.status.is_none();
        if is_empty && edit.reason.is_some() {
            let fault = "comes with a role or a status".to_owned();
            return Err(UserEditError::Field("reason", fault));
        }
        if by.id == id && !is_empty {
            return Err(UserEditError::Own);
        }
        let reason = edit.reason.as_deref().map(|typed| text::line(typed, MAX_REASON_CHARS));
        let reason = reason
            .transpose()
            .map_err(|fault| UserEditError::Field("reason", fault.to_string()))?;
        let edit = Arc::new(UserEdit { reason, ..edit });
        let entropy = Arc::clone(&self.base.entropy);
        self.base
            .db
            .transact(move |tx| {
                let (entropy, edit) = (Arc::clone(&entropy), Arc::clone(&edit));
                Box::pin(async move {
                    let user = lock_for(tx, by, id).await?;
                    edit_within(tx, &*entropy, by.into(), user, &edit).await
                })
            })
            .await
    }

    /// Gives the user with this address a role. Returns the role that the user had. Nodes act on the new role within a
    /// second.
    ///
    /// # Errors
    /// When there is no active user with this address, or the database fails.
    pub async fn grant(&self, typed: &str, role: Role, by: Actor) -> Result<Role, UserEditError> {
        let known = user_named(&self.base.db, typed).await?.ok_or(UserEditError::Unknown)?;
        let entropy = Arc::clone(&self.base.entropy);
        self.base
            .db
            .transact(move |tx| {
                let entropy = Arc::clone(&entropy);
                Box::pin(async move {
                    let user = store::lock_user(tx, known.id).await?;
                    let user = user.ok_or(UserEditError::Unknown)?;
                    let before = user.role;
                    let edit = UserEdit { role: Some(role), ..UserEdit::default() };
                    edit_within(tx, &*entropy, by, user, &edit).await?;
                    Ok(before)
                })
            })
            .await
    }
}

/// Locks the administrator and the user, in the order of their ids, so that two administrators who take each other's role
/// do not both succeed.
async fn lock_for(tx: &Tx, by: User, id: UserId) -> Result<users::Model, UserEditError> {
    let mut both = [by.id, id];
    both.sort_unstable();
    let mut found = Vec::with_capacity(both.len());
    for one in both {
        found.extend(store::lock_user(tx, one).await?);
    }
    let is_admin = |user: &users::Model| user.role == Role::Admin && user.status.may_sign_in();
    if !found.iter().any(|user| user.id == by.id && is_admin(user)) {
        return Err(UserEditError::NotAdmin);
    }
    found.into_iter().find(|user| user.id == id).ok_or(UserEditError::Unknown)
}

/// Changes a locked user. Returns the user after the change.
async fn edit_within(
    tx: &Tx,
    entropy: &dyn Entropy,
    by: Actor,
    user: users::Model,
    edit: &UserEdit,
) -> Result<users::Model, UserEditError> {
    let (id, before) = (user.id, user.clone());
    let mut user = user;
    let record = async |action: &'static str, from: &str, to: &str| {
        let detail = serde_json::json!({ "from": from, "to": to, "reason": edit.reason });
        let entry = AuditRecord::new(entropy, by, action, ("user", id.0), &detail);
        audit::record(tx, &entry).await
    };
    if let Some(status) = edit.status.filter(|status| *status != user.status) {
        let action = match (user.status, status) {
            (AccountStatus::Active, AccountStatus::Suspended) => {
                sessions::end_others(tx, id, None).await?;
                // The way back to the former address stays for the time after the suspension.
                for purpose in LinkPurpose::ALL {
                    if purpose != LinkPurpose::EmailRestore {
                        store::end_links(tx, id, purpose).await?;
                    }
                }
                "user.suspend"
            }
            (AccountStatus::Suspended, AccountStatus::Active) => "user.restore",
            (now, _) => return Err(UserEditError::Status(now)),
        };
        store::set_status(tx, id, status).await?;
        record(action, before.status.as_str(), status.as_str()).await?;
        user.status = status;
    }
    if let Some(role) = edit.role.filter(|role| *role != user.role) {
        // Before or after the change of the status.
        if ![before.status, user.status].contains(&AccountStatus::Active) {
            return Err(UserEditError::Status(user.status));
        }
        store::set_role(tx, id, role).await?;
        record("user.grant", before.role.as_str(), role.as_str()).await?;
        user.role = role;
    }
    Ok(user)
}
