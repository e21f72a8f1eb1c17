//! Turns refusals, outages and bugs into `application/problem+json` (RFC 9457). No other module knows status
//! codes.

use std::fmt;

use holdfast_contract::problem::{FieldError, Problem, ProblemType, RefusedSeat};
use poem::{
    IntoResponse, Response,
    error::ResponseError,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    error::{ContentTypeError, ParseParamError, ParsePathError, ParseRequestPayloadError},
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};

use crate::kernel::{db::StoreError, tasks::Panicked};

/// The media type of every error.
pub const CONTENT_TYPE: &str = "application/problem+json";
/// The default of `Retry-After`, in seconds.
const DEFAULT_RETRY_AFTER_SECS: u64 = 1;

/// An error as the response to a request.
#[derive(Debug, Clone)]
pub struct ApiProblem {
    problem: Box<Problem>,
    retry_after_secs: Option<u64>,
}

impl ApiProblem {
    /// A problem of this type. `detail` says what happened this time.
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        let retry_after_secs = matches!(
            kind,
            ProblemType::Overloaded | ProblemType::Unavailable | ProblemType::TooManyRequests
        )
        .then_some(DEFAULT_RETRY_AFTER_SECS);
        Self { problem: Box::new(Problem::new(kind, detail)), retry_after_secs }
    }

    /// An invalid request with one faulty field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        Self::new(ProblemType::InvalidRequest, format!("{field}: {message}"))
            .with_errors(vec![FieldError { field, message }])
    }

    /// A malformed parameter. The framework's reason names types of the program; the problem does not.
    pub fn parameter(name: &str, reason: &str) -> Self {
        Self::field(name, plain_reason(reason))
    }

    /// The object does not exist, or the caller may not know that it exists.
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemType::NotFound, format!("No such {what}."))
    }

    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.problem.errors = errors;
        self
    }

    #[must_use]
    pub fn with_seats(mut self, seats: Vec<RefusedSeat>) -> Self {
        self.problem.seats = seats;
        self
    }

    #[must_use]
    pub fn with_reasons(mut self, reasons: Vec<String>) -> Self {
        self.problem.reasons = reasons;
        self
    }

    /// Adds the limit, and how much of it remains.
    #[must_use]
    pub fn with_limit(mut self, limit: Option<i64>, remaining: Option<i64>) -> Self {
        self.problem.limit = limit;
        self.problem.remaining = remaining;
        self
    }

    /// Sets the header `Retry-After` to this number of seconds.
    #[must_use]
    pub fn retry_after(mut self, secs: u64) -> Self {
        self.retry_after_secs = Some(secs);
        self
    }

    /// A bug of the program. The cause is logged here and not shown to the caller.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = cause, "internal error");
        Self::new(ProblemType::Internal, "")
    }

    /// Whether the problem is of this type.
    pub fn is(&self, kind: ProblemType) -> bool {
        self.problem.problem_type() == Some(kind)
    }

    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl fmt::Display for ApiProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem.kind, self.problem.detail)
    }
}

impl std::error::Error for ApiProblem {}

impl From<StoreError> for ApiProblem {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(error = %error, "the database is unavailable");
            let detail = "The database is busy or away. Try again.";
            return Self::new(ProblemType::Unavailable, detail);
        }
        match error {
            StoreError::Bug(bug) => {
                bug.log();
                Self::new(ProblemType::Internal, "")
            }
            StoreError::Database(error) => Self::internal(&error),
        }
    }
}

impl From<Panicked> for ApiProblem {
    fn from(error: Panicked) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response = Response::builder().status(status).content_type(CONTENT_TYPE).body(body);
        if let Some(secs) = self.retry_after_secs {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl ResponseError for ApiProblem {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn as_response(&self) -> Response {
        self.clone().into_response()
    }
}

impl ApiResponse for ApiProblem {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "An error (RFC 9457). Its `type` names the kind.",
                status: None,
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: CONTENT_TYPE,
                    schema: Problem::schema_ref(),
                }],
                headers: vec![],
            }],
        }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}

/// Turns the framework's errors into problems. An error that is a problem already passes through.
pub fn from_poem(error: poem::Error) -> Response {
    if error.is_from_response() || error.downcast_ref::<ApiProblem>().is_some() {
        return error.into_response();
    }
    problem_of(&error).into_response()
}

/// The fault of a parameter in words, without the framework's type names.
fn plain_reason(reason: &str) -> &'static str {
    let is_of =
        |kind: &str| reason.contains(&format!("\"{kind}")) || reason.contains(&format!("_{kind}"));
    if reason.contains("uuid") {
        "must be a UUID"
    } else if is_of("integer") {
        "must be an integer in range"
    } else if reason.contains("enumeration") {
        "must be one of the values in the documentation"
    } else if reason.contains("required") {
        "is missing"
    } else {
        "is malformed"
    }
}

fn problem_of(error: &poem::Error) -> ApiProblem {
    if let Some(fault) = error.downcast_ref::<ParseParamError>() {
        return ApiProblem::parameter(fault.name, &fault.reason);
    }
    if let Some(fault) = error.downcast_ref::<ParsePathError>() {
        return ApiProblem::parameter(fault.name, &fault.reason);
    }
    if let Some(fault) = error.downcast_ref::<ParseRequestPayloadError>() {
        return ApiProblem::field("body", fault.reason.clone());
    }
    if let Some(fault) = error.downcast_ref::<ContentTypeError>() {
        return ApiProblem::new(ProblemType::UnsupportedMediaType, fault.to_string());
    }
    match error.status() {
        StatusCode::NOT_FOUND => ApiProblem::new(ProblemType::NotFound, "No route has this path."),
        StatusCode::METHOD_NOT_ALLOWED => {
            ApiProblem::new(ProblemType::MethodNotAllowed, "The path supports other methods.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiProblem::new(ProblemType::BodyTooLarge, "Send a smaller body.")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ApiProblem::new(ProblemType::UnsupportedMediaType, "Send application/json.")
        }
        StatusCode::UNAUTHORIZED => ApiProblem::new(ProblemType::Unauthorized, "Sign in first."),
        status if status.is_client_error() => {
            ApiProblem::new(ProblemType::InvalidRequest, error.to_string())
        }
        _ => {
            tracing::error!(error = %error, "internal error");
            ApiProblem::new(ProblemType::Internal, "")
        }
    }
}
