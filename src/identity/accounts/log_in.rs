//! Signing in. Every failure gets the same error after the same time, so that nobody learns which accounts exist.

use holdfast_contract::accounts::{Credentials, Profile, Role as WireRole};
use holdfast_domain::{access::Role, ids::UserId, text};

use super::{
    password::{self, PasswordError, Passwords},
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
    /// The account does not exist, the password is wrong, or the account may not sign in. The error deliberately does
    /// not distinguish these cases.
    #[error("the e-mail address or the password is wrong")]
    Wrong,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

/// Checks the credentials and returns the user to whom they belong.
///
/// # Errors
/// See [`LogInError`].
pub async fn log_in(
    db: &Db,
    passwords: &Passwords,
    credentials: Credentials,
) -> Result<User, LogInError> {
    let found = match text::email(&credentials.email) {
        Ok(email) => store::user_by_email(db.reader(), &email).await?,
        Err(_) => None,
    };
    if credentials.password.len() > password::MAX_BYTES {
        return Err(LogInError::Wrong);
    }
    let hash = found.as_ref().and_then(|user| user.password_hash.clone());
    let right = passwords.matches(credentials.password, hash).await?;
    match found {
        Some(user) if right && user.status.may_sign_in() => {
            Ok(User { id: user.id, role: user.role })
        }
        _ => Err(LogInError::Wrong),
    }
}

/// The profile of a user. `None` when the account does not exist or may not sign in.
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

/// The e-mail address of a user. `None` when the account does not exist or may not sign in.
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
