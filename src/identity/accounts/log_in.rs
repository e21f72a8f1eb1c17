//! Signing in. Every wrong sign-in gets the same error after the same time, so that nobody learns which accounts exist. After
//! too many of them, sign-ins are refused for a while: see [`super::sign_in_tries`].

use std::sync::Arc;

use holdfast_contract::accounts::{Credentials, Profile, Role as WireRole};
use holdfast_domain::{
    access::Role,
    email::{EmailAddress, MAX_CHARS, as_once_stored},
    ids::UserId,
    session::SessionLength,
};
use holdfast_entity::users;

use super::{
    Accounts,
    known_devices::{self, Secured},
    password::{self, PasswordError},
    sign_in_tries::SignInSender,
    store,
};
use crate::{
    identity::{
        memberships,
        sessions::{Device, Opened},
    },
    kernel::{
        actor::User,
        audit::{self, AuditRecord},
        base::Base,
        db::{Db, StoreError, UseCaseError},
    },
};

/// No stored address has more bytes.
const MAX_OLD_BYTES: usize = 4 * MAX_CHARS;

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// The account does not exist, the password is wrong, or the account may not sign in. The error deliberately does
    /// not distinguish these cases.
    #[error("the e-mail address or the password is wrong")]
    Wrong,
    /// There were too many wrong passwords within this hour, for this account or from this network. The next hour begins after
    /// `wait_ms`. The error does not tell whether the password was right.
    #[error("too many passwords were tried")]
    TooOften { wait_ms: i64 },
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for LogInError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Wrong | Self::TooOften { .. } | Self::Password(_) => None,
        }
    }
}

/// A user whose credentials were right.
#[derive(derive_more::Debug, Clone)]
pub struct SignedIn {
    pub user: User,
    /// The hash that the password has matched. `None` when no password was checked.
    #[debug("hidden")]
    pub matched: Option<String>,
}

/// A session that has begun.
#[derive(derive_more::Debug)]
pub struct Begun {
    pub session: Opened,
    /// The value of the cookie by which the browser is known from now on.
    #[debug("hidden")]
    pub device: String,
}

impl Accounts {
    /// Checks the credentials and returns the user to whom they belong. A right password counts only if there were few wrong
    /// ones when its check began, and when it ended. So of many guesses at once, only the first ones can succeed.
    ///
    /// # Errors
    /// When the credentials are wrong, there were too many wrong ones within this hour, the password service is busy, or the
    /// database fails.
    pub async fn log_in(
        &self,
        credentials: Credentials,
        sender: &SignInSender,
    ) -> Result<SignedIn, LogInError> {
        let found = user_named(&self.base.db, &credentials.email).await?;
        let guesser = self.guesser(found.as_ref(), &credentials.email, sender);
        self.may_sign_in(&guesser).await?;
        let hash = found.as_ref().and_then(|user| user.password_hash.clone());
        // A password that is too long costs its sender as much as any other.
        let is_short = credentials.password.len() <= password::MAX_BYTES;
        let checked = if is_short { credentials.password } else { String::new() };
        let is_right = self.passwords.matches(checked, hash).await? && is_short;
        match found {
            Some(user) if is_right && user.status.may_sign_in() => {
                if let Err(refused) = self.may_sign_in(&guesser).await {
                    // It counts like a wrong one, so that the counts do not tell that it was right.
                    self.count_wrong(&guesser).await?;
                    return Err(refused);
                }
                let matched = user.password_hash;
                Ok(SignedIn { user: User { id: user.id, role: user.role }, matched })
            }
            _ => Err(self.count_wrong(&guesser).await?),
        }
    }

    /// Begins a session of the user. While the password was checked, another request may have set a new one and ended all
    /// sessions: then there is no session. The browser is known from now on; `devices` is what it knew before.
    ///
    /// # Errors
    /// When the password has changed, the user may no longer sign in, or the database fails.
    pub async fn begin_session(
        &self,
        signed_in: SignedIn,
        length: SessionLength,
        device: Device,
        devices: Option<String>,
    ) -> Result<Begun, LogInError> {
        let (sessions, begun) = (self.sessions.clone(), Arc::new((signed_in, device, devices)));
        self.base
            .db
            .transact(move |tx| {
                let (sessions, begun) = (sessions.clone(), Arc::clone(&begun));
                Box::pin(async move {
                    let (SignedIn { user, matched }, device, devices) = &*begun;
                    let now = store::lock_user(tx, user.id).await?.ok_or(LogInError::Wrong)?;
                    let is_changed = matched.is_some() && now.password_hash != *matched;
                    if is_changed || !now.status.may_sign_in() {
                        return Err(LogInError::Wrong);
                    }
                    let Base { entropy, .. } = &sessions.base;
                    let (cookie, new) = (devices.as_deref(), entropy.id());
                    let account = Secured::of(&now);
                    let known = known_devices::remembering(&sessions.keys, cookie, account, new);
                    let subject = ("user", user.id.0);
                    let entry = AuditRecord::new(&**entropy, *user, "session.begin", subject, &());
                    audit::record(tx, &entry).await?;
                    let session = sessions.open(tx, user.id, length, device).await?;
                    Ok(Begun { session, device: known })
                })
            })
            .await
    }
}

/// The user whose address somebody typed. An account from before addresses had one form is found by the form in which
/// it was stored then. That form comes first: nobody can take an account over by registering another form of its address.
pub(super) async fn user_named(db: &Db, typed: &str) -> Result<Option<users::Model>, StoreError> {
    let once = as_once_stored(typed);
    // PostgreSQL takes no NUL.
    if once.len() > MAX_OLD_BYTES || once.contains('\0') {
        return Ok(None);
    }
    let found = store::user_by_email(db.reader(), &once).await?;
    match EmailAddress::parse(typed) {
        Ok(address) if found.is_none() && address.as_str() != once => {
            store::user_by_email(db.reader(), address.as_str()).await
        }
        _ => Ok(found),
    }
}

/// The profile of a user. `None` when the account does not exist or may not sign in.
pub async fn profile(db: &Db, id: UserId) -> Result<Option<Profile>, StoreError> {
    let Some(user) = store::user(db.reader(), id).await? else { return Ok(None) };
    if !user.status.may_sign_in() {
        return Ok(None);
    }
    let organizations = memberships::memberships_of(db, &[id]).await?.remove(&id);
    Ok(Some(Profile {
        id: user.id.0,
        role: wire_role(user.role),
        email: user.email,
        first_name: user.first_name,
        last_name: user.last_name,
        locale: user.locale,
        organizations: organizations.unwrap_or_default(),
    }))
}

/// The e-mail address of a user. `None` when the account does not exist or may not sign in.
pub async fn email_of(db: &Db, id: UserId) -> Result<Option<String>, StoreError> {
    let Some(user) = store::user(db.reader(), id).await? else { return Ok(None) };
    Ok(user.status.may_sign_in().then_some(user.email))
}

/// The role on the wire.
pub fn wire_role(role: Role) -> WireRole {
    match role {
        Role::Customer => WireRole::Customer,
        Role::Organizer => WireRole::Organizer,
        Role::Controller => WireRole::Controller,
        Role::Admin => WireRole::Admin,
    }
}
