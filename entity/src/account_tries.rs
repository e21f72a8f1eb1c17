//! How often somebody has tried a code or the password of an account within an hour.

use holdfast_domain::{ids::UserId, link::TryKind};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_tries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: TryKind,
    /// The beginning of the hour, in milliseconds since 1970.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hour: i64,
    pub tries: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
