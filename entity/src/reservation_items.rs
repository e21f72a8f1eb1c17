//! What a reservation holds.

use holdfast_domain::{
    ids::{EventId, ItemId, OfferId, ReservationId, SeatId, SectionId},
    reservation::{ItemKind, ItemState},
};
use sea_orm::entity::prelude::*;

/// What a reservation holds.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservation_items")]
pub struct Model {
    /// The event.
    pub event_id: EventId,
    /// The reservation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reservation_id: ReservationId,
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ItemId,
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
    /// Grows with every owner; what was written under an older one does not stand.
    pub fence: i64,
    /// JSON, or where it stands.
    pub state: ItemState,
    /// When the hold lapses, milliseconds since 1970.
    pub expires_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
