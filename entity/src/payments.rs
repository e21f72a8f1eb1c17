//! What the gateway was asked for.

use holdfast_domain::{
    booking::PaymentState,
    ids::{BookingId, SagaId},
    money::Currency,
};
use sea_orm::entity::prelude::*;

/// What the gateway was asked for.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payments")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The booking.
    pub booking_id: BookingId,
    /// Saga id.
    pub saga_id: SagaId,
    /// Provider.
    pub provider: String,
    /// Intent id.
    pub intent_id: Option<String>,
    /// Amount in minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// Captured in minor units.
    pub captured_minor: i64,
    /// Refunded in minor units.
    pub refunded_minor: i64,
    /// Where it stands.
    pub status: PaymentState,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub updated_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
