//! The imported seating plans, one row for each version.

use holdfast_domain::ids::EventId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plans")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// The number of the plan within its event, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    /// The plan as JSON in the pretix format.
    pub document: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
