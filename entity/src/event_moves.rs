//! The moves of published events of which the buyers, if there are any, were not told yet. A row has the time and the place before the move.

use holdfast_domain::ids::EventId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_moves")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// The version of the event that began with the move.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    pub moved_at: i64,
    pub starts_at: i64,
    pub ends_at: i64,
    pub time_zone: String,
    pub place: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
