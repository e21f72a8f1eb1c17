//! Reservations.

use holdfast_domain::{
    ids::{BuyerKind, EventId, OrganizationId, ReservationId},
    money::Currency,
    reservation::ReservationState,
};
use sea_orm::entity::prelude::*;

/// Reservations.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservations")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReservationId,
    /// The event.
    pub event_id: EventId,
    /// Who organizes.
    pub organization_id: OrganizationId,
    /// The user or guest; a sale without an account has an id of its own.
    pub buyer_id: Uuid,
    /// What kind of buyer.
    pub buyer_kind: BuyerKind,
    /// Where it stands.
    pub status: ReservationState,
    /// Persons.
    pub persons: i32,
    /// How many persons one buyer might bring when it was made.
    pub max_per_user: i32,
    /// Total in minor units.
    pub total_minor: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// When the hold lapses, milliseconds since 1970.
    pub expires_at: i64,
    /// Cap at, milliseconds since 1970.
    pub cap_at: i64,
    /// Grows with every change.
    pub version: i32,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
