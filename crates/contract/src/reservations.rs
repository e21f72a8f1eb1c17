//! Holding seats and places.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{money::Money, problem::RefusedSeat};

/// What to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// Seats, each at most once.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub seats: Vec<SeatPick>,
    /// General-admission places, each section and offer at most once.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub general: Vec<GeneralPick>,
    /// Hold what can be held and say why the rest cannot, instead of all or nothing.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub partial: bool,
}

/// One seat to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct SeatPick {
    /// The seat.
    pub seat_id: i32,
    /// The version that was seen; a stale one is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// The offer; the first that fits without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer_id: Option<Uuid>,
}

/// Some places in a general-admission section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct GeneralPick {
    /// The section.
    pub section_id: Uuid,
    /// The offer; the first that fits without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer_id: Option<Uuid>,
    /// How many of the offer.
    pub quantity: i32,
}

/// Where a reservation stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum ReservationStatus {
    /// Holds its seats until it lapses.
    Active,
    /// Its payment is under way; it cannot lapse.
    InPayment,
    /// Paid; see its booking.
    Confirmed,
    /// Its time ran out.
    Expired,
    /// Given up by its owner.
    Cancelled,
}

/// A reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Reservation {
    /// The reservation.
    pub id: Uuid,
    /// Its event.
    pub event_id: Uuid,
    /// Where it stands.
    pub status: ReservationStatus,
    /// When it lapses, RFC 3339.
    pub expires_at: String,
    /// The same as a duration, for clocks that go wrong.
    pub expires_in_seconds: i64,
    /// Whether it can be extended once more.
    pub extendable: bool,
    /// What it holds.
    pub items: Vec<ReservationItem>,
    /// What it costs.
    pub total: Money,
    /// What was asked for and could not be held (only after `partial`).
    pub refused: Vec<RefusedSeat>,
    /// The guest's token, only where nobody is signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_token: Option<String>,
    /// The booking that pays for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_id: Option<Uuid>,
}

/// What kind of thing an item or a line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A seat.
    Seat,
    /// Places in a general-admission section.
    General,
}

/// One held thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ReservationItem {
    /// The item.
    pub id: Uuid,
    /// Seat or places.
    pub kind: ItemKind,
    /// The seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat_id: Option<i32>,
    /// The section.
    pub section_id: Uuid,
    /// The offer.
    pub offer_id: Uuid,
    /// What people call it: section, row and seat, or the section and the offer.
    pub label: String,
    /// How many of the offer; 1 for a seat.
    pub quantity: i32,
    /// How many persons it admits in all.
    pub admits: i32,
    /// What it costs in all, fixed when it was held.
    pub price: Money,
}

/// A page of reservations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ReservationPage {
    /// This page.
    pub items: Vec<Reservation>,
    /// What to send as `after` for the next page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}
