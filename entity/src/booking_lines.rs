//! The lines of a booking: one seat, or one group of general-admission places, with its price. Refunds and
//! cancellations act on lines.

use holdfast_domain::{
    ids::{
        BookingId, EventId, ItemId, LineId, OfferId, OrganizationId, ReservationId, SeatId,
        SectionId,
    },
    reservation::ItemKind,
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "booking_lines")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub booking_id: BookingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LineId,
    pub event_id: EventId,
    pub organization_id: OrganizationId,
    pub reservation_id: ReservationId,
    /// The item of the reservation that the line pays for.
    pub item_id: ItemId,
    pub kind: ItemKind,
    pub seat_id: Option<SeatId>,
    pub section_id: SectionId,
    pub offer_id: OfferId,
    /// The name for people: section, row and seat, or section and offer.
    pub label: String,
    /// The number of units of the offer.
    pub quantity: i32,
    /// How many persons the line admits in total.
    pub admits: i32,
    pub price_minor: i64,
    pub discount_minor: i64,
    pub fee_minor: i64,
    /// The tax rate in hundredths of a percent (basis points), 0 to 10,000.
    pub tax_rate_bp: i32,
    pub tax_minor: i64,
    /// The amount that was refunded and is in the ledger.
    pub refunded_minor: i64,
    /// The amount whose refund is promised and under way.
    pub refunding_minor: i64,
    /// 1 if the buyer may cancel the line; copied from the offer at the purchase.
    pub refundable: i32,
    pub cancelled_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
