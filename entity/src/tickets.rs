//! The tickets: the right of `admits` persons to enter, for one seat or one place in a standing area.

use holdfast_domain::{
    booking::TicketState,
    ids::{BookingId, EventId, LineId, SeatId, SectionId, TicketId},
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tickets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TicketId,
    pub event_id: EventId,
    pub booking_id: BookingId,
    pub line_id: LineId,
    /// The id of the user, the guest, or the sale without an account.
    pub buyer_id: Uuid,
    /// The number of the ticket within its line, from 1.
    pub ordinal: i32,
    pub seat_id: Option<SeatId>,
    pub section_id: SectionId,
    /// The name for people: section, row and seat, or section and offer.
    pub label: String,
    /// How many persons the ticket admits.
    pub admits: i32,
    pub status: TicketState,
    pub issued_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
