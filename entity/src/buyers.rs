//! One row a buyer and event, locked while the limits are counted.

use holdfast_domain::ids::{BuyerKind, EventId};
use sea_orm::entity::prelude::*;

/// One row a buyer and event, locked while the limits are counted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "buyers")]
pub struct Model {
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// The user or guest; a sale without an account has an id of its own.
    #[sea_orm(primary_key, auto_increment = false)]
    pub buyer_id: Uuid,
    /// What kind.
    pub kind: BuyerKind,
    /// A BCP 47 tag.
    pub locale: String,
    /// Touched at, milliseconds since 1970.
    pub touched_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
