//! Which events were ever published, and when.

use holdfast_domain::ids::EventId;
use sea_orm::entity::prelude::*;

/// That an event was once published: the row stays when the event is cancelled.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "publications")]
pub struct Model {
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// When it was first published, in milliseconds since 1970.
    pub published_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
