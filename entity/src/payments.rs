//! The payments of bookings at a gateway.

use holdfast_domain::{
    booking::PaymentState,
    ids::{BookingId, SagaId},
    money::Currency,
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub booking_id: BookingId,
    /// The checkout that made the payment.
    pub saga_id: SagaId,
    /// The name of the gateway, such as `stripe`.
    pub provider: String,
    /// The gateway's id of the payment. NULL until the gateway has reported it.
    pub intent_id: Option<String>,
    pub amount_minor: i64,
    pub currency: Currency,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub status: PaymentState,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
