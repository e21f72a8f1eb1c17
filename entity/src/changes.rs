//! The numbered changes of each event.

use holdfast_domain::ids::EventId;
use sea_orm::entity::prelude::*;

/// The numbered changes of each event.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "changes")]
pub struct Model {
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// Seq.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// JSON.
    pub payload: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
