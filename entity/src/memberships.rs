//! Who belongs to which organization.

use holdfast_domain::{
    access::MembershipRole,
    ids::{OrganizationId, UserId},
};
use sea_orm::entity::prelude::*;

/// Who belongs to which organization.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "memberships")]
pub struct Model {
    /// Who organizes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: OrganizationId,
    /// User id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// What the user may do for it.
    pub role: MembershipRole,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
