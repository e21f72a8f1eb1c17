//! The sessions of users: one for each sign-in.

use holdfast_domain::{
    ids::{SessionId, UserId},
    session::{SessionLength, SessionProgress},
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub user_id: UserId,
    pub length: SessionLength,
    /// The number of the present refresh token.
    pub number: i32,
    /// The browser and the network address, sealed under the key ring.
    pub device: String,
    pub created_at: i64,
    /// When the present refresh token was made.
    pub replaced_at: i64,
    pub expires_at: i64,
    /// NULL while the session goes on.
    pub ended_at: Option<i64>,
}

impl Model {
    /// What decides about its refresh tokens.
    pub fn progress(&self) -> SessionProgress {
        SessionProgress {
            number: self.number,
            replaced_at: self.replaced_at,
            expires_at: self.expires_at,
            is_ended: self.ended_at.is_some(),
        }
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
