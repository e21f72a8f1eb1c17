//! Accounts: registering, signing in, the profile, memberships.
//!
//! Never sells anything. `api.rs` is HTTP, the verbs are beside it, SQL is in `store.rs`.

pub mod api;
pub mod log_in;
pub mod membership;
pub mod password;
pub mod register;
pub mod store;

pub use api::AccountsApi;
