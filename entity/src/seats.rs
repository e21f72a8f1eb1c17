//! The seats. A conditional statement on these rows decides who gets a seat.

use holdfast_domain::{
    ids::{EventId, ReservationId, SeatId, SectionId},
    inventory::{SeatKind, SeatState},
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seats")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seat_id: SeatId,
    pub section_id: SectionId,
    /// The seat's id in the seating plan.
    pub seat_guid: String,
    pub row_label: String,
    pub seat_label: String,
    /// The seat's price category in the seating plan.
    pub category: String,
    pub kind: SeatKind,
    /// The seat's own price, which replaces the price of the offer.
    pub price_minor: Option<i64>,
    /// The stored state. A held seat after `expires_at` counts as available.
    pub status: SeatState,
    pub version: i32,
    pub fence: i64,
    /// The reservation that has the seat. A lapsed hold stays until the seat is taken over or freed.
    pub reservation_id: Option<ReservationId>,
    /// When the hold lapses. Present only for held seats.
    pub expires_at: Option<i64>,
    /// Why the organizer blocked the seat. Present only for blocked seats.
    pub block_reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
