//! What the simulated gateway gave back.

use sea_orm::entity::prelude::*;

/// What the simulated gateway gave back.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "simulated_refunds")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Idempotency key.
    pub idempotency_key: String,
    /// The payment of which it was a part.
    pub payment_id: String,
    /// Amount in minor units.
    pub amount_minor: i64,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
