//! One row for each buyer and event. A hold locks the row while it counts the buyer's places against the limits.

use holdfast_domain::ids::{BuyerKind, EventId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "buyers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// The id of the user, the guest, or the sale without an account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub buyer_id: Uuid,
    pub kind: BuyerKind,
    /// The buyer's language as a BCP 47 tag.
    pub locale: String,
    /// When a hold last wrote the row.
    pub touched_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
