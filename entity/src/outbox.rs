//! Changes that were committed and have no number yet.

use holdfast_domain::ids::EventId;
use sea_orm::entity::prelude::*;

/// Changes that were committed and have no number yet.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The event.
    pub event_id: EventId,
    /// JSON.
    pub payload: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
