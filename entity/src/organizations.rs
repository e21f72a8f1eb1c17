//! Who organizes: owns events, offers and the money taken for them.

use holdfast_domain::ids::OrganizationId;
use sea_orm::entity::prelude::*;

/// Who organizes: owns events, offers and the money taken for them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organizations")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Slug.
    pub slug: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
