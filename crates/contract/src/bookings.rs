//! Paying for what is held.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{money::Money, reservations::ItemKind};

/// What to pay for, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct ConfirmRequest {
    /// The reservations, 1 to 10, of one organization and one currency.
    pub reservation_ids: Vec<Uuid>,
    /// How to pay; may be left out where nothing is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentChoice>,
    /// A discount's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_code: Option<String>,
    /// Where the tickets go; required of guests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// How to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct PaymentChoice {
    /// The gateway's name for the payment method, such as `pm_card_visa`.
    pub method: String,
}

/// Where a booking stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum BookingStatus {
    /// Being paid.
    Pending,
    /// Paid; tickets are issued.
    Confirmed,
    /// Not paid, or given back because the seats were lost.
    Failed,
    /// Cancelled.
    Cancelled,
}

/// A purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Booking {
    /// The booking.
    pub id: Uuid,
    /// What people call it, `HF-` and eight characters.
    pub reference: String,
    /// Where it stands.
    pub status: BookingStatus,
    /// What it costs.
    pub total: Money,
    /// What it consists of.
    pub lines: Vec<BookingLine>,
    /// What admits; empty until confirmed.
    pub tickets: Vec<Ticket>,
    /// What the buyer must do now; absent when nothing.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next_action: Option<NextAction>,
    /// Why it failed: `payment-declined`, `seats-lost`, `payment-timeout`, `capture-refused`, `cancelled`,
    /// `event-cancelled`, or `seats-lost-refunded`: the payment came too late for the seats and goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Where the tickets go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether its buyer may cancel it now as a whole: stop it while pending, give it back when confirmed.
    #[serde(default)]
    pub cancellable: bool,
    /// What would come back then; absent where nothing was paid yet, or it cannot be cancelled.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub refundable: Option<Money>,
    /// When it was begun, RFC 3339.
    pub created_at: String,
}

/// What the buyer must do before the payment can go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct NextAction {
    /// Always `redirect_or_sdk`: hand the secret to the gateway's own script.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub kind: String,
    /// The gateway's secret for this payment.
    pub client_secret: String,
}

/// One part of a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BookingLine {
    /// The line.
    pub id: Uuid,
    /// Its event.
    pub event_id: Uuid,
    /// Seat or places.
    pub kind: ItemKind,
    /// The seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat_id: Option<i32>,
    /// The section.
    pub section_id: Uuid,
    /// The offer.
    pub offer_id: Uuid,
    /// What people call it.
    pub label: String,
    /// How many of the offer.
    pub quantity: i32,
    /// How many persons it admits in all.
    pub admits: i32,
    /// What it costs in all.
    pub price: Money,
    /// What of it was given back, or is on its way.
    pub refunded: Money,
    /// Whether it is cancelled: its tickets admit nobody.
    #[serde(default)]
    pub cancelled: bool,
    /// Whether its buyer may cancel it now, alone or with others.
    #[serde(default)]
    pub cancellable: bool,
}

/// What to cancel of a booking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {
    /// The lines; all without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_ids: Option<Vec<Uuid>>,
}

/// An amount that the organizer gives back without cancelling anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// How much; more than nothing, and no more than was paid for the lines and not given back yet.
    pub amount: Money,
    /// The lines over which it is divided; all of the event without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_ids: Option<Vec<Uuid>>,
}

/// Where a ticket stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    /// Admits.
    Valid,
    /// Has admitted.
    Used,
    /// Its line was cancelled.
    Cancelled,
    /// Its line was refunded.
    Refunded,
    /// Somebody else has it now.
    Transferred,
}

/// What admits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Ticket {
    /// The ticket.
    pub id: Uuid,
    /// Its event.
    pub event_id: Uuid,
    /// The booking line it comes from.
    pub line_id: Uuid,
    /// The seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat_id: Option<i32>,
    /// What people call its place.
    pub label: String,
    /// How many persons it admits.
    pub admits: i32,
    /// Where it stands.
    pub status: TicketStatus,
}

/// A page of bookings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BookingPage {
    /// This page.
    pub items: Vec<Booking>,
    /// What to send as `after` for the next page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// Which gateway takes the money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PaymentConfig {
    /// `simulated` or `stripe`.
    pub provider: String,
    /// The gateway's public key, where it has one.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub publishable_key: Option<String>,
    /// What the gateway's own form is to offer; none where it has no form.
    pub method_types: Vec<PaymentMethodType>,
}

/// A type of payment methods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PaymentMethodType {
    /// The gateway's word for it, such as `card`.
    pub name: String,
    /// Whether its money is taken at once, without being reserved before.
    pub at_once: bool,
    /// ISO 4217 codes of the only currencies that it takes; none: every one.
    pub currencies: Vec<String>,
}

/// How the second step with the simulated gateway ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum SimulatedOutcome {
    /// The buyer is who they say.
    Success,
    /// They are not.
    Failure,
}

/// The end of the second step with the simulated gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct SimulatedCompletion {
    /// How it ends.
    pub outcome: SimulatedOutcome,
}
