//! Bodies of bookings, payments, cancellations and refunds.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{legal::Acceptance, money::Money, reservations::ItemKind};

/// The request body that turns reservations into a paid booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct ConfirmRequest {
    /// The ids of 1 to 10 reservations. All of them must have the same currency and belong to
    /// events of the same organization.
    pub reservation_ids: Vec<Uuid>,
    /// How to pay. May be omitted when the total is zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentChoice>,
    /// A discount code. Discounts do not exist yet, so every code is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_code: Option<String>,
    /// The e-mail address that receives the tickets. Required for guests; a signed-in user's own
    /// address is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The version of the terms that the buyer has accepted. Required if `must_accept` of `GET /legal` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Acceptance>,
}

/// How to pay for a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct PaymentChoice {
    /// The gateway's name for the payment method, such as `pm_card_visa`; 1 to 255 characters.
    pub method: String,
}

/// The status of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum BookingStatus {
    /// The payment is under way.
    Pending,
    /// The booking is paid and its tickets are issued.
    Confirmed,
    /// The payment did not succeed, or it was returned because the seats were lost.
    Failed,
    /// Every line of the booking was cancelled.
    Cancelled,
}

/// A part of a buyer's bookings. Each booking is in exactly one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
pub enum BookingPeriod {
    /// The booking is pending, or confirmed with a line that is not cancelled and whose event has not ended.
    Upcoming,
    /// The booking is confirmed, and the events of all lines that are not cancelled have ended.
    Past,
    /// The booking is cancelled or failed.
    Cancelled,
}

impl BookingPeriod {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Upcoming => "upcoming",
            Self::Past => "past",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A purchase: the paid (or free) result of one or more reservations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Booking {
    /// The id of the booking, a UUIDv7.
    pub id: Uuid,
    /// The name by which people and support refer to the booking: `HF-` and eight letters or digits, such as
    /// `HF-7K2M9QXA`.
    pub reference: String,
    /// Whether the booking is in payment, paid, failed or cancelled.
    pub status: BookingStatus,
    /// The total price of the booking, fixed when the booking was created.
    pub total: Money,
    /// The booked seats and places.
    pub lines: Vec<BookingLine>,
    /// The issued tickets. Empty until the booking is confirmed.
    pub tickets: Vec<Ticket>,
    /// The action that the buyer must take now so that the payment can continue. `null` when the buyer
    /// has nothing to do.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next_action: Option<NextAction>,
    /// Why the booking failed: `payment-declined`, `seats-lost`, `payment-timeout`,
    /// `capture-refused`, `cancelled`, `event-cancelled` or `seats-lost-refunded`. With
    /// `seats-lost-refunded`, the payment succeeded after the seats were lost and is being
    /// refunded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The e-mail address that receives the tickets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the buyer may cancel the whole booking now. Cancelling stops a pending booking and
    /// returns a confirmed booking.
    #[serde(default)]
    pub cancellable: bool,
    /// The amount that a cancellation would refund now. `null` when nothing was paid yet or the
    /// booking cannot be cancelled.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub refundable: Option<Money>,
    /// For how many more seconds the seats stay held while the buyer and the bank decide about the payment, rounded down.
    /// After that time, the server gives the payment up and releases the seats. Only the buyer of a pending booking gets
    /// this field, and only until the payment is decided or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_expires_in_seconds: Option<i64>,
    /// When the booking was created (RFC 3339).
    pub created_at: String,
}

/// The action that the buyer must take before the payment can continue.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct NextAction {
    /// Always `redirect_or_sdk`: pass `client_secret` to the gateway's own script.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub kind: String,
    /// The gateway's secret for this payment. It allows the holder to complete the payment, so it must not be logged or
    /// stored.
    #[debug("hidden")]
    pub client_secret: String,
}

/// One seat, or one group of general-admission places, of a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BookingLine {
    /// The id of the line, as `line_ids` of a cancellation or refund expects it.
    pub id: Uuid,
    /// The id of the event.
    pub event_id: Uuid,
    /// Whether the line books a seat or general-admission places.
    pub kind: ItemKind,
    /// The id of the seat within its event. Absent for general admission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat_id: Option<i32>,
    /// The id of the section.
    pub section_id: Uuid,
    /// The id of the offer.
    pub offer_id: Uuid,
    /// The line's name for people: section, row and seat, or section and offer.
    pub label: String,
    /// How many units of the offer the line contains.
    pub quantity: i32,
    /// How many persons the line admits in total: `quantity` times the persons that one unit admits.
    pub admits: i32,
    /// The price of the whole line, not of one unit.
    pub price: Money,
    /// The part of the price that was refunded or is being refunded.
    pub refunded: Money,
    /// Whether the line is cancelled. The tickets of a cancelled line admit nobody.
    #[serde(default)]
    pub cancelled: bool,
    /// Whether the buyer may cancel this line now, alone or together with other lines.
    #[serde(default)]
    pub cancellable: bool,
    /// The amount that a cancellation of this line would refund now. Absent when the buyer cannot cancel the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refundable: Option<Money>,
}

/// The request body that cancels a booking or some of its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {
    /// The ids of the lines to cancel. Default: all lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_ids: Option<Vec<Uuid>>,
}

/// The request body that asks for a mail with links to bookings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct BookingLookup {
    /// The e-mail address of the bookings. The mail goes to this address.
    pub email: String,
    /// The reference of the booking, such as `HF-7K2M9QXA`. Without it, the mail lists the newest bookings of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// A link that shows a booking to whoever has it.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BookingLink {
    /// The value of the header `X-Booking-Link`.
    #[debug("hidden")]
    pub token: String,
    /// The address of the page that shows the booking. It ends in `#` and the token, which browsers do not send to servers.
    #[debug("hidden")]
    pub url: String,
    /// When the link ends (RFC 3339).
    pub expires_at: String,
}

/// The request body that proves to read the mails to the booking's address.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct BookingProof {
    /// The six digits of the mail. Spaces do not matter.
    #[debug("hidden")]
    pub code: String,
}

/// The right to change a booking for a short time.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BookingPass {
    /// The value of the header `X-Booking-Link`. It shows the booking, and allows what its buyer may do.
    #[debug("hidden")]
    pub token: String,
    /// For how many seconds the token is valid.
    pub expires_in_seconds: i64,
}

/// The request body of a refund without a cancellation. Only the organizer may send it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// The amount to refund. It must be greater than zero and at most the amount that was paid for
    /// the lines and not refunded yet.
    pub amount: Money,
    /// The ids of the lines over which the amount is divided. Default: all of the booking's lines
    /// for this event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_ids: Option<Vec<Uuid>>,
}

/// The status of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    /// The ticket admits its holder.
    Valid,
    /// The ticket has admitted its holder.
    Used,
    /// The ticket's line was cancelled.
    Cancelled,
    /// The ticket's line was refunded.
    Refunded,
    /// The ticket was transferred to another person.
    Transferred,
}

/// A ticket: the right of `admits` persons to enter, for one seat or one group of general-admission
/// places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Ticket {
    /// The id of the ticket, a UUIDv7.
    pub id: Uuid,
    /// The id of the event.
    pub event_id: Uuid,
    /// The id of the booking line that the ticket belongs to.
    pub line_id: Uuid,
    /// The id of the seat within its event. Absent for general admission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat_id: Option<i32>,
    /// The place's name for people: section, row and seat, or section and offer.
    pub label: String,
    /// How many persons the ticket admits.
    pub admits: i32,
    /// Whether the ticket admits its holder, and if not, why.
    pub status: TicketStatus,
}

/// One page of a list of bookings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BookingPage {
    /// The bookings of this page.
    pub items: Vec<Booking>,
    /// The cursor of the next page: send it as `after`. `null` on the last page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// The facts about the payment gateway that a page needs before it asks a buyer to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PaymentConfig {
    /// The gateway's name: `simulated` or `stripe`.
    pub provider: String,
    /// The key with which the gateway's script identifies this installation in the browser. `null` when the gateway has
    /// no public key.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub publishable_key: Option<String>,
    /// The payment methods that the gateway's payment form offers. Empty when the gateway has no
    /// form.
    pub method_types: Vec<PaymentMethodType>,
}

/// A kind of payment method that the gateway's payment form offers, such as cards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PaymentMethodType {
    /// The gateway's name for the kind of payment method, such as `card`.
    pub name: String,
    /// Whether the gateway takes the money immediately instead of authorizing it first and
    /// capturing it later.
    pub at_once: bool,
    /// The ISO 4217 codes of the currencies that the payment method supports. Empty when it
    /// supports every currency.
    pub currencies: Vec<String>,
}

/// The result of the simulated gateway's second authentication step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum SimulatedOutcome {
    /// The buyer proves who they are, and the payment continues.
    Success,
    /// The buyer fails the authentication, and the gateway declines the payment.
    Failure,
}

/// The request body that completes the simulated gateway's second authentication step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct SimulatedCompletion {
    /// The result of the authentication.
    pub outcome: SimulatedOutcome,
}
