//! Events, sections, offers, inventory.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::money::{Money, PriceRange};

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
    /// What it costs; absent without offers.
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
    /// What it costs.
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
