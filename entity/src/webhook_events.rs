//! The inbox of webhooks: one row for each event that a gateway sent. It contains only ids and the type; the payment is
//! fetched again from the gateway.

use holdfast_domain::webhook::Status;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_events")]
pub struct Model {
    /// The name of the gateway, such as `stripe`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: String,
    /// The gateway's id of the event, by which a repeated delivery is recognized.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: String,
    /// The gateway's type of the event, such as `payment_intent.succeeded`.
    pub kind: String,
    /// The gateway's id of the payment that the event is about.
    pub payment: Option<String>,
    /// The connected account that the event belongs to. NULL for our own account.
    pub account: Option<String>,
    pub status: Status,
    /// The result of the processing, in one word.
    pub outcome: Option<String>,
    /// How often the event was processed.
    pub attempts: i32,
    pub received_at: i64,
    /// When the event is processed next.
    pub due_at: i64,
    pub settled_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
