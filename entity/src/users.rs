//! The accounts: users who registered with an e-mail address.

use holdfast_domain::{
    access::{AccountStatus, Role},
    ids::UserId,
};
use sea_orm::entity::prelude::*;

#[derive(Clone, derive_more::Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// The e-mail address, trimmed and in lower case, so that two spellings of an address compare equal.
    pub email: String,
    /// The hash of the password (Argon2id). NULL if the user signs in without a password.
    #[debug("hidden")]
    pub password_hash: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub role: Role,
    pub status: AccountStatus,
    /// The user's language as a BCP 47 tag.
    pub locale: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
