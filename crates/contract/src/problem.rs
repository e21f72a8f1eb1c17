//! Error bodies after RFC 9457 (problem details for HTTP APIs).
//!
//! Clients decide by `type`. The `detail` is for people and may change.

use serde::{Deserialize, Serialize};
use strum::VariantArray as _;

use crate::words::SeatRefusal;

/// Every kind of error, each with a stable `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::VariantArray)]
pub enum ProblemType {
    /// The body, a parameter or a header is malformed. `errors` names each faulty field.
    InvalidRequest,
    /// The body is larger than the route accepts.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTooSlow,
    /// The route does not accept the media type of the body.
    UnsupportedMediaType,
    /// The path or the object does not exist, or the caller may not know that it exists.
    NotFound,
    /// The path exists, but it does not support the method.
    MethodNotAllowed,
    /// The request has no token, or its token is invalid or has expired.
    Unauthorized,
    /// The e-mail address or the password is wrong. The response deliberately does not say which.
    InvalidCredentials,
    /// The caller is signed in but not allowed to do this.
    Forbidden,
    /// The link only shows the booking. To change the booking, send the code of a fresh mail, or sign in.
    CodeRequired,
    /// The time of the link is over. Ask for a new one.
    LinkExpired,
    /// The address is proved, but another browser has registered the account. Send a password and a first name.
    RegisteredElsewhere,
    /// The password is too weak. `errors` says why.
    WeakPassword,
    /// Some seats could not be held. `seats` names each seat with its reason.
    SeatsUnavailable,
    /// A general-admission section has fewer places left than the request asks for.
    NotEnoughPlaces,
    /// The event is not on sale now. `reasons` says why.
    NotOnSale,
    /// The request would exceed a limit per user, order or minute. `limit` is that limit.
    LimitExceeded,
    /// The reservation has expired, so its seats may belong to another buyer.
    ReservationExpired,
    /// The status of the reservation does not allow this.
    ReservationNotActive,
    /// The reservation has reached its maximum duration and cannot be extended.
    ExtensionCapReached,
    /// The reservations have different currencies. A booking has one currency.
    MixedCurrency,
    /// The reservations belong to different organizations. A booking has one organization.
    MixedOrganizer,
    /// The gateway declined the payment. The reservation stays held.
    PaymentDeclined,
    /// The route requires an `Idempotency-Key`.
    IdempotencyKeyRequired,
    /// The idempotency key was used before with a different request.
    IdempotencyKeyReused,
    /// An earlier request with this idempotency key is still in progress.
    IdempotencyInFlight,
    /// The seating plan has faults. `errors` names each fault by its path.
    InvalidPlan,
    /// The new seating plan would remove seats that are held or sold.
    PlanInUse,
    /// Another event has this slug.
    SlugTaken,
    /// The status of the object does not allow this change.
    IllegalTransition,
    /// The object changed since the client read it.
    StaleVersion,
    /// The caller sent too many requests. The client may retry after `Retry-After`.
    TooManyRequests,
    /// The server has too many requests, and has done nothing with this request. The client may repeat
    /// the request after `Retry-After`.
    Overloaded,
    /// The server cannot respond right now. The client may retry after `Retry-After`.
    Unavailable,
    /// The server has a bug or a fault of its own.
    Internal,
}

impl ProblemType {
    /// The `type` member: a relative URI that never changes.
    pub const fn uri(self) -> &'static str {
        self.facts().0
    }

    /// The HTTP status of the problem.
    pub const fn status(self) -> u16 {
        self.facts().1
    }

    /// The `title` member: a short English summary, the same for every occurrence.
    pub const fn title(self) -> &'static str {
        self.facts().2
    }

    /// Finds the problem type of a URI. Returns `None` for a URI that this version does not know.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|kind| kind.uri() == uri)
    }

    const fn facts(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::InvalidRequest => ("/problems/invalid-request", 400, "The request is malformed"),
            Self::BodyTooLarge => ("/problems/body-too-large", 413, "The body is too large"),
            Self::BodyTooSlow => {
                ("/problems/body-too-slow", 408, "The body did not arrive in time")
            }
            Self::UnsupportedMediaType => {
                ("/problems/unsupported-media-type", 415, "The body's media type is not supported")
            }
            Self::NotFound => ("/problems/not-found", 404, "Not found"),
            Self::MethodNotAllowed => {
                ("/problems/method-not-allowed", 405, "The method is not allowed here")
            }
            Self::Unauthorized => ("/problems/unauthorized", 401, "Sign in first"),
            Self::InvalidCredentials => (
                "/problems/invalid-credentials",
                401,
                "The e-mail address or the password is wrong",
            ),
            Self::Forbidden => ("/problems/forbidden", 403, "You are not allowed to do this"),
            Self::CodeRequired => {
                ("/problems/code-required", 403, "The code of a fresh mail is required")
            }
            Self::LinkExpired => ("/problems/link-expired", 410, "The link has expired"),
            Self::RegisteredElsewhere => (
                "/problems/registered-elsewhere",
                409,
                "The account was registered in another browser",
            ),
            Self::WeakPassword => ("/problems/weak-password", 422, "The password is too weak"),
            Self::SeatsUnavailable => {
                ("/problems/seats-unavailable", 409, "Some seats cannot be held")
            }
            Self::NotEnoughPlaces => {
                ("/problems/not-enough-places", 409, "Not enough places are left")
            }
            Self::NotOnSale => ("/problems/not-on-sale", 409, "The event is not on sale"),
            Self::LimitExceeded => ("/problems/limit-exceeded", 409, "A limit would be exceeded"),
            Self::ReservationExpired => {
                ("/problems/reservation-expired", 409, "The reservation has expired")
            }
            Self::ReservationNotActive => (
                "/problems/reservation-not-active",
                409,
                "The reservation's status does not allow this",
            ),
            Self::ExtensionCapReached => (
                "/problems/extension-cap-reached",
                409,
                "The reservation cannot be extended further",
            ),
            Self::MixedCurrency => {
                ("/problems/mixed-currency", 422, "A booking can have only one currency")
            }
            Self::MixedOrganizer => {
                ("/problems/mixed-organizer", 422, "A booking can have only one organizer")
            }
            Self::PaymentDeclined => {
                ("/problems/payment-declined", 402, "The payment was declined")
            }
            Self::IdempotencyKeyRequired => {
                ("/problems/idempotency-key-required", 400, "An Idempotency-Key is required")
            }
            Self::IdempotencyKeyReused => (
                "/problems/idempotency-key-reused",
                422,
                "The Idempotency-Key was used for another request",
            ),
            Self::IdempotencyInFlight => {
                ("/problems/idempotency-in-flight", 409, "The same request is still in progress")
            }
            Self::InvalidPlan => ("/problems/invalid-plan", 422, "The seating plan has faults"),
            Self::PlanInUse => {
                ("/problems/plan-in-use", 409, "Held or sold seats would be removed")
            }
            Self::SlugTaken => ("/problems/slug-taken", 409, "The slug is taken"),
            Self::IllegalTransition => {
                ("/problems/illegal-transition", 409, "The current status does not allow this")
            }
            Self::StaleVersion => {
                ("/problems/stale-version", 409, "The object changed since you read it")
            }
            Self::TooManyRequests => ("/problems/too-many-requests", 429, "Too many requests"),
            Self::Overloaded => ("/problems/overloaded", 503, "The server has too many requests"),
            Self::Unavailable => {
                ("/problems/unavailable", 503, "The server cannot respond right now")
            }
            Self::Internal => ("/problems/internal", 500, "The server has a fault of its own"),
        }
    }
}

/// One fault in the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct FieldError {
    /// The place of the fault: a path such as `seats[0].seat_id`, or the name of a parameter or
    /// header.
    pub field: String,
    /// The rule that the value breaks, as English text for people, such as `must not be empty`. The wording may change.
    pub message: String,
}

/// A seat that could not be held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RefusedSeat {
    /// The id of the seat within its event.
    pub seat_id: i32,
    /// Why the seat could not be held: `held` (another buyer holds it), `sold`, `blocked` (by the organizer), `yours` (the
    /// caller holds it), `stale_version` (it changed since the version that the client sent), `contended` (another request is
    /// working on it; the client may retry immediately), or `unknown` (the event has no such seat).
    pub reason: String,
}

impl RefusedSeat {
    /// A seat that could not be held for this reason.
    pub fn new(seat_id: i32, reason: SeatRefusal) -> Self {
        Self { seat_id, reason: reason.as_str().to_owned() }
    }

    /// The reason. `None` for a reason that this version does not know.
    pub fn refusal(&self) -> Option<SeatRefusal> {
        SeatRefusal::parse(&self.reason)
    }
}

/// The body of every error (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Problem {
    /// A relative URI that identifies the kind of problem, such as `/problems/seats-unavailable`. It never changes.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub kind: String,
    /// A short English summary of the kind of problem, the same for every occurrence.
    pub title: String,
    /// The HTTP status code of the response.
    pub status: u16,
    /// The explanation of the problem in this request, as English text for people. The wording may change.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub detail: String,
    /// The faulty fields, parameters and headers. Absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub errors: Vec<FieldError>,
    /// The seats that could not be held, each with the reason. Absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub seats: Vec<RefusedSeat>,
    /// The reasons why the request was refused, as stable words. Absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub reasons: Vec<String>,
    /// The limit that the request would exceed: persons per buyer or per reservation, or holds per minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// How much is left: of the limit in its unit, or places in the section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<i64>,
}

impl Problem {
    /// Creates a problem of this type. `detail` explains this occurrence.
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self {
            kind: kind.uri().to_owned(),
            title: kind.title().to_owned(),
            status: kind.status(),
            detail: detail.into(),
            errors: Vec::new(),
            seats: Vec::new(),
            reasons: Vec::new(),
            limit: None,
            remaining: None,
        }
    }

    /// The problem type of the `type` member. Returns `None` for a URI that this version does not
    /// know.
    pub fn problem_type(&self) -> Option<ProblemType> {
        ProblemType::from_uri(&self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_own_uri_and_an_error_status() {
        let mut seen = std::collections::HashSet::new();
        for kind in ProblemType::VARIANTS {
            assert!(seen.insert(kind.uri()), "{} stands twice", kind.uri());
            assert!((400..600).contains(&kind.status()));
            assert_eq!(ProblemType::from_uri(kind.uri()), Some(*kind));
        }
    }
}
