//! The events. Every row of the busy tables belongs to one event, so that the database could be divided by events.

use holdfast_domain::{
    event::Status,
    ids::{EventId, OrganizationId},
    money::Currency,
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    pub organization_id: OrganizationId,
    /// The event's unique name in URLs.
    pub slug: String,
    /// The event's title, which buyers read.
    pub name: String,
    pub description: String,
    /// A word such as `sport`, `theatre` or `concert`.
    pub category: String,
    /// The language of name and description as a BCP 47 tag.
    pub language: String,
    pub place: String,
    /// The IANA time zone in which clients show the times.
    pub time_zone: String,
    pub starts_at: i64,
    pub ends_at: i64,
    pub sale_starts_at: i64,
    pub sale_ends_at: i64,
    pub currency: Currency,
    /// For how many persons one buyer may have places.
    pub max_per_user: i32,
    /// For how many persons one reservation may hold places.
    pub max_per_order: i32,
    /// How long a hold lasts.
    pub hold_seconds: i64,
    /// How long a hold may last at most, with all its extensions.
    pub hold_cap_seconds: i64,
    /// The stored status. Time alone may have led further; see `holdfast_domain::event::due`.
    pub status: Status,
    /// The version of the seating plan; 0 without a plan.
    pub plan_version: i32,
    /// The first seat id that was never used.
    pub next_seat_id: i32,
    pub version: i32,
    pub created_at: i64,
    pub updated_at: i64,
    /// The beginning that the first buyers were told. Set only if the beginning was moved after the first booking.
    pub promised_starts_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
