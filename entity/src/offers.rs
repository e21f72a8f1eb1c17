//! Kinds of tickets at a price.

use holdfast_domain::ids::{EventId, OfferId, SectionId};
use sea_orm::entity::prelude::*;

/// Kinds of tickets at a price.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offers")]
pub struct Model {
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OfferId,
    /// The section.
    pub section_id: Option<SectionId>,
    /// Category.
    pub category: Option<String>,
    /// Its name.
    pub name: String,
    /// Minor units.
    pub price_minor: i64,
    /// How many persons.
    pub admits: i32,
    /// Refundable.
    pub refundable: i32,
    /// What comes with it: a JSON list of texts.
    pub benefits: String,
    /// When its own sale begins, milliseconds since 1970; with the event's without.
    pub sale_starts_at: Option<i64>,
    /// When its own sale ends, milliseconds since 1970; with the event's without.
    pub sale_ends_at: Option<i64>,
    /// Its place in the order.
    pub position: i32,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Withdrawn at, milliseconds since 1970.
    pub withdrawn_at: Option<i64>,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
