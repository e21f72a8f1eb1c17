//! The offers: kinds of tickets with a price.

use holdfast_domain::ids::{EventId, OfferId, SectionId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OfferId,
    /// The section that the offer applies to. NULL means every section.
    pub section_id: Option<SectionId>,
    /// The price category that the offer applies to. NULL means every category.
    pub category: Option<String>,
    pub name: String,
    /// The price of one unit.
    pub price_minor: i64,
    /// How many persons one unit admits.
    pub admits: i32,
    /// 1 if buyers may cancel bookings of the offer.
    pub refundable: i32,
    /// The benefits that the offer includes: a JSON list of texts.
    pub benefits: String,
    /// When the sale of the offer begins. NULL: with the sale of the event.
    pub sale_starts_at: Option<i64>,
    /// When the sale of the offer ends. NULL: with the sale of the event.
    pub sale_ends_at: Option<i64>,
    /// The place of the offer in the display order.
    pub position: i32,
    pub created_at: i64,
    /// When the organizer withdrew the offer. NULL while it exists.
    pub withdrawn_at: Option<i64>,
    /// Grows with each change of the offer.
    pub version: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
