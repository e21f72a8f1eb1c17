//! What admits.

use sea_orm::entity::prelude::*;

/// What admits.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tickets")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The event.
    pub event_id: Uuid,
    /// The booking.
    pub booking_id: Uuid,
    /// Line id.
    pub line_id: Uuid,
    /// The user or guest.
    pub buyer_id: Uuid,
    /// Ordinal.
    pub ordinal: i32,
    /// The seat within its event.
    pub seat_id: Option<i32>,
    /// The section.
    pub section_id: Uuid,
    /// What people call it.
    pub label: String,
    /// How many persons.
    pub admits: i32,
    /// Where it stands; the CHECK lists the values.
    pub status: String,
    /// Issued at, milliseconds since 1970.
    pub issued_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
