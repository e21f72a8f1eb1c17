//! The reservations that a booking pays for.

use holdfast_domain::ids::{BookingId, ReservationId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "booking_reservations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub booking_id: BookingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub reservation_id: ReservationId,
    /// 1 while the saga of the booking may still take the seats of the reservation. At most one booking of a
    /// reservation is live.
    pub live: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
