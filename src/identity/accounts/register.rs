//! Creates accounts, after it has checked the fields and the strength of the password.

use std::sync::Arc;

use holdfast_contract::accounts::Registration;
use holdfast_domain::{
    access::{AccountStatus, Role},
    email::{EmailAddress, as_once_stored},
    ids::UserId,
    text,
};
use holdfast_entity::users;

use super::{
    password::{PasswordError, Passwords, Weakness},
    store,
};
use crate::{
    http::auth::LOCALES,
    kernel::{
        db::{Db, StoreError},
        ports::Entropy,
    },
};

const MAX_NAME_CHARS: usize = 100;

/// Why no account was created.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// A field is malformed: the field and the fault.
    #[error("{0}: {1}")]
    Field(&'static str, String),
    #[error(transparent)]
    Weak(#[from] Weakness),
    #[error("the e-mail address is taken")]
    Taken,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

/// Creates an account with this role. Two accounts cannot have the same address; upper and lower case count as equal.
///
/// # Errors
/// See [`RegisterError`].
pub async fn register(
    db: &Db,
    entropy: &Arc<dyn Entropy>,
    passwords: &Passwords,
    registration: Registration,
    role: Role,
) -> Result<UserId, RegisterError> {
    let line = |field, input: &str| {
        text::line(input, MAX_NAME_CHARS)
            .map_err(|fault| RegisterError::Field(field, fault.to_string()))
    };
    let email = EmailAddress::parse(&registration.email)
        .map_err(|fault| RegisterError::Field("email", fault.to_string()))?;
    let first_name = line("first_name", &registration.first_name)?;
    // Many people have only one name.
    let last_name = match registration.last_name.trim() {
        "" => String::new(),
        name => line("last_name", name)?,
    };
    let locale = match registration.locale.as_deref() {
        None => LOCALES[0],
        Some(wanted) => LOCALES.into_iter().find(|ours| *ours == wanted).ok_or_else(|| {
            RegisterError::Field("locale", format!("must be one of {}", LOCALES.join(", ")))
        })?,
    };
    passwords.judge(&registration.password, &[email.as_str(), &first_name, &last_name]).await??;
    // An account from before addresses had one form may have this address in another form.
    let mut older = email.older_forms();
    older.push(as_once_stored(&registration.email));
    if store::has_user(db.reader(), older).await? {
        return Err(RegisterError::Taken);
    }
    let password_hash = passwords.hash(registration.password).await?;
    let id = UserId(entropy.id());
    let user = users::Model {
        id,
        email: email.to_string(),
        password_hash: Some(password_hash),
        first_name,
        last_name,
        role,
        status: AccountStatus::Active,
        locale: locale.to_owned(),
        created_at: db.now().await?,
    };
    match store::insert_user(db, user).await {
        Ok(()) => Ok(id),
        Err(error) if error.is_duplicate() => Err(RegisterError::Taken),
        Err(error) => Err(error.into()),
    }
}
