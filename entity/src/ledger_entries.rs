//! The double-entry ledger.

use sea_orm::entity::prelude::*;

/// The double-entry ledger.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_entries")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Posting id.
    pub posting_id: Uuid,
    /// The booking.
    pub booking_id: Uuid,
    /// Who organizes.
    pub organization_id: Uuid,
    /// Which account; the CHECK lists the values.
    pub account: String,
    /// Amount in minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// What kind; the CHECK lists the values.
    pub kind: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
