//! Bodies of reservations: holding seats and general-admission places.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{money::Money, problem::RefusedSeat};

/// The request body that holds seats and places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// The seats to hold, each at most once; at most 50.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub seats: Vec<SeatPick>,
    /// The general-admission places to hold, each pair of section and offer at most once; at most 20 entries.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub general: Vec<GeneralPick>,
    /// `true` holds what can be held and returns a reason for each seat that cannot. `false` (the
    /// default) holds everything or nothing.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub partial: bool,
}

/// One seat that the buyer wants to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct SeatPick {
    /// The seat's id, an integer within its event.
    pub seat_id: i32,
    /// The version of the seat that the client saw. The hold is refused when the seat has a newer
    /// version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// The id of the offer. Default: the most specific offer on sale that fits the seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer_id: Option<Uuid>,
}

/// Places to hold in a general-admission section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct GeneralPick {
    /// The id of the section.
    pub section_id: Uuid,
    /// The id of the offer. Default: the most specific offer on sale that fits the section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer_id: Option<Uuid>,
    /// How many units of the offer to hold, 1 to 50. One unit may admit several persons.
    pub quantity: i32,
}

/// The request body that gives a part of a reservation back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequest {
    /// The items to give back, each at most once; 1 to 70.
    pub items: Vec<ReleasedItem>,
}

/// An item of a reservation that is given back, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct ReleasedItem {
    /// The id of the item.
    pub item_id: Uuid,
    /// How many units of the item to give back. Default: the whole item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i32>,
}

/// The status of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum ReservationStatus {
    /// The reservation holds its seats until it expires.
    Active,
    /// The payment is under way. The reservation cannot expire.
    InPayment,
    /// The reservation is paid. See its booking.
    Confirmed,
    /// The time of the reservation was over before a payment began.
    Expired,
    /// The buyer cancelled the reservation.
    Cancelled,
}

/// A reservation: seats and places held for one buyer.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Reservation {
    /// The id of the reservation, a UUIDv7.
    pub id: Uuid,
    /// The id of the event.
    pub event_id: Uuid,
    /// Whether the reservation holds its seats, is in payment or has ended.
    pub status: ReservationStatus,
    /// When the reservation expires (RFC 3339).
    pub expires_at: String,
    /// The number of seconds until the reservation expires. A client whose clock may be wrong counts down from this
    /// number.
    pub expires_in_seconds: i64,
    /// Whether the buyer can extend the reservation again.
    pub extendable: bool,
    /// The held seats and places.
    pub items: Vec<ReservationItem>,
    /// The total price of the items.
    pub total: Money,
    /// The requested seats that could not be held. Only filled after a request with `partial:
    /// true`.
    pub refused: Vec<RefusedSeat>,
    /// The guest token. The client sends it back as `X-Guest-Token`, so that later requests belong to the same guest.
    /// Only present when the caller is not signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[debug("hidden")]
    pub guest_token: Option<String>,
    /// The id of the booking that pays for the reservation. Absent until a payment has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_id: Option<Uuid>,
}

/// The kind of an item or line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// One seat of the plan, named by its id.
    Seat,
    /// Places in a general-admission section.
    General,
}

/// One seat, or one group of general-admission places, of a reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ReservationItem {
    /// The id of the item, a UUIDv7.
    pub id: Uuid,
    /// Whether the item is a seat or general-admission places.
    pub kind: ItemKind,
    /// The id of the seat within its event. Absent for general admission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat_id: Option<i32>,
    /// The id of the section.
    pub section_id: Uuid,
    /// The id of the offer.
    pub offer_id: Uuid,
    /// The item's name for people: section, row and seat, or section and offer.
    pub label: String,
    /// How many units of the offer the item contains; 1 for a seat.
    pub quantity: i32,
    /// How many persons the item admits in total: `quantity` times the persons that one unit admits.
    pub admits: i32,
    /// The price of the whole item, fixed at the time of the hold.
    pub price: Money,
}

/// One page of a list of reservations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ReservationPage {
    /// The reservations of this page.
    pub items: Vec<Reservation>,
    /// The cursor of the next page: send it as `after`. `null` on the last page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}
