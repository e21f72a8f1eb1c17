//! Seating plans as imported, one row a version.

use holdfast_domain::ids::EventId;
use sea_orm::entity::prelude::*;

/// Seating plans as imported, one row a version.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plans")]
pub struct Model {
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// Grows with every change.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    /// Document.
    pub document: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
