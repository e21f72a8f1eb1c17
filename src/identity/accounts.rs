//! Accounts: registration, sign-in, profile.
//!
//! This slice never sells anything. `api.rs` has the HTTP routes, the verbs are beside it, SQL is in `store.rs`.

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

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub base: Base,
}

impl Slice for Accounts {
    fn routes(self, shared: Shared) -> impl OpenApi + 'static {
        api::AccountsApi { base: self.base, tokens: shared.tokens }
    }
}

/// The user with this e-mail address, which must be normalized.
pub async fn user_of(db: &Db, email: &str) -> Result<Option<UserId>, StoreError> {
    Ok(store::user_by_email(db.writer(), email).await?.map(|user| user.id))
}
