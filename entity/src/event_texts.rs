//! The texts of events as they are searched and sorted. The program writes a row with each change of the event.

use holdfast_domain::ids::EventId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_texts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// The version of the event that has these texts.
    pub of_version: i32,
    /// The version of the rules by which the texts were folded.
    pub folding: i32,
    /// Name, place, description and category, folded, one a line.
    pub searched: String,
    /// The event's place in the folded form.
    pub place: String,
    /// The event's category in the folded form.
    pub category: String,
    /// The name's collation key in hexadecimal digits.
    pub sort_key: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
