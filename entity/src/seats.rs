//! Seats: the rows that decide.

use holdfast_domain::{
    ids::{EventId, ReservationId, SeatId, SectionId},
    inventory::{SeatKind, SeatState},
};
use sea_orm::entity::prelude::*;

/// Seats: the rows that decide.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seats")]
pub struct Model {
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// The seat within its event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seat_id: SeatId,
    /// The section.
    pub section_id: SectionId,
    /// Seat guid.
    pub seat_guid: String,
    /// Row label.
    pub row_label: String,
    /// Seat label.
    pub seat_label: String,
    /// Category.
    pub category: String,
    /// What kind.
    pub kind: SeatKind,
    /// Minor units.
    pub price_minor: Option<i64>,
    /// Where it stands.
    pub status: SeatState,
    /// Grows with every change.
    pub version: i32,
    /// Grows with every owner; what was written under an older one does not stand.
    pub fence: i64,
    /// The reservation.
    pub reservation_id: Option<ReservationId>,
    /// When the hold lapses, milliseconds since 1970.
    pub expires_at: Option<i64>,
    /// Block reason.
    pub block_reason: Option<String>,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
