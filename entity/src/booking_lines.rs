//! What a booking consists of.

use holdfast_domain::{
    ids::{
        BookingId, EventId, ItemId, LineId, OfferId, OrganizationId, ReservationId, SeatId,
        SectionId,
    },
    reservation::ItemKind,
};
use sea_orm::entity::prelude::*;

/// What a booking consists of.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "booking_lines")]
pub struct Model {
    /// The booking.
    #[sea_orm(primary_key, auto_increment = false)]
    pub booking_id: BookingId,
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LineId,
    /// The event.
    pub event_id: EventId,
    /// Who organizes.
    pub organization_id: OrganizationId,
    /// The reservation.
    pub reservation_id: ReservationId,
    /// Item id.
    pub item_id: ItemId,
    /// What kind.
    pub kind: ItemKind,
    /// The seat within its event.
    pub seat_id: Option<SeatId>,
    /// The section.
    pub section_id: SectionId,
    /// The offer.
    pub offer_id: OfferId,
    /// What people call it.
    pub label: String,
    /// How many of the offer.
    pub quantity: i32,
    /// How many persons.
    pub admits: i32,
    /// Minor units.
    pub price_minor: i64,
    /// Discount in minor units.
    pub discount_minor: i64,
    /// Fee in minor units.
    pub fee_minor: i64,
    /// Tax rate bp.
    pub tax_rate_bp: i32,
    /// Tax in minor units.
    pub tax_minor: i64,
    /// Given back, in minor units.
    pub refunded_minor: i64,
    /// On its way back, in minor units.
    pub refunding_minor: i64,
    /// 1 where its buyer may give it back.
    pub refundable: i32,
    /// When it was cancelled, milliseconds since 1970.
    pub cancelled_at: Option<i64>,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
