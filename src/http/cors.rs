//! Cross-origin requests: pages of other sites that may call the API (`CORS_ORIGINS`; the Fetch standard, section
//! 3.2). A page of a site that is not listed gets the same response without the headers, and its browser hides the
//! response from the page.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use crate::kernel::settings::{Setting, Value, WebAddress, Wrong, parts};

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS: &str = "authorization, content-type, idempotency-key, if-match, \
     if-none-match, last-event-id, x-booking-link, x-guest-token";
const ANSWER_HEADERS: &str =
    "etag, idempotency-replayed, location, ratelimit, ratelimit-policy, retry-after";
/// How long a browser may cache the response to a preflight request.
const REMEMBER_SECS: &str = "600";

/// Origins (RFC 6454), as browsers write them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Arc<Vec<String>>);

impl Origins {
    /// Reads a comma-separated list. `*` is not an origin: each site that may call the API is named.
    pub fn parse(list: &str) -> Option<Self> {
        let origins = parts(list).map(WebAddress::parse);
        let origins: Option<Vec<WebAddress>> = origins.collect();
        let written = |origin: &WebAddress| origin.as_str().to_lowercase();
        origins.map(|origins| Self(Arc::new(origins.iter().map(written).collect())))
    }
}

impl Value for Origins {
    const FORM: &'static str =
        "a comma-separated list of origins, such as https://tickets.example.org";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        Self::parse(text).ok_or(Wrong::Form)
    }
}

/// A middleware that lets the pages of these origins call the API.
#[derive(Debug, Clone)]
pub struct Cors(Origins);

/// The endpoint that [`Cors`] wraps.
#[derive(Debug)]
pub struct CorsEndpoint<E> {
    inner: E,
    origins: Origins,
}

impl Cors {
    pub fn new(origins: Origins) -> Self {
        Self(origins)
    }
}

impl<E: Endpoint> Middleware<E> for Cors {
    type Output = CorsEndpoint<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        CorsEndpoint { inner: endpoint, origins: self.0.clone() }
    }
}

impl<E: Endpoint> CorsEndpoint<E> {
    fn allowed(&self, request: &Request) -> Option<HeaderValue> {
        let origin = request.headers().get(header::ORIGIN)?;
        let known = origin.to_str().is_ok_and(|it| self.origins.0.iter().any(|own| own == it));
        known.then(|| origin.clone())
    }
}

impl<E: Endpoint> Endpoint for CorsEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let allowed = self.allowed(&request);
        let asks_first = request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = match (&allowed, asks_first) {
            (Some(_), true) => preflight(),
            _ => self.inner.call(request).await?.into_response(),
        };
        if !self.origins.0.is_empty() {
            vary(response.headers_mut());
        }
        if let Some(origin) = allowed {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(ANSWER_HEADERS),
            );
        }
        Ok(response)
    }
}

fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let fixed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBER_SECS),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Tells caches to keep the responses for different origins apart.
fn vary(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
