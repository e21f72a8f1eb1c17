//! Amounts given back, or on their way.

use holdfast_domain::{
    ids::{BookingId, OrganizationId, SagaId},
    money::Currency,
    refund::{Method, Reason, Status},
};
use sea_orm::entity::prelude::*;

/// Amounts given back, or on their way.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refunds")]
pub struct Model {
    /// The key; its saga has the same.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SagaId,
    /// The booking.
    pub booking_id: BookingId,
    /// The payment of which it is a part; every refund by the gateway has one.
    pub payment_id: Option<Uuid>,
    /// Who organizes.
    pub organization_id: OrganizationId,
    /// Why.
    pub reason: Reason,
    /// By which method money goes back.
    pub method: Method,
    /// The user or guest who asked for it.
    pub asked_by: Option<Uuid>,
    /// Amount in minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// Where it stands.
    pub status: Status,
    /// The gateway's name for it.
    pub gateway_refund_id: Option<String>,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// When it was given back, milliseconds since 1970.
    pub settled_at: Option<i64>,
    /// When to look whether it has failed since, milliseconds since 1970.
    pub look_at: Option<i64>,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
