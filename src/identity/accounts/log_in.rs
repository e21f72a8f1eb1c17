//! Signing in: one error for everything that can be wrong, in the same time.

use holdfast_contract::accounts::{Credentials, Profile, Role as WireRole};
use holdfast_domain::{access::Role, ids::UserId, text};

use super::{
    password::{self, HashFault},
    store,
};
use crate::{
    identity::organizations,
    kernel::{
        actor::User,
        db::{Db, StoreError},
    },
};

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// No such account, a wrong password, or an account that may not sign in: deliberately not told apart.
    #[error("the e-mail address or the password is wrong")]
    Wrong,
    /// The password could not be checked.
    #[error(transparent)]
    Hash(#[from] HashFault),
    /// The database failed.
    #[error("the database failed")]
    Db(#[from] StoreError),
}

/// Finds the user of these credentials.
///
/// # Errors
/// See [`LogInError`].
pub async fn log_in(db: &Db, credentials: Credentials) -> Result<User, LogInError> {
    let found = match text::email(&credentials.email) {
        Ok(email) => store::user_by_email(db.reader(), &email).await?,
        Err(_) => None,
    };
    if credentials.password.len() > password::MAX_BYTES {
        return Err(LogInError::Wrong);
    }
    let hash = found.as_ref().and_then(|user| user.password_hash.clone());
    let right = password::matches(credentials.password, hash).await?;
    match found {
        Some(user) if right && user.status.may_sign_in() => {
            Ok(User { id: user.id, role: user.role })
        }
        _ => Err(LogInError::Wrong),
    }
}

/// The account of a user as they see it.
///
/// # Errors
/// When the database fails.
pub async fn profile(db: &Db, id: UserId) -> Result<Option<Profile>, StoreError> {
    let Some(user) = store::user(db.reader(), id).await? else { return Ok(None) };
    if !user.status.may_sign_in() {
        return Ok(None);
    }
    let organizations = organizations::memberships_of(db, id).await?;
    Ok(Some(Profile {
        id: user.id.0,
        role: wire_role(user.role),
        email: user.email,
        first_name: user.first_name,
        last_name: user.last_name,
        locale: user.locale,
        organizations,
    }))
}

/// Where mails to a user go; none when the account may not sign in.
///
/// # Errors
/// When the database fails.
pub async fn email_of(db: &Db, id: UserId) -> Result<Option<String>, StoreError> {
    let Some(user) = store::user(db.reader(), id).await? else { return Ok(None) };
    Ok(user.status.may_sign_in().then_some(user.email))
}

fn wire_role(role: Role) -> WireRole {
    match role {
        Role::Customer => WireRole::Customer,
        Role::Organizer => WireRole::Organizer,
        Role::Controller => WireRole::Controller,
        Role::Admin => WireRole::Admin,
    }
}
