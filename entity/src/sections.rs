//! The sections of a hall. Only general-admission sections use the counters. A counter of seats would be one row that
//! every hold in the section has to change.

use holdfast_domain::{
    ids::{EventId, SectionId},
    inventory::SectionKind,
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sections")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SectionId,
    pub name: String,
    pub kind: SectionKind,
    /// The place of the section in the order of the hall.
    pub position: i32,
    /// How many persons the section admits.
    pub capacity: i32,
    /// The counter of places that buyers hold or are paying for.
    pub held: i32,
    /// The counter of places that are sold.
    pub sold: i32,
    /// The counter of places that the organizer has blocked.
    pub blocked: i32,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
