//! Accounts.

use holdfast_domain::{
    access::{AccountStatus, Role},
    ids::UserId,
};
use sea_orm::entity::prelude::*;

/// Accounts.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Normalized: trimmed, lower case.
    pub email: String,
    /// Argon2id; none where the user signs in without a password.
    pub password_hash: Option<String>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Role.
    pub role: Role,
    /// Where it stands.
    pub status: AccountStatus,
    /// A BCP 47 tag.
    pub locale: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
