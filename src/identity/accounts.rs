//! Accounts: registering, signing in, the profile.
//!
//! Never sells anything. `api.rs` is HTTP, the verbs are beside it, SQL is in `store.rs`.

pub mod api;
pub mod log_in;
pub mod password;
pub mod register;
mod store;

use holdfast_domain::ids::UserId;
use poem_openapi::OpenApi;

use crate::{
    kernel::{
        base::Base,
        db::{Db, StoreError},
    },
    slice::{Shared, Slice},
};

/// Accounts; cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// Database, ids, tasks.
    pub base: Base,
}

impl Slice for Accounts {
    fn routes(self, shared: Shared) -> impl OpenApi + 'static {
        api::AccountsApi { base: self.base, tokens: shared.tokens }
    }
}

/// The user of this (normalized) address.
///
/// # Errors
/// When the database fails.
pub async fn user_of(db: &Db, email: &str) -> Result<Option<UserId>, StoreError> {
    Ok(store::user_by_email(db.writer(), email).await?.map(|user| user.id))
}
