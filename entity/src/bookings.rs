//! The bookings: purchases that are in payment, paid, failed or cancelled.

use holdfast_domain::{
    booking::BookingState,
    ids::{BookingId, BuyerKind, OrganizationId},
    money::Currency,
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bookings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BookingId,
    /// The booking's name for people, such as `HF-7K2M9QXA`.
    pub reference: String,
    pub organization_id: OrganizationId,
    /// The id of the user, the guest, or the sale without an account.
    pub buyer_id: Uuid,
    pub buyer_kind: BuyerKind,
    /// The address that receives the tickets, trimmed and in lower case.
    pub email: Option<String>,
    /// The buyer's language as a BCP 47 tag.
    pub locale: String,
    pub status: BookingState,
    /// Why the booking failed, as a word of the domain's `Failure`.
    pub failure: Option<String>,
    pub currency: Currency,
    pub total_minor: i64,
    pub discount_minor: i64,
    pub refunded_minor: i64,
    pub created_at: i64,
    /// When the payment succeeded or failed.
    pub settled_at: Option<i64>,
    pub version: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
