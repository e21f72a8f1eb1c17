//! Which reservations a guest had paid for when the guest signed in. They came to the user whatever the limits of one
//! buyer, so they do not count against these limits in `holdfast check`.

use holdfast_domain::ids::ReservationId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "adopted_reservations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub reservation_id: ReservationId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
