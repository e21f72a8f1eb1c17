//! The change log: the numbered changes of each event, from which the event stream is sent. See `outbox`.

use holdfast_domain::ids::EventId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// The number of the change within its event. Numbers have no gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// The change as the JSON text that the event stream sends.
    pub payload: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
