//! How much of a refund is for which line.

use holdfast_domain::ids::{BookingId, LineId, SagaId};
use sea_orm::entity::prelude::*;

/// How much of a refund is for which line.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund_lines")]
pub struct Model {
    /// The refund.
    #[sea_orm(primary_key, auto_increment = false)]
    pub refund_id: SagaId,
    /// The line.
    #[sea_orm(primary_key, auto_increment = false)]
    pub line_id: LineId,
    /// Its booking.
    pub booking_id: BookingId,
    /// Amount in minor units.
    pub amount_minor: i64,
    /// 1 where the line was cancelled with it.
    pub cancels: i32,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
