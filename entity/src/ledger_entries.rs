//! The entries of the double-entry ledger. The entries of one posting sum to zero.

use holdfast_domain::{
    ids::{BookingId, OrganizationId},
    ledger::{Account, Kind},
    money::Currency,
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_entries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The posting that the entry belongs to.
    pub posting_id: Uuid,
    pub booking_id: BookingId,
    pub organization_id: OrganizationId,
    pub account: Account,
    /// Never zero; the accounts define the sign.
    pub amount_minor: i64,
    pub currency: Currency,
    pub kind: Kind,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
