//! Accounts: how users register, prove their address, sign in and read their profile.
//!
//! This slice never sells anything. `api.rs` has the HTTP routes, the verbs are beside it, SQL is in `store.rs`.

pub mod activate;
pub mod api;
pub mod edit;
mod letters;
mod links;
pub mod log_in;
pub mod password;
pub mod proof;
pub mod recover;
pub mod register;
pub mod roles;
pub mod settings;
pub mod standing;
mod store;

use std::sync::Arc;

use holdfast_domain::ids::UserId;
use poem_openapi::OpenApi;
use tokio::sync::Semaphore;

use self::{letters::AccountLetters, password::Passwords, settings::AccountSettings};
use crate::{
    http::cookie::SiteCookie,
    identity::sessions::Sessions,
    kernel::{
        base::Base,
        db::{Db, StoreError},
        passes::Pass,
        settings::WebAddress,
    },
    messages::LetterWriter,
    slice::{SharedParts, Slice},
};

/// How long links that are over and counts of tries are kept, in milliseconds.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// How many requests for a mail wait on one node.
const MAX_ASKED: usize = 256;
/// How many of them one node works on at once. They must not occupy the connections that holds need.
const MAX_TURNS: usize = 2;

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub base: Base,
    pub passwords: Passwords,
    pub sessions: Sessions,
    /// Tells which account a browser has registered.
    pub registered: SiteCookie,
    /// One permit for each request for a mail that waits or is worked on.
    pub asked: Arc<Semaphore>,
    /// One permit for each of them that is worked on.
    pub turns: Arc<Semaphore>,
}

impl Accounts {
    pub fn new(
        base: Base,
        sessions: Sessions,
        settings: &AccountSettings,
        site: &WebAddress,
    ) -> Self {
        let passwords = Passwords::new(Arc::clone(&base.entropy), settings.composition);
        let asked = Arc::new(Semaphore::new(MAX_ASKED));
        let turns = Arc::new(Semaphore::new(MAX_TURNS));
        let registered = SiteCookie::registration(site);
        Self { base, passwords, sessions, registered, asked, turns }
    }

    /// Deletes links and counts of tries that are over; returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retention_pass(&self) -> Result<u64, StoreError> {
        store::forget(&self.base.db, KEPT_MS).await
    }
}

impl Slice for Accounts {
    fn routes(self, shared: SharedParts) -> impl OpenApi + 'static {
        let SharedParts { tokens, adopt, users, .. } = shared;
        api::AccountsApi { accounts: self, tokens, adopt, users }
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

/// The user with this e-mail address, which must be normalized.
pub async fn user_of(db: &Db, email: &str) -> Result<Option<UserId>, StoreError> {
    Ok(store::user_by_email(db.writer(), email).await?.map(|user| user.id))
}
