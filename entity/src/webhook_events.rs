//! What gateways told of, once for each event.

use sea_orm::entity::prelude::*;

/// What gateways told of, once for each event.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_events")]
pub struct Model {
    /// The gateway.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: String,
    /// The gateway's name for the event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: String,
    /// The event's type.
    pub kind: String,
    /// The payment that it is about.
    pub payment: Option<String>,
    /// The connected account that it comes from; none for our own.
    pub account: Option<String>,
    /// Where it stands; the CHECK lists the values.
    pub status: String,
    /// What came of it, in a word.
    pub outcome: Option<String>,
    /// How often it was worked on.
    pub attempts: i32,
    /// Milliseconds since 1970.
    pub received_at: i64,
    /// When it is to be worked on, milliseconds since 1970.
    pub due_at: i64,
    /// Milliseconds since 1970.
    pub settled_at: Option<i64>,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
