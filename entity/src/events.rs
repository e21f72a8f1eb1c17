//! Events. An event is the unit by which everything hot is sharded.

use holdfast_domain::{
    event::Status,
    ids::{EventId, OrganizationId},
    money::Currency,
};
use sea_orm::entity::prelude::*;

/// Events. An event is the unit by which everything hot is sharded.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    /// Who organizes.
    pub organization_id: OrganizationId,
    /// Slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Category.
    pub category: String,
    /// Language.
    pub language: String,
    /// Place.
    pub place: String,
    /// Time zone.
    pub time_zone: String,
    /// Starts at, milliseconds since 1970.
    pub starts_at: i64,
    /// Ends at, milliseconds since 1970.
    pub ends_at: i64,
    /// Sale starts at, milliseconds since 1970.
    pub sale_starts_at: i64,
    /// Sale ends at, milliseconds since 1970.
    pub sale_ends_at: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// Max per user.
    pub max_per_user: i32,
    /// Max per order.
    pub max_per_order: i32,
    /// Hold seconds.
    pub hold_seconds: i64,
    /// Hold cap seconds.
    pub hold_cap_seconds: i64,
    /// Where it stands.
    pub status: Status,
    /// Plan version.
    pub plan_version: i32,
    /// Next seat id.
    pub next_seat_id: i32,
    /// Grows with every change.
    pub version: i32,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub updated_at: i64,
    /// When it was to begin when somebody booked first; only where it was moved after that.
    pub promised_starts_at: Option<i64>,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
