//! The simulated gateway's own books.

use holdfast_domain::money::Currency;
use sea_orm::entity::prelude::*;

/// The simulated gateway's own books.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "simulated_payments")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Idempotency key.
    pub idempotency_key: String,
    /// Client secret.
    pub client_secret: String,
    /// Saga.
    pub saga: String,
    /// Method.
    pub method: String,
    /// Amount in minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// Where it stands; the CHECK lists the values.
    pub status: String,
    /// The call that authorized it.
    pub authorize_key: Option<String>,
    /// The call that captured it.
    pub capture_key: Option<String>,
    /// The call that voided it.
    pub void_key: Option<String>,
    /// When a payment that takes time is decided, milliseconds since 1970.
    pub decided_at: Option<i64>,
    /// Captured in minor units.
    pub captured_minor: i64,
    /// Refunded in minor units.
    pub refunded_minor: i64,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
