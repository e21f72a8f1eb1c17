//! Purchases.

use holdfast_domain::{
    booking::BookingState,
    ids::{BookingId, BuyerKind, OrganizationId},
    money::Currency,
};
use sea_orm::entity::prelude::*;

/// Purchases.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bookings")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BookingId,
    /// Reference.
    pub reference: String,
    /// Who organizes.
    pub organization_id: OrganizationId,
    /// The user or guest; a sale without an account has an id of its own.
    pub buyer_id: Uuid,
    /// What kind of buyer.
    pub buyer_kind: BuyerKind,
    /// Normalized: trimmed, lower case.
    pub email: Option<String>,
    /// A BCP 47 tag.
    pub locale: String,
    /// Where it stands.
    pub status: BookingState,
    /// Failure.
    pub failure: Option<String>,
    /// ISO 4217.
    pub currency: Currency,
    /// Total in minor units.
    pub total_minor: i64,
    /// Discount in minor units.
    pub discount_minor: i64,
    /// Refunded in minor units.
    pub refunded_minor: i64,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Settled at, milliseconds since 1970.
    pub settled_at: Option<i64>,
    /// Grows with every change.
    pub version: i32,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
