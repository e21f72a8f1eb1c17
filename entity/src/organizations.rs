//! The organizers: an organization owns events, offers and the money taken for them.

use holdfast_domain::{access::OrganizationStatus, ids::OrganizationId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organizations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrganizationId,
    pub name: String,
    /// The organization's unique name in URLs.
    pub slug: String,
    pub created_at: i64,
    pub status: OrganizationStatus,
    /// The name in contracts and on invoices.
    pub legal_name: Option<String>,
    /// The address at which buyers reach the organization.
    pub contact_email: Option<String>,
    pub website: Option<String>,
    /// Why an administrator has refused the application.
    pub reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
