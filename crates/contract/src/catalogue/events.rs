//! Events: shown, made, changed.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::money::PriceRange;

/// Where an event stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// Seen by its organization alone.
    Draft,
    /// Published; sale has not begun.
    Upcoming,
    /// Sells.
    OnSale,
    /// Nothing is left at the moment.
    SoldOut,
    /// Over.
    Completed,
    /// Does not take place.
    Cancelled,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Event {
    /// The event.
    pub id: Uuid,
    /// Its name in addresses.
    pub slug: String,
    /// Who organizes it.
    pub organization_id: Uuid,
    /// The organization's name.
    pub organization: String,
    /// The title.
    pub name: String,
    /// What it is, in plain text.
    pub description: String,
    /// `sport`, `theatre`, `concert` and the like.
    pub category: String,
    /// The language of name and description, a BCP 47 tag.
    pub language: String,
    /// Where it takes place, in words.
    pub place: String,
    /// The IANA zone in which its times are shown.
    pub time_zone: String,
    /// The beginning.
    pub starts_at: String,
    /// The end.
    pub ends_at: String,
    /// When the sale begins.
    pub sale_starts_at: String,
    /// When the sale ends.
    pub sale_ends_at: String,
    /// ISO 4217.
    pub currency: String,
    /// How many persons one buyer may bring in all.
    pub max_per_user: i32,
    /// How many persons one reservation may hold.
    pub max_per_order: i32,
    /// How long a hold lasts.
    pub hold_seconds: i64,
    /// Where it stands; `sold_out` is derived from the inventory.
    pub status: EventStatus,
    /// Whether a seating plan is attached.
    pub has_plan: bool,
    /// The plan's version; the seat map's address changes with it.
    pub plan_version: i32,
    /// How many persons find room.
    pub capacity: i64,
    /// How many places are free.
    pub available: i64,
    /// What it costs now; absent where no offer sells now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_range: Option<PriceRange>,
    /// Grows with every change to the event.
    pub version: i32,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct EventPage {
    /// This page.
    pub items: Vec<Event>,
    /// What to send as `after` for the next page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// A new event, a draft at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct NewEvent {
    /// The organization; may be left out by a member of exactly one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Uuid>,
    /// The title.
    pub name: String,
    /// Its name in addresses: 3 to 80 of `a-z`, `0-9` and single `-`; made from the title without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// What it is, in plain text.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub description: String,
    /// `sport`, `theatre`, `concert` and the like.
    pub category: String,
    /// A BCP 47 tag; English without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Where it takes place.
    pub place: String,
    /// An IANA zone.
    pub time_zone: String,
    /// The beginning, RFC 3339.
    pub starts_at: String,
    /// The end, RFC 3339.
    pub ends_at: String,
    /// When the sale begins, RFC 3339.
    pub sale_starts_at: String,
    /// When the sale ends, RFC 3339; the beginning of the event without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_ends_at: Option<String>,
    /// ISO 4217.
    pub currency: String,
    /// How many persons one buyer may bring in all; 10 without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_user: Option<i32>,
    /// How many persons one reservation may hold; 10 without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_order: Option<i32>,
    /// How long a hold lasts; the installation's default without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<i64>,
}

/// Changes to an event; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields, default)]
pub struct EventPatch {
    /// The version that was read; a stale one is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Where it takes place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The beginning, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// The end, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// When the sale begins, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_starts_at: Option<String>,
    /// When the sale ends, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_ends_at: Option<String>,
    /// How many persons one buyer may bring in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_user: Option<i32>,
    /// How many persons one reservation may hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_order: Option<i32>,
    /// How long a hold lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<i64>,
}
