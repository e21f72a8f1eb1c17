//! How much of a refund belongs to which line of the booking.

use holdfast_domain::ids::{BookingId, LineId, SagaId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund_lines")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub refund_id: SagaId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub line_id: LineId,
    pub booking_id: BookingId,
    pub amount_minor: i64,
    /// 1 if the refund cancelled the line.
    pub cancels: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
