//! Answers to requests that carry an `Idempotency-Key`, and the problems of the key itself.

use holdfast_contract::{
    IDEMPOTENCY_KEY_HEADER, IDEMPOTENCY_REPLAYED_HEADER,
    problem::{FieldError, ProblemType},
};
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaResponses, Registry},
    types::Type,
};
use serde::Serialize;

use super::{body::Created, problem::ApiProblem};
use crate::kernel::idempotency::{BadKey, KeyClaimError, Keyed, StoredAnswer};

/// The response that repeats the stored answer of an earlier request of the same attempt.
pub fn replayed(answer: StoredAnswer) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(IDEMPOTENCY_REPLAYED_HEADER, HeaderValue::from_static("true"));
    response
}

impl IntoResponse for StoredAnswer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response =
            Response::builder().status(status).content_type(self.content_type).body(self.body);
        let location = self.location.and_then(|path| HeaderValue::from_str(&path).ok());
        if let Some(location) = location {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

impl<T: Serialize + Send> IntoResponse for Keyed<T> {
    fn into_response(self) -> Response {
        match self {
            Self::Made(made) => made.answer().into_response(),
            Self::Stored(answer) => answer.into_response(),
            Self::Replayed(answer) => replayed(answer),
        }
    }
}

impl<T: Type + Serialize> ApiResponse for Keyed<T> {
    fn meta() -> MetaResponses {
        Created::<T>::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// The problem for a request that needs a key and has none.
pub fn required() -> ApiProblem {
    ApiProblem::new(
        ProblemType::IdempotencyKeyRequired,
        format!(
            "Send {IDEMPOTENCY_KEY_HEADER}: one key for each attempt, the same with every retry."
        ),
    )
    .with_errors(vec![FieldError {
        field: IDEMPOTENCY_KEY_HEADER.to_owned(),
        message: "is required".to_owned(),
    }])
}

/// The problem for a retry while the first request of its attempt is still under way.
pub fn in_flight() -> ApiProblem {
    ApiProblem::new(ProblemType::IdempotencyInFlight, "Retry with the same key.").retry_after(1)
}

impl From<BadKey> for ApiProblem {
    fn from(_: BadKey) -> Self {
        Self::field(IDEMPOTENCY_KEY_HEADER, "must be 1 to 255 visible ASCII characters")
    }
}

impl From<KeyClaimError> for ApiProblem {
    fn from(error: KeyClaimError) -> Self {
        match error {
            KeyClaimError::Reused => Self::new(
                ProblemType::IdempotencyKeyReused,
                "Use a new key for a new attempt, and send the same body with every retry.",
            ),
            KeyClaimError::Db(error) => error.into(),
        }
    }
}
