//! The refunds, complete or under way.

use holdfast_domain::{
    ids::{BookingId, OrganizationId, SagaId},
    money::Currency,
    refund::{Reason, RefundMethod, Status},
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refunds")]
pub struct Model {
    /// The id of the refund and of its saga.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SagaId,
    pub booking_id: BookingId,
    /// The payment that is refunded. NULL only for methods other than the gateway.
    pub payment_id: Option<Uuid>,
    pub organization_id: OrganizationId,
    pub reason: Reason,
    pub method: RefundMethod,
    /// The user or guest who asked for the refund. NULL if the server started it.
    pub asked_by: Option<Uuid>,
    pub amount_minor: i64,
    pub currency: Currency,
    pub status: Status,
    /// The gateway's id of the refund. Present when the gateway has made it.
    pub gateway_refund_id: Option<String>,
    pub created_at: i64,
    /// When the refund was complete.
    pub settled_at: Option<i64>,
    /// When to check whether the completed refund has failed since. NULL if it is too late for that.
    pub look_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
