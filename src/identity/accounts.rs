//! Accounts: how users register, prove their address, sign in and read their profile.
//!
//! This slice never sells anything. `api.rs` has the HTTP routes, the verbs are beside it, SQL is in `store.rs`.

pub mod activate;
pub mod administer;
pub mod api;
pub mod change_email;
pub mod edit;
pub mod erase;
pub mod export;
mod known_devices;
mod letters;
mod links;
pub mod log_in;
pub mod password;
pub mod profile_api;
pub mod proof;
pub mod recover;
pub mod register;
pub mod settings;
pub mod sign_in_tries;
pub mod standing;
mod store;

use std::sync::Arc;

use holdfast_domain::{
    email::EmailAddress,
    ids::UserId,
    link::{HOUR_MS, MAX_ADDRESS_MAILS, TryKind},
};
use poem_openapi::OpenApi;

pub use self::store::UserFilter;
use self::{letters::AccountLetters, password::Passwords, settings::AccountSettings};
use crate::{
    http::{
        cookie::SiteCookie,
        limits::{
            CountedAs, LimitRule,
            settings::{Limit, RateLimits},
        },
        route::{delete, post, put},
    },
    identity::sessions::Sessions,
    kernel::{
        backlog::Backlog,
        base::Base,
        db::{Db, StoreError, Tx},
        keys::KeyRing,
        passes::Pass,
        settings::WebAddress,
    },
    legal::{Legal, accept},
    messages::LetterWriter,
    slice::{SharedParts, Slice},
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long counts of tries are kept, in milliseconds.
const TRIES_KEPT_MS: i64 = DAY_MS;
/// How long links are kept that are over, in milliseconds: longer than the messages about them, so that an erasure finds
/// these messages.
const LINKS_KEPT_MS: i64 = 31 * DAY_MS;
/// How long an account is kept that nobody activates, in milliseconds.
const INACTIVE_KEPT_MS: i64 = 7 * DAY_MS;

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub base: Base,
    pub passwords: Passwords,
    pub sessions: Sessions,
    /// Judges what a new user says about the terms.
    pub legal: Legal,
    /// Tells which account a browser has registered.
    pub registered: SiteCookie,
    /// Tells for which accounts a browser is known.
    pub devices: SiteCookie,
    /// How many wrong passwords one network address may try within an hour. `None` if no limit applies to sign-ins at all.
    pub tries_of_network: Option<i32>,
    /// The requests for a mail that wait or are worked on.
    pub asked: Backlog,
}

impl Accounts {
    pub fn new(
        base: Base,
        sessions: Sessions,
        legal: Legal,
        settings: &AccountSettings,
        limits: RateLimits,
        site: &WebAddress,
    ) -> Self {
        let passwords = Passwords::new(Arc::clone(&base.entropy), settings.composition);
        let registered = SiteCookie::registration(site);
        Self {
            base,
            passwords,
            sessions,
            legal,
            registered,
            devices: SiteCookie::devices(site),
            tries_of_network: settings.tries_of_network(limits),
            asked: Backlog::default(),
        }
    }

    /// Deletes links and counts of tries that are over, and accounts that were never activated; returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retention_pass(&self) -> Result<u64, StoreError> {
        let db = &self.base.db;
        let inactive = db.transact(|tx| Box::pin(forget_inactive(tx))).await?;
        let links = store::forget_links(db, LINKS_KEPT_MS).await?;
        Ok(inactive + links + store::forget_tries(db, TRIES_KEPT_MS).await?)
    }
}

/// Routes at which somebody could guess a password or a code, fill the table of accounts, or have mails sent.
const LIMITED: &[LimitRule] = &[
    LimitRule { route: post("auth/login"), counted: CountedAs::Strict(Limit::PROOFS) },
    LimitRule { route: post("auth/activate"), counted: CountedAs::Strict(Limit::PROOFS) },
    LimitRule { route: post("auth/password/reset"), counted: CountedAs::Strict(Limit::PROOFS) },
    LimitRule { route: post("auth/email/confirm"), counted: CountedAs::Strict(Limit::PROOFS) },
    LimitRule { route: put("auth/password"), counted: CountedAs::Strict(Limit::PROOFS) },
    LimitRule { route: delete("auth/profile"), counted: CountedAs::Strict(Limit::PROOFS) },
    LimitRule { route: post("auth/register"), counted: CountedAs::Strict(Limit::REGISTRATIONS) },
    LimitRule { route: post("auth/activate/mail"), counted: CountedAs::Strict(Limit::MAILS) },
    LimitRule { route: post("auth/password/forgot"), counted: CountedAs::Strict(Limit::MAILS) },
    LimitRule { route: post("auth/email"), counted: CountedAs::Strict(Limit::MAILS) },
];

impl Slice for Accounts {
    const LIMITED: &'static [LimitRule] = LIMITED;

    fn routes(self, shared: SharedParts) -> impl OpenApi + 'static {
        let SharedParts { tokens, adopt, users, personal, .. } = shared;
        (
            profile_api::ProfileApi { accounts: self.clone(), personal },
            api::AccountsApi { accounts: self, tokens, adopt, users },
        )
    }

    fn writers(&self, home: &WebAddress) -> Vec<Arc<dyn LetterWriter>> {
        let (db, keys) = (self.base.db.clone(), self.sessions.keys.clone());
        vec![Arc::new(AccountLetters { db, keys, home: home.clone() })]
    }

    fn passes(&self, shared: &SharedParts) -> Vec<Pass> {
        vec![Pass::on("account-retention", shared.retention_every, self, |it| async move {
            it.retention_pass().await
        })]
    }
}

/// Deletes accounts that were never activated, with what their users accepted; returns how many.
async fn forget_inactive(tx: &Tx) -> Result<u64, StoreError> {
    let gone = store::forget_inactive(tx, INACTIVE_KEPT_MS).await?;
    accept::forget(tx, &gone).await?;
    Ok(gone.len() as u64)
}

/// Counts a mail of this kind to an address that is not proved, and says whether it may be sent. All users together have few of
/// each kind within an hour, because the address may be a stranger's.
///
/// # Errors
/// When the database fails.
pub async fn may_mail_to(
    db: &Db,
    keys: &KeyRing,
    address: &EmailAddress,
    kind: TryKind,
) -> Result<bool, StoreError> {
    let counted = links::counted(keys, address.as_str());
    Ok(store::count_try(db, counted, kind, HOUR_MS).await?.number <= MAX_ADDRESS_MAILS)
}

/// The user with this e-mail address, which must be normalized.
pub async fn user_of(db: &Db, email: &str) -> Result<Option<UserId>, StoreError> {
    Ok(store::user_by_email(db.writer(), email).await?.map(|user| user.id))
}
