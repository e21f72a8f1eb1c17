//! Errors after RFC 9457 (problem details for HTTP APIs).
//!
//! Clients decide by `type`; `detail` is for people and may change.

use serde::{Deserialize, Serialize};

/// Everything that can go wrong, each with a stable `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemType {
    /// The body, a parameter or a header is malformed; `errors` names each field.
    InvalidRequest,
    /// The body is larger than the route takes.
    BodyTooLarge,
    /// The body is not of a media type that the route takes.
    UnsupportedMediaType,
    /// No route has this path.
    NotFound,
    /// The route exists, the method does not.
    MethodNotAllowed,
    /// Nobody is signed in, or the token is invalid or past its time.
    Unauthorized,
    /// The e-mail address or the password is wrong (deliberately not told apart).
    InvalidCredentials,
    /// Signed in, but not allowed.
    Forbidden,
    /// The e-mail address is taken.
    EmailTaken,
    /// The password is too weak; `errors` says why.
    WeakPassword,
    /// Some seats could not be held; `seats` names each with its reason.
    SeatsUnavailable,
    /// A general-admission section has fewer places left than asked for.
    NotEnoughPlaces,
    /// The event does not sell now; `reasons` says why.
    NotOnSale,
    /// A limit per user, per order or per minute would be passed; `limit` is that limit.
    LimitExceeded,
    /// The reservation's time is over.
    ReservationExpired,
    /// The reservation is not in a state that allows this.
    ReservationNotActive,
    /// The reservation cannot be extended any further.
    ExtensionCapReached,
    /// The reservations of one booking have different currencies.
    MixedCurrency,
    /// The reservations of one booking belong to different organizations.
    MixedOrganizer,
    /// The card was declined; the reservation stays held.
    PaymentDeclined,
    /// The route needs an `Idempotency-Key`.
    IdempotencyKeyRequired,
    /// The key was used with another body.
    IdempotencyKeyReused,
    /// A request with this key is still being worked on.
    IdempotencyInFlight,
    /// The seating plan has faults; `errors` names each by its path.
    InvalidPlan,
    /// Seats that are held or sold would vanish.
    PlanInUse,
    /// The slug is taken.
    SlugTaken,
    /// The lifecycle does not allow this transition.
    IllegalTransition,
    /// The object changed since it was read.
    StaleVersion,
    /// Too many requests; try again after `Retry-After`.
    TooManyRequests,
    /// Not possible right now; try again after `Retry-After`.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl ProblemType {
    /// Every type, for documents and exhaustive tests.
    pub const ALL: &'static [Self] = &[
        Self::InvalidRequest,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Unauthorized,
        Self::InvalidCredentials,
        Self::Forbidden,
        Self::EmailTaken,
        Self::WeakPassword,
        Self::SeatsUnavailable,
        Self::NotEnoughPlaces,
        Self::NotOnSale,
        Self::LimitExceeded,
        Self::ReservationExpired,
        Self::ReservationNotActive,
        Self::ExtensionCapReached,
        Self::MixedCurrency,
        Self::MixedOrganizer,
        Self::PaymentDeclined,
        Self::IdempotencyKeyRequired,
        Self::IdempotencyKeyReused,
        Self::IdempotencyInFlight,
        Self::InvalidPlan,
        Self::PlanInUse,
        Self::SlugTaken,
        Self::IllegalTransition,
        Self::StaleVersion,
        Self::TooManyRequests,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The `type` member: a relative URI that never changes.
    pub const fn uri(self) -> &'static str {
        self.facts().0
    }

    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        self.facts().1
    }

    /// A short English summary, the same for every occurrence.
    pub const fn title(self) -> &'static str {
        self.facts().2
    }

    /// The type whose URI this is.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.uri() == uri)
    }

    const fn facts(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::InvalidRequest => ("/problems/invalid-request", 400, "The request is malformed"),
            Self::BodyTooLarge => ("/problems/body-too-large", 413, "The body is too large"),
            Self::UnsupportedMediaType => {
                ("/problems/unsupported-media-type", 415, "The body's media type is not supported")
            }
            Self::NotFound => ("/problems/not-found", 404, "Nothing is here"),
            Self::MethodNotAllowed => {
                ("/problems/method-not-allowed", 405, "The method is not allowed here")
            }
            Self::Unauthorized => ("/problems/unauthorized", 401, "Sign in first"),
            Self::InvalidCredentials => (
                "/problems/invalid-credentials",
                401,
                "The e-mail address or the password is wrong",
            ),
            Self::Forbidden => ("/problems/forbidden", 403, "This is not yours to do"),
            Self::EmailTaken => ("/problems/email-taken", 409, "The e-mail address is taken"),
            Self::WeakPassword => ("/problems/weak-password", 422, "The password is too weak"),
            Self::SeatsUnavailable => {
                ("/problems/seats-unavailable", 409, "Some seats cannot be held")
            }
            Self::NotEnoughPlaces => {
                ("/problems/not-enough-places", 409, "Not enough places are left")
            }
            Self::NotOnSale => ("/problems/not-on-sale", 409, "The event does not sell now"),
            Self::LimitExceeded => ("/problems/limit-exceeded", 409, "A limit would be passed"),
            Self::ReservationExpired => {
                ("/problems/reservation-expired", 409, "The reservation's time is over")
            }
            Self::ReservationNotActive => {
                ("/problems/reservation-not-active", 409, "The reservation does not allow this")
            }
            Self::ExtensionCapReached => (
                "/problems/extension-cap-reached",
                409,
                "The reservation cannot be extended further",
            ),
            Self::MixedCurrency => {
                ("/problems/mixed-currency", 422, "One booking has one currency")
            }
            Self::MixedOrganizer => {
                ("/problems/mixed-organizer", 422, "One booking has one organizer")
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
                ("/problems/idempotency-in-flight", 409, "This request is still being worked on")
            }
            Self::InvalidPlan => ("/problems/invalid-plan", 422, "The seating plan has faults"),
            Self::PlanInUse => ("/problems/plan-in-use", 409, "Held or sold seats would vanish"),
            Self::SlugTaken => ("/problems/slug-taken", 409, "The slug is taken"),
            Self::IllegalTransition => {
                ("/problems/illegal-transition", 409, "The state does not allow this")
            }
            Self::StaleVersion => ("/problems/stale-version", 409, "It changed since you read it"),
            Self::TooManyRequests => ("/problems/too-many-requests", 429, "Too many requests"),
            Self::Unavailable => ("/problems/unavailable", 503, "Not possible right now"),
            Self::Internal => ("/problems/internal", 500, "Something is wrong on our side"),
        }
    }
}

/// One fault at one place of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct FieldError {
    /// Where: a path such as `seats[0].seat_id`, or a parameter's or header's name.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// Why one seat could not be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum SeatRefusal {
    /// Somebody else holds it.
    Held,
    /// It is sold.
    Sold,
    /// The organizer keeps it back.
    Blocked,
    /// You hold it already.
    Yours,
    /// It changed since the version that you sent.
    StaleVersion,
    /// Somebody is at it this very moment; try again at once.
    Contended,
    /// The event has no such seat.
    Unknown,
}

/// A seat that could not be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RefusedSeat {
    /// The seat.
    pub seat_id: i32,
    /// Why.
    pub reason: SeatRefusal,
}

/// The body of every error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Problem {
    /// A relative URI that names the kind of problem and never changes.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub detail: String,
    /// Each faulty field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub errors: Vec<FieldError>,
    /// Each refused seat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub seats: Vec<RefusedSeat>,
    /// Each reason that stands in the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub reasons: Vec<String>,
    /// The limit that would be passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// How much is left under that limit, or in that section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<i64>,
}

impl Problem {
    /// A problem of this type.
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

    /// Its type, when this side knows it.
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
        for kind in ProblemType::ALL {
            assert!(seen.insert(kind.uri()), "{} stands twice", kind.uri());
            assert!((400..600).contains(&kind.status()));
            assert_eq!(ProblemType::from_uri(kind.uri()), Some(*kind));
        }
    }
}
