//! The items of a reservation: one seat, or one group of general-admission places.

use holdfast_domain::{
    ids::{EventId, ItemId, OfferId, ReservationId, SeatId, SectionId},
    reservation::{ItemKind, ItemState},
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservation_items")]
pub struct Model {
    pub event_id: EventId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub reservation_id: ReservationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ItemId,
    pub kind: ItemKind,
    pub seat_id: Option<SeatId>,
    pub section_id: SectionId,
    pub offer_id: OfferId,
    /// The name for people: section, row and seat, or section and offer.
    pub label: String,
    /// The number of units of the offer; 1 for a seat.
    pub quantity: i32,
    /// How many persons the item admits in total.
    pub admits: i32,
    /// The price of the whole item, fixed at the time of the hold.
    pub price_minor: i64,
    /// The fence of the seat at the time of the hold. Every later step of the reservation carries it.
    pub fence: i64,
    /// The state of general-admission places. For a seat, the seat's own row decides.
    pub state: ItemState,
    /// When the hold lapses, unless a payment began before.
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
