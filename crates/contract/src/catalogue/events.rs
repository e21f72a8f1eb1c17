//! Bodies that show, create and change events.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::money::PriceRange;

/// The status of an event as buyers see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// Not published. Only the event's organization and administrators see it.
    Draft,
    /// Published; the sale has not begun.
    Upcoming,
    /// The sale is open, and at least one place is available.
    OnSale,
    /// The sale is open, but no place is available now.
    SoldOut,
    /// The end of the event has passed.
    Completed,
    /// The organizer cancelled the event. Its bookings are cancelled and refunded.
    Cancelled,
}

/// An event: its description, its schedule, its limits and its available places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Event {
    /// The id of the event, a UUIDv7.
    pub id: Uuid,
    /// The event's unique name in URLs: 1 to 80 characters of `a-z`, `0-9` and single `-`.
    pub slug: String,
    /// The id of the organization that sells the event.
    pub organization_id: Uuid,
    /// The name of the organization that sells the event.
    pub organization: String,
    /// The event's title, in plain text.
    pub name: String,
    /// The event's description, in plain text.
    pub description: String,
    /// The event's category: `sport`, `theatre`, `concert` or a similar word.
    pub category: String,
    /// The language of the title and the description, as a BCP 47 tag.
    pub language: String,
    /// The place of the event, as free text.
    pub place: String,
    /// The IANA time zone in which clients show the event's times.
    pub time_zone: String,
    /// When the event begins (RFC 3339).
    pub starts_at: String,
    /// When the event ends (RFC 3339).
    pub ends_at: String,
    /// When the sale begins (RFC 3339).
    pub sale_starts_at: String,
    /// When the sale ends (RFC 3339).
    pub sale_ends_at: String,
    /// The ISO 4217 code of the currency of all prices.
    pub currency: String,
    /// For how many persons one buyer may have places in this event.
    pub max_per_user: i32,
    /// For how many persons one reservation may hold places.
    pub max_per_order: i32,
    /// How long a hold lasts, in seconds.
    pub hold_seconds: i64,
    /// The event's status. `sold_out` is derived from the inventory.
    pub status: EventStatus,
    /// Whether the event has a seating plan.
    pub has_plan: bool,
    /// The version of the seating plan. The URL of the seat map contains it.
    pub plan_version: i32,
    /// How many places the event has.
    pub capacity: i64,
    /// How many places are available now.
    pub available: i64,
    /// The lowest and the highest price of the places that can be bought now. Absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_range: Option<PriceRange>,
    /// The version of the event. Every change of the event increments it.
    pub version: i32,
}

/// One page of a list of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct EventPage {
    /// The events of this page.
    pub items: Vec<Event>,
    /// The cursor of the next page: send it as `after`. `null` on the last page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// The request body that creates an event. A new event is a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct NewEvent {
    /// The id of the organization. A member of exactly one organization may omit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Uuid>,
    /// The event's title, 1 to 200 characters.
    pub name: String,
    /// The event's name in URLs: 1 to 80 characters of `a-z`, `0-9` and single `-`. Default:
    /// derived from the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// The event's description, in plain text; at most 10,000 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub description: String,
    /// The event's category: `sport`, `theatre`, `concert` or a similar word; 1 to 60 characters.
    pub category: String,
    /// The language of the title and the description, as a BCP 47 tag. Default: English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The place of the event, as free text; 1 to 200 characters.
    pub place: String,
    /// The time zone in which clients show the event's times: a name of the IANA tz database, such as
    /// `Europe/Berlin`.
    pub time_zone: String,
    /// When the event begins (RFC 3339).
    pub starts_at: String,
    /// When the event ends (RFC 3339).
    pub ends_at: String,
    /// When the sale begins (RFC 3339).
    pub sale_starts_at: String,
    /// When the sale ends (RFC 3339). Default: when the event begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_ends_at: Option<String>,
    /// The ISO 4217 code of the currency of all prices.
    pub currency: String,
    /// For how many persons one buyer may have places in this event, 1 to 1,000. Default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_user: Option<i32>,
    /// For how many persons one reservation may hold places, 1 to 1,000. Default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_order: Option<i32>,
    /// How long a hold lasts, 1 to 86,400 seconds. Default: the installation's setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<i64>,
}

/// The request body that changes an event. Omitted fields stay unchanged, except `version`, which is required.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct EventPatch {
    /// The version of the event that the client read. The change is refused when the event has a
    /// newer version, so that nobody overwrites a change without knowing it.
    pub version: i32,
    /// The event's new title, 1 to 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The event's new description, in plain text; at most 10,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The event's new category, 1 to 60 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The new place of the event, as free text; 1 to 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The new time zone in which clients show the event's times: a name of the IANA tz database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// When the event begins (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// When the event ends (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// When the sale begins (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_starts_at: Option<String>,
    /// When the sale ends (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_ends_at: Option<String>,
    /// For how many persons one buyer may have places in this event, 1 to 1,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_user: Option<i32>,
    /// For how many persons one reservation may hold places, 1 to 1,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_order: Option<i32>,
    /// How long a hold lasts, 1 to 86,400 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<i64>,
}
