//! Events, sections, offers, inventory.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::money::{Money, PriceRange};

mod events;

pub use events::{Event, EventPage, EventPatch, EventStatus, NewEvent};

/// How a section is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum SectionKind {
    /// Seat by seat.
    Seated,
    /// By quantity.
    General,
}

/// How many places of something are in which state, as buyers see it: a lapsed hold is available,
/// a seat in payment is held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Counts {
    /// All places.
    pub capacity: i64,
    /// Free.
    pub available: i64,
    /// Held by somebody.
    pub held: i64,
    /// Sold.
    pub sold: i64,
    /// Kept back.
    pub blocked: i64,
}

/// A part of the hall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Section {
    /// The section.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// How it is sold.
    pub kind: SectionKind,
    /// What is left.
    pub counts: Counts,
    /// The cheapest offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Money>,
}

/// Every section of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SectionPage {
    /// The sections in their order.
    pub items: Vec<Section>,
    /// Always absent: an event's sections fit on one page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// A new section: general admission by its `capacity`, or `rows` × `seats_per_row` with rows named A … Z,
/// AA …, which become part of the seating plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct NewSection {
    /// Its name, unique within the event.
    pub name: String,
    /// How many persons find room, 1 to 100,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<i32>,
    /// How many rows; 20,000 seats at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i32>,
    /// How many seats in each row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats_per_row: Option<i32>,
    /// The price category of the seats; named like the section without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

/// Changes to a section; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields, default)]
pub struct SectionPatch {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many persons find room; general admission only, never below held + sold + blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<i32>,
}

/// A kind of ticket at a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Offer {
    /// The offer.
    pub id: Uuid,
    /// Its event.
    pub event_id: Uuid,
    /// The section it is for; every section without.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub section_id: Option<Uuid>,
    /// The plan's price category it is for; every category without.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub category: Option<String>,
    /// Its name.
    pub name: String,
    /// What it costs.
    pub price: Money,
    /// How many persons one of it admits.
    pub admits: i32,
    /// Whether it can be given back.
    pub refundable: bool,
    /// What comes with it, in the order in which it is shown.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub benefits: Vec<String>,
    /// When its own sale begins, RFC 3339; with the event's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_starts_at: Option<String>,
    /// When its own sale ends, RFC 3339; with the event's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_ends_at: Option<String>,
}

/// A page of offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OfferPage {
    /// This page.
    pub items: Vec<Offer>,
    /// What to send as `after` for the next page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// A new offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct NewOffer {
    /// The section it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section_id: Option<Uuid>,
    /// The plan's price category it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Its name.
    pub name: String,
    /// What it costs, in minor units of the event's currency.
    pub price_minor: i64,
    /// How many persons one of it admits, 1 to 20; 1 without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admits: Option<i32>,
    /// Whether it can be given back; not without.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub refundable: bool,
    /// What comes with it, 20 texts at the most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub benefits: Vec<String>,
    /// When its own sale begins, RFC 3339; with the event's without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_starts_at: Option<String>,
    /// When its own sale ends, RFC 3339; with the event's without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_ends_at: Option<String>,
}

/// Changes to an offer; what is left out stays. Held and sold places keep their price.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields, default)]
pub struct OfferPatch {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it costs, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_minor: Option<i64>,
    /// Whether it can be given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refundable: Option<bool>,
    /// What comes with it: the whole list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub benefits: Option<Vec<String>>,
    /// When its own sale begins, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_starts_at: Option<String>,
    /// When its own sale ends, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_ends_at: Option<String>,
}

/// What is left of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Inventory {
    /// The event.
    pub event_id: Uuid,
    /// The last change that this answer contains.
    pub seq: i64,
    /// The whole event.
    pub counts: Counts,
    /// What it costs now; absent where no offer sells now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_range: Option<PriceRange>,
    /// Section by section.
    pub sections: Vec<SectionCounts>,
}

/// What is left of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SectionCounts {
    /// The section.
    pub section_id: Uuid,
    /// What is left.
    pub counts: Counts,
}

/// Whether the caller can buy, and what stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Eligibility {
    /// Whether a hold would be tried.
    pub can_purchase: bool,
    /// Every reason against it: `draft`, `sale_not_started`, `sale_ended`, `event_started`, `cancelled`,
    /// `completed`, `sold_out`, `limit_reached`.
    pub reasons: Vec<String>,
    /// How many persons the caller may still bring.
    pub remaining: i64,
}

/// What a seat is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum SeatKind {
    /// A seat.
    Standard,
    /// A very good one.
    Vip,
    /// A better one.
    Premium,
    /// A place for a wheelchair.
    Wheelchair,
    /// Beside a wheelchair's place.
    Companion,
    /// The view is restricted.
    RestrictedView,
}

/// What buyers see of a seat's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum SeatStatus {
    /// Free, or its hold has lapsed.
    Available,
    /// Held, or in payment.
    Held,
    /// Sold.
    Sold,
    /// Kept back.
    Blocked,
}

/// A seat, one object each, for people and scripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Seat {
    /// The seat within its event.
    pub seat_id: i32,
    /// The plan's name for it.
    pub seat_guid: String,
    /// The row.
    pub row: String,
    /// The seat within the row.
    pub label: String,
    /// The plan's price category.
    pub category: String,
    /// What it is like.
    pub kind: SeatKind,
    /// What it costs.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub price: Option<Money>,
    /// Whether it can be had.
    pub status: SeatStatus,
    /// Grows with every change.
    pub version: i32,
}

/// A page of seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SeatPage {
    /// This page.
    pub items: Vec<Seat>,
    /// What to send as `after` for the next page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// A change to one seat by its organizer; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields, default)]
pub struct SeatPatch {
    /// True keeps the seat back, false frees it; refused while it is held or sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<bool>,
    /// Why it is kept back; required with `blocked: true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it is like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<SeatKind>,
    /// A price of its own in minor units, before that of the offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_minor: Option<i64>,
}

/// What an accepted plan came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PlanAccepted {
    /// The plan's version in this event.
    pub plan_version: i32,
    /// How many sections it has.
    pub sections: i32,
    /// How many seats it has.
    pub seats: i32,
}
