//! Which reservations a booking pays for.

use holdfast_domain::ids::{BookingId, ReservationId};
use sea_orm::entity::prelude::*;

/// Which reservations a booking pays for.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "booking_reservations")]
pub struct Model {
    /// The booking.
    #[sea_orm(primary_key, auto_increment = false)]
    pub booking_id: BookingId,
    /// The reservation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reservation_id: ReservationId,
    /// Live.
    pub live: i32,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
