//! Bodies of events, sections, offers, seats and inventory.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    money::{Money, PriceRange},
    problem::FieldError,
};

mod events;

pub use events::{Event, EventPage, EventPatch, EventStatus, NewEvent};

/// How the places of a section are sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum SectionKind {
    /// Every place is a seat with an id, and buyers choose individual seats.
    Seated,
    /// Buyers choose a quantity (general admission).
    General,
}

/// How many places of an event or section are in each state, as buyers see them. A place whose hold
/// has lapsed counts as available. A seat in payment counts as held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Counts {
    /// How many places there are in total, in every state.
    pub capacity: i64,
    /// How many places can be held now.
    pub available: i64,
    /// How many places a buyer holds or is paying for.
    pub held: i64,
    /// How many places are sold.
    pub sold: i64,
    /// How many places the organizer has blocked.
    pub blocked: i64,
}

/// A section of the hall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Section {
    /// The id of the section, a UUIDv7.
    pub id: Uuid,
    /// The section's name for people, unique within the event.
    pub name: String,
    /// How the section's places are sold.
    pub kind: SectionKind,
    /// How many of the section's places are in each state.
    pub counts: Counts,
    /// The lowest price in the section now. Absent when no offer of the section is on sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Money>,
}

/// All sections of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SectionPage {
    /// The number of the last change that the counts include. The event stream counts the same numbers.
    pub seq: i64,
    /// The sections in the order of the hall.
    pub items: Vec<Section>,
    /// Always `null`: all sections of an event fit on one page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// The request body that creates a section. A general-admission section has a `capacity`. A seated
/// section has `rows` × `seats_per_row` seats; its rows are named A … Z, AA … and become part of
/// the seating plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct NewSection {
    /// The section's name, unique within the event; 1 to 120 characters.
    pub name: String,
    /// How many persons a general-admission section admits, 1 to 100,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<i32>,
    /// The number of rows of a seated section. A section has at most 20,000 seats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i32>,
    /// The number of seats in each row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats_per_row: Option<i32>,
    /// The price category of the seats. Default: the section's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

/// The request body that changes a section. Omitted fields stay unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields, default)]
pub struct SectionPatch {
    /// The section's new name, unique within the event; 1 to 120 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many persons a general-admission section admits, 1 to 100,000. The new capacity must be at least the sum of
    /// the held, sold and blocked places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<i32>,
}

/// An offer: a kind of ticket with a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Offer {
    /// The id of the offer, a UUIDv7.
    pub id: Uuid,
    /// The id of the event.
    pub event_id: Uuid,
    /// The id of the section that the offer applies to. `null` when the offer applies to every
    /// section.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub section_id: Option<Uuid>,
    /// The seating plan's price category that the offer applies to. `null` when the offer applies
    /// to every category.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub category: Option<String>,
    /// The offer's name for people, such as `Standard` or `Family`.
    pub name: String,
    /// The price of one unit of the offer.
    pub price: Money,
    /// How many persons one unit of the offer admits.
    pub admits: i32,
    /// Whether the buyer may cancel a booking of this offer and get the money back.
    pub refundable: bool,
    /// The benefits that the offer includes, in display order.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub benefits: Vec<String>,
    /// When the sale of the offer begins (RFC 3339). Absent when it begins with the sale of the
    /// event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_starts_at: Option<String>,
    /// When the sale of the offer ends (RFC 3339). Absent when it ends with the sale of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_ends_at: Option<String>,
    /// Grows with each change of the offer. `PATCH` requires the version that its author has read.
    #[serde(default)]
    pub version: i32,
}

/// One page of a list of offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OfferPage {
    /// The offers of this page.
    pub items: Vec<Offer>,
    /// The cursor of the next page: send it as `after`. `null` on the last page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// The request body that creates an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct NewOffer {
    /// The id of the section that the offer applies to. Default: every section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section_id: Option<Uuid>,
    /// The seating plan's price category that the offer applies to. Default: every category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The offer's name for people, 1 to 190 characters.
    pub name: String,
    /// The price of one unit, in minor units of the event's currency.
    pub price_minor: i64,
    /// How many persons one unit of the offer admits, 1 to 20. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admits: Option<i32>,
    /// Whether the buyer may cancel a booking of this offer and get the money back. Default: false.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub refundable: bool,
    /// The benefits that the offer includes, in display order; at most 20 entries of at most 120 characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub benefits: Vec<String>,
    /// When the sale of the offer begins (RFC 3339). Default: with the sale of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_starts_at: Option<String>,
    /// When the sale of the offer ends (RFC 3339). Default: with the sale of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_ends_at: Option<String>,
}

/// The request body that changes an offer. Omitted fields stay unchanged, except `version`, which is required. Held and sold
/// places keep their price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct OfferPatch {
    /// The version of the offer that the client read. The change is refused when the offer has another version, so that
    /// nobody overwrites a change without knowing it.
    pub version: i32,
    /// The offer's new name, 1 to 190 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new price of one unit, in minor units of the event's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_minor: Option<i64>,
    /// Whether the buyer may cancel a booking of this offer and get the money back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refundable: Option<bool>,
    /// The benefits that the offer includes, in display order; at most 20 entries of at most 120 characters. The new
    /// list replaces the old list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub benefits: Option<Vec<String>>,
    /// When the sale of the offer begins (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_starts_at: Option<String>,
    /// When the sale of the offer ends (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_ends_at: Option<String>,
}

/// The inventory of an event: its places by state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Inventory {
    /// The id of the event.
    pub event_id: Uuid,
    /// The number of the last change that this response includes. The event stream counts the same
    /// numbers.
    pub seq: i64,
    /// The places of the whole event by state.
    pub counts: Counts,
    /// The lowest and the highest price of the places that can be bought now. Absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_range: Option<PriceRange>,
    /// The places of each section by state.
    pub sections: Vec<SectionCounts>,
}

/// How many places of one section are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SectionCounts {
    /// The id of the section.
    pub section_id: Uuid,
    /// How many of the section's places are in each state.
    pub counts: Counts,
}

/// Whether the caller can buy tickets for the event, and every reason against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Eligibility {
    /// Whether the server would attempt a hold for the caller.
    pub can_purchase: bool,
    /// Every reason why the caller cannot buy: `draft`, `sale_not_started`, `sale_ended`,
    /// `event_started`, `cancelled`, `completed`, `no_places`, `no_offers`, `no_offer_fits` (no offer is for any place),
    /// `offer_not_on_sale` (no offer is on sale now), `sold_out`, `limit_reached`.
    pub reasons: Vec<String>,
    /// How many more persons the caller may hold places for in this event.
    pub remaining: i64,
    /// What the caller holds or is paying for in this event, the newest first. It counts against the limit. Absent when there
    /// is nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub pending_reservations: Vec<PendingReservation>,
}

/// A reservation that is not a booking yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PendingReservation {
    /// The id of the reservation.
    pub id: Uuid,
    /// How many persons it is for.
    pub persons: i32,
    /// How many seconds are left until it expires. Absent while it is being paid for: then it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<i64>,
}

/// The kind of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum SeatKind {
    /// A seat without special properties.
    Standard,
    /// Sold as VIP: the organizer says what that includes.
    Vip,
    /// Sold as premium: the organizer says what that includes.
    Premium,
    /// A place for a wheelchair.
    Wheelchair,
    /// A seat beside a wheelchair place, for a companion.
    Companion,
    /// A seat with a restricted view.
    RestrictedView,
}

/// The state of a seat as buyers see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum SeatStatus {
    /// The seat is free, or its hold has lapsed.
    Available,
    /// A buyer holds the seat or is paying for it.
    Held,
    /// The seat belongs to a booking. It becomes free again only when that booking is cancelled or fails.
    Sold,
    /// The organizer has blocked the seat.
    Blocked,
}

/// A seat as one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Seat {
    /// The seat's id, an integer within its event.
    pub seat_id: i32,
    /// The seat's id in the seating plan.
    pub seat_guid: String,
    /// The name of the seat's row.
    pub row: String,
    /// The seat's name within its row.
    pub label: String,
    /// The seat's price category in the seating plan.
    pub category: String,
    /// The kind of the seat, such as a wheelchair place.
    pub kind: SeatKind,
    /// The seat's price now: its own price, or the price of the most specific offer on sale. `null`
    /// when no offer on sale fits the seat.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub price: Option<Money>,
    /// The state of the seat, as buyers see it.
    pub status: SeatStatus,
    /// The version of the seat. Every change of the seat increments it.
    pub version: i32,
}

/// One page of a list of seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SeatPage {
    /// The seats of this page.
    pub items: Vec<Seat>,
    /// The cursor of the next page: send it as `after`. `null` on the last page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// The organizer's request body that changes one seat. Omitted fields stay unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields, default)]
pub struct SeatPatch {
    /// `true` blocks the seat, `false` unblocks it. The change is refused while the seat is held or
    /// sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<bool>,
    /// Why the seat is blocked, at most 200 characters. Required with `blocked: true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The kind that the seat has from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<SeatKind>,
    /// The seat's own price in minor units. It replaces the price of the offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_minor: Option<i64>,
}

/// The result of a seating-plan import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PlanAccepted {
    /// The version that the plan has in this event.
    pub plan_version: i32,
    /// The number of sections in the plan.
    pub sections: i32,
    /// The number of seats in the plan.
    pub seats: i32,
    /// The probable mistakes in the plan: one entry for each kind of mistake, with the path of its first occurrence
    /// in `field`. Mistakes of these kinds do not prevent the import.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub warnings: Vec<FieldError>,
}
