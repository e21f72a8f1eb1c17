//! Work that only one node at a time may do. The node locks the row of the work while it does it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "leases")]
pub struct Model {
    /// The name of the work, such as `relay`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Grows each time that a node begins the work.
    pub fence: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
