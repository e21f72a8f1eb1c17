//! Accounts: how users register, sign in and read their profile.
//!
//! This slice never sells anything. `api.rs` has the HTTP routes, the verbs are beside it, SQL is in `store.rs`.

pub mod api;
pub mod log_in;
pub mod password;
pub mod register;
pub mod standing;
mod store;

use std::sync::Arc;

use holdfast_contract::accounts::Registration;
use holdfast_domain::{access::Role, ids::UserId};
use poem_openapi::OpenApi;

use self::{password::Passwords, register::RegisterError};
use crate::{
    identity::sessions::Sessions,
    kernel::{
        base::Base,
        db::{Db, StoreError},
    },
    slice::{SharedParts, Slice},
};

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub base: Base,
    pub passwords: Passwords,
    pub sessions: Sessions,
}

impl Accounts {
    pub fn new(base: Base, sessions: Sessions) -> Self {
        let passwords = Passwords::new(Arc::clone(&base.entropy));
        Self { base, passwords, sessions }
    }

    /// Creates an account with this role.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub async fn register(
        &self,
        registration: Registration,
        role: Role,
    ) -> Result<UserId, RegisterError> {
        let Base { db, entropy, .. } = &self.base;
        register::register(db, entropy, &self.passwords, registration, role).await
    }
}

impl Slice for Accounts {
    fn routes(self, shared: SharedParts) -> impl OpenApi + 'static {
        let SharedParts { tokens, adopt, users, .. } = shared;
        api::AccountsApi { accounts: self, tokens, adopt, users }
    }
}

/// The user with this e-mail address, which must be normalized.
pub async fn user_of(db: &Db, email: &str) -> Result<Option<UserId>, StoreError> {
    Ok(store::user_by_email(db.writer(), email).await?.map(|user| user.id))
}
