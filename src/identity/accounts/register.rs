//! Creates accounts, after the fields and the strength of the password are checked.
//!
//! An account is inactive until its user has proved the address. Whoever registers gets the same answer for every address;
//! the mail to the address says whether there is an account already.

use std::sync::Arc;

use holdfast_contract::accounts::Registration;
use holdfast_domain::{
    access::{AccountStatus, Role},
    email::{EmailAddress, as_once_stored},
    ids::{LinkId, UserId},
    legal::Subject,
    link::{HOUR_MS, LinkPurpose},
    message::Kind,
    text,
};
use holdfast_entity::users;

use super::{
    Accounts, links,
    password::{PasswordError, Weakness},
    proof::{self, WantedLink},
    store,
};
use crate::{
    http::auth::LOCALES,
    kernel::{
        db::{self, StoreError, Tx, UseCaseError},
        ports::Entropy,
    },
    legal::accept::{self, AcceptedTerms, NotAccepted},
    messages::{NewMessage, post},
};

const MAX_NAME_CHARS: usize = 100;

/// Why no account was created.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// A field is malformed: the field and the fault.
    #[error("{0}: {1}")]
    Field(&'static str, String),
    /// The user does not accept the present terms.
    #[error(transparent)]
    Terms(#[from] NotAccepted),
    #[error(transparent)]
    Weak(#[from] Weakness),
    #[error("the e-mail address is taken")]
    Taken,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for RegisterError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Field(..) | Self::Terms(_) | Self::Weak(_) | Self::Taken | Self::Password(_) => {
                None
            }
        }
    }
}

/// The fields of an account, checked, with the hash of its password.
#[derive(derive_more::Debug)]
struct CheckedAccount {
    email: EmailAddress,
    /// The address as somebody typed it.
    typed: String,
    #[debug("hidden")]
    hash: String,
    first_name: String,
    last_name: String,
    locale: &'static str,
    /// The terms that the user has accepted.
    terms: Option<AcceptedTerms>,
}

impl CheckedAccount {
    /// The row of a new account.
    fn row(&self, id: UserId, role: Role, status: AccountStatus, now_ms: i64) -> users::Model {
        users::Model {
            id,
            email: self.email.to_string(),
            password_hash: Some(self.hash.clone()),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            role,
            status,
            locale: self.locale.to_owned(),
            created_at: now_ms,
        }
    }

    fn forms(&self) -> Vec<String> {
        forms_of(&self.email, &self.typed)
    }
}

/// The forms of an address under which an account may stand. An account from before addresses had one form may have this
/// address in another form.
pub(super) fn forms_of(address: &EmailAddress, typed: &str) -> Vec<String> {
    let mut forms = address.older_forms();
    forms.extend([as_once_stored(typed), address.to_string()]);
    forms
}

impl Accounts {
    /// Creates an active account with this role, for a user whose address needs no proof. Two accounts cannot have the
    /// same address; upper and lower case count as equal.
    ///
    /// # Errors
    /// When a field is malformed, the password is weak, the address is taken, the password service is busy, or the database
    /// fails.
    pub async fn register(
        &self,
        registration: Registration,
        role: Role,
    ) -> Result<UserId, RegisterError> {
        let (db, id) = (&self.base.db, UserId(self.base.entropy.id()));
        let new = self.checked(registration, None).await?;
        if store::user_of_forms(db, new.forms()).await?.is_some() {
            return Err(RegisterError::Taken);
        }
        let row = new.row(id, role, AccountStatus::Active, db.now().await?);
        match store::insert_user(db, row).await {
            Ok(()) => Ok(id),
            Err(error) if error.is_duplicate() => Err(RegisterError::Taken),
            Err(error) => Err(error.into()),
        }
    }

    /// Creates an inactive account and writes a mail that proves its address. If there is an active account, its user gets
    /// a mail that says so. Returns what tells later that this browser has registered, whether there was an account or not.
    ///
    /// # Errors
    /// When a field is malformed, the password is weak, the password service is busy, or the database fails.
    pub async fn sign_up(&self, registration: Registration) -> Result<String, RegisterError> {
        let locale = spoken(&registration)?;
        let terms = self.legal.judge(registration.accepted.as_ref(), locale)?;
        let new = Arc::new(self.checked(registration, terms).await?);
        let entropy = Arc::clone(&self.base.entropy);
        let sign_up = || {
            let (entropy, new) = (Arc::clone(&entropy), Arc::clone(&new));
            self.base.db.transact(move |tx| {
                let (entropy, new) = (Arc::clone(&entropy), Arc::clone(&new));
                Box::pin(async move { sign_up(tx, &*entropy, &new).await })
            })
        };
        match sign_up().await {
            // Somebody has registered with this address at the same moment.
            Err(RegisterError::Db(error)) if error.is_duplicate() => sign_up().await?,
            result => result?,
        }
        Ok(links::registered(&self.sessions.keys, &new.hash))
    }

    async fn checked(
        &self,
        registration: Registration,
        terms: Option<AcceptedTerms>,
    ) -> Result<CheckedAccount, RegisterError> {
        let email = EmailAddress::parse(&registration.email)
            .map_err(|fault| RegisterError::Field("email", fault.to_string()))?;
        let (first_name, last_name) = names(&registration.first_name, &registration.last_name)
            .map_err(|(field, fault)| RegisterError::Field(field, fault))?;
        let locale = spoken(&registration)?;
        let known = [email.as_str(), &first_name, &last_name];
        self.passwords.judge(&registration.password, &known).await??;
        let hash = self.passwords.hash(registration.password).await?;
        let typed = registration.email;
        Ok(CheckedAccount { email, typed, hash, first_name, last_name, locale, terms })
    }
}

/// The language of a new user.
fn spoken(registration: &Registration) -> Result<&'static str, RegisterError> {
    let Some(wanted) = registration.locale.as_deref() else { return Ok(LOCALES[0]) };
    locale_of(wanted).map_err(|(field, fault)| RegisterError::Field(field, fault))
}

/// The names of a user, if they are well formed. The fault comes with its field.
pub(super) fn names(
    first_name: &str,
    last_name: &str,
) -> Result<(String, String), (&'static str, String)> {
    Ok((first_name_of(first_name)?, last_name_of(last_name)?))
}

/// The given name, if it is well formed. The fault comes with its field.
pub(super) fn first_name_of(typed: &str) -> Result<String, (&'static str, String)> {
    text::line(typed, MAX_NAME_CHARS).map_err(|fault| ("first_name", fault.to_string()))
}

/// The family name, if it is well formed. Many people have none. The fault comes with its field.
pub(super) fn last_name_of(typed: &str) -> Result<String, (&'static str, String)> {
    match typed.trim() {
        "" => Ok(String::new()),
        name => text::line(name, MAX_NAME_CHARS).map_err(|fault| ("last_name", fault.to_string())),
    }
}

/// The language, if the shop speaks it. The fault comes with its field.
pub(super) fn locale_of(wanted: &str) -> Result<&'static str, (&'static str, String)> {
    let ours = LOCALES.into_iter().find(|ours| *ours == wanted);
    ours.ok_or_else(|| ("locale", format!("must be one of {}", LOCALES.join(", "))))
}

/// Tells the owner of an account that somebody wanted another one with its address.
pub(super) async fn tell_owner(
    tx: &Tx,
    entropy: &dyn Entropy,
    known: &users::Model,
    now: i64,
) -> Result<(), StoreError> {
    if known.status != AccountStatus::Active {
        return Ok(());
    }
    // One mail an hour is enough, however often somebody tries.
    let instance = (now / HOUR_MS).to_string();
    let mail = NewMessage::once(Kind::AccountKnown, known.id.0, &known.email, &known.locale);
    post(tx, entropy, [NewMessage { instance, ..mail }], now).await
}

async fn sign_up(
    tx: &Tx,
    entropy: &dyn Entropy,
    new: &CheckedAccount,
) -> Result<(), RegisterError> {
    let now = db::now(tx).await?;
    let known = match store::user_of_forms(tx, new.forms()).await? {
        Some(known) => store::lock_user(tx, known.id).await?,
        None => None,
    };
    let user = match known {
        None => {
            let id = UserId(entropy.id());
            let user = new.row(id, Role::Customer, AccountStatus::Inactive, now);
            db::insert(tx, user.clone()).await?;
            user
        }
        // Nobody has proved the address yet, so the last who registers counts as well as the first.
        Some(known) if known.status == AccountStatus::Inactive => {
            let user = new.row(known.id, known.role, known.status, now);
            let user = users::Model { email: known.email, ..user };
            store::set_registration(tx, &user).await?;
            accept::forget(tx, &[user.id]).await?;
            user
        }
        Some(known) => {
            tell_owner(tx, entropy, &known, now).await?;
            return Ok(());
        }
    };
    let accepted = new.terms.iter().map(|it| it.row(entropy, Subject::User(user.id), now));
    accept::record(tx, accepted.collect()).await?;
    let (id, purpose) = (LinkId(entropy.id()), LinkPurpose::Activation);
    Ok(proof::send_link(tx, entropy, &user, WantedLink { id, purpose, address: None }).await?)
}
