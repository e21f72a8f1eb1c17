//! The links in mails by which users prove their address.

use holdfast_domain::{
    ids::{LinkId, UserId},
    link::LinkPurpose,
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_links")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LinkId,
    pub user_id: UserId,
    pub purpose: LinkPurpose,
    pub created_at: i64,
    pub expires_at: i64,
    /// When the last mail with the link was written.
    pub sent_at: i64,
    /// How many mails with the link were written.
    pub mails: i32,
    /// When the link was used, or replaced by a newer one. NULL before.
    pub ended_at: Option<i64>,
    /// The address that the link proves, if it is not the user's present address.
    pub address: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
