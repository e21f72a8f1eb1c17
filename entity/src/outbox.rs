//! Changes that were committed and have no number yet. The relay moves them to `changes`.

use holdfast_domain::ids::EventId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// The order of insertion, which is not the order in which transactions commit.
    #[sea_orm(primary_key)]
    pub id: i64,
    pub event_id: EventId,
    /// The change as the JSON text that the event stream will send.
    pub payload: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
