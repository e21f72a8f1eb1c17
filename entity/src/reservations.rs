//! The reservations: seats and places held for one buyer.

use holdfast_domain::{
    ids::{BuyerKind, EventId, OrganizationId, ReservationId},
    money::Currency,
    reservation::ReservationState,
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReservationId,
    pub event_id: EventId,
    pub organization_id: OrganizationId,
    /// The id of the user, the guest, or the sale without an account.
    pub buyer_id: Uuid,
    pub buyer_kind: BuyerKind,
    pub status: ReservationState,
    /// How many persons the reservation admits in total.
    pub persons: i32,
    /// The event's limit of persons per buyer at the time of the hold. The organizer may lower the event's limit later,
    /// which takes no place from anybody.
    pub max_per_user: i32,
    pub total_minor: i64,
    pub currency: Currency,
    pub created_at: i64,
    /// When the hold lapses, unless a payment began before.
    pub expires_at: i64,
    /// The moment after which the hold cannot be extended.
    pub cap_at: i64,
    pub version: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
