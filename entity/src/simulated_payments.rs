//! The payments in the simulated gateway's own books. The server treats the gateway as an outside system: only the
//! gateway's adapter and the invariants read this table.

use holdfast_domain::{checkout::PaymentStatus, money::Currency};
use sea_orm::entity::prelude::*;

#[derive(Clone, derive_more::Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "simulated_payments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The key of the call that created the payment.
    pub idempotency_key: String,
    /// The secret with which the browser completes the payment.
    #[debug("hidden")]
    pub client_secret: String,
    /// The saga that the payment was created for.
    pub saga: String,
    /// The payment method, such as `pm_card_visa`.
    pub method: String,
    pub amount_minor: i64,
    pub currency: Currency,
    pub status: PaymentStatus,
    /// The key of the call that authorized the payment. The same call gets the same response again.
    pub authorize_key: Option<String>,
    /// The key of the call that captured the payment.
    pub capture_key: Option<String>,
    /// The key of the call that voided the payment.
    pub void_key: Option<String>,
    /// When the gateway decides on a payment that takes time.
    pub decided_at: Option<i64>,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
