//! Who belongs to which organization.

use sea_orm::entity::prelude::*;

/// Who belongs to which organization.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "memberships")]
pub struct Model {
    /// Who organizes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// User id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// What the user may do for it; the CHECK lists the values.
    pub role: String,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
