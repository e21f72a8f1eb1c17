//! The codes of mails that let the holder of a link change a booking. A booking has at most one row.

use holdfast_domain::ids::{BookingId, LinkId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "booking_codes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub booking_id: BookingId,
    /// The id from which the key ring makes the code. A newer code has another id.
    pub code_id: LinkId,
    /// When the last mail with a code was written.
    pub sent_at: i64,
    pub expires_at: i64,
    /// When the code was used. NULL before.
    pub used_at: Option<i64>,
    /// The beginning of the hour of `mails` and `tries`, in milliseconds since 1970.
    pub hour: i64,
    pub mails: i32,
    /// How often codes of this booking were tried, over all codes.
    pub tries: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
