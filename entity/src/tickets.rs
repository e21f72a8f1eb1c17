//! What admits.

use holdfast_domain::{
    booking::TicketState,
    ids::{BookingId, EventId, LineId, SeatId, SectionId, TicketId},
};
use sea_orm::entity::prelude::*;

/// What admits.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tickets")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TicketId,
    /// The event.
    pub event_id: EventId,
    /// The booking.
    pub booking_id: BookingId,
    /// Line id.
    pub line_id: LineId,
    /// The user or guest.
    pub buyer_id: Uuid,
    /// Ordinal.
    pub ordinal: i32,
    /// The seat within its event.
    pub seat_id: Option<SeatId>,
    /// The section.
    pub section_id: SectionId,
    /// What people call it.
    pub label: String,
    /// How many persons.
    pub admits: i32,
    /// Where it stands.
    pub status: TicketState,
    /// Issued at, milliseconds since 1970.
    pub issued_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
