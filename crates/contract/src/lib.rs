//! Wire types of the HTTP API: request bodies, response bodies and problem types. The server and
//! the front end share them.
//!
//! This crate contains no rules. The rules live in `holdfast-domain`; the server parses these
//! bodies into domain types at its edge. A time is an RFC 3339 string in UTC. An amount of money is
//! an integer in minor units. Every id is a UUIDv7, except a seat's id, which is an integer within
//! its event.
//!
//! A new optional field of a response is absent when it has no value: `#[serde(default, skip_serializing_if =
//! "Option::is_none")]`. Every reader has to accept the absence anyway, because an older node, or a response that an
//! older node has stored under an idempotency key, does not contain the field. Older fields that are `null`
//! (`oai(nullable)`) stay `null`, because clients may rely on it.
//!
//! With the feature `openapi`, each type also carries its OpenAPI schema.

#![warn(missing_docs)]

pub mod accounts;
pub mod bookings;
pub mod catalogue;
pub mod legal;
pub mod live;
pub mod money;
pub mod operators;
pub mod organizations;
pub mod pages;
pub mod problem;
pub mod reservations;
pub mod seat_map;
pub mod words;

use serde::{Deserialize, Serialize};

/// The request header with which a guest proves to be the same guest as before. Its value is the
/// `guest_token` of an earlier reservation.
pub const GUEST_TOKEN_HEADER: &str = "X-Guest-Token";

/// The request header with the token of a link to a booking. The link shows the booking to whoever has it.
pub const BOOKING_LINK_HEADER: &str = "X-Booking-Link";

/// The request header whose value names one attempt at a change. A client sends the same key with
/// every retry of the attempt (IETF draft `draft-ietf-httpapi-idempotency-key-header`).
pub const IDEMPOTENCY_KEY_HEADER: &str = "Idempotency-Key";

/// The response header that marks a repeated response: the server stored it for an earlier request
/// with the same idempotency key and body.
pub const IDEMPOTENCY_REPLAYED_HEADER: &str = "Idempotency-Replayed";

/// The response of `GET /healthz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Health {
    /// `ok` while the process can respond to requests.
    pub status: String,
    /// The version of the server program.
    pub version: String,
}
