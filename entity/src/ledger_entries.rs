//! The double-entry ledger.

use holdfast_domain::{
    ids::{BookingId, OrganizationId},
    ledger::{Account, Kind},
    money::Currency,
};
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
    pub booking_id: BookingId,
    /// Who organizes.
    pub organization_id: OrganizationId,
    /// Which account.
    pub account: Account,
    /// Amount in minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// What kind.
    pub kind: Kind,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
