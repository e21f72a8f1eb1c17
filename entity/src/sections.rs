//! Parts of a hall; the counters are those of general admission.

use holdfast_domain::{
    ids::{EventId, SectionId},
    inventory::SectionKind,
};
use sea_orm::entity::prelude::*;

/// Parts of a hall; the counters are those of general admission.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sections")]
pub struct Model {
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SectionId,
    /// Its name.
    pub name: String,
    /// What kind.
    pub kind: SectionKind,
    /// Its place in the order.
    pub position: i32,
    /// Capacity.
    pub capacity: i32,
    /// Held.
    pub held: i32,
    /// Sold.
    pub sold: i32,
    /// Blocked.
    pub blocked: i32,
    /// Grows with every change.
    pub version: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
