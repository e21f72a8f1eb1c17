//! What Holdfast says on the wire: request and answer bodies and the problem types, shared by the
//! server and the front end.
//!
//! Nothing here decides anything: rules live in `holdfast-domain`, and the server parses these
//! bodies into domain types at its edge. Times are RFC 3339 strings in UTC, money is an integer in
//! minor units, and every id but a seat's is a UUIDv7.
//!
//! With the feature `openapi` each type also carries its OpenAPI schema.

pub mod accounts;
pub mod bookings;
pub mod catalogue;
pub mod live;
pub mod money;
pub mod operators;
pub mod pages;
pub mod problem;
pub mod reservations;
pub mod seat_map;

use serde::{Deserialize, Serialize};

/// The header that carries a guest's token.
pub const GUEST_TOKEN_HEADER: &str = "X-Guest-Token";

/// The header that names one attempt at a mutation, after the IETF draft
/// `draft-ietf-httpapi-idempotency-key-header`.
pub const IDEMPOTENCY_KEY_HEADER: &str = "Idempotency-Key";

/// The header that marks an answer as the stored one of an earlier identical request.
pub const IDEMPOTENCY_REPLAYED_HEADER: &str = "Idempotency-Replayed";

/// The liveness answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Health {
    /// `ok` while the process can answer.
    pub status: String,
    /// The version of the program.
    pub version: String,
}
