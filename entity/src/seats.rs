//! Seats: the rows that decide.

use sea_orm::entity::prelude::*;

/// Seats: the rows that decide.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seats")]
pub struct Model {
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: Uuid,
    /// The seat within its event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seat_id: i32,
    /// The section.
    pub section_id: Uuid,
    /// Seat guid.
    pub seat_guid: String,
    /// Row label.
    pub row_label: String,
    /// Seat label.
    pub seat_label: String,
    /// Category.
    pub category: String,
    /// What kind; the CHECK lists the values.
    pub kind: String,
    /// Minor units.
    pub price_minor: Option<i64>,
    /// Where it stands; the CHECK lists the values.
    pub status: String,
    /// Grows with every change.
    pub version: i32,
    /// Grows with every owner; what was written under an older one does not stand.
    pub fence: i64,
    /// The reservation.
    pub reservation_id: Option<Uuid>,
    /// When the hold lapses, milliseconds since 1970.
    pub expires_at: Option<i64>,
    /// Block reason.
    pub block_reason: Option<String>,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
