//! The headers that every answer carries: what a browser may load, and where from.

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderName, HeaderValue, header},
};

/// Scripts and WebAssembly of ours alone, and no inline script. Styles may be inline: the map's tips and bars are
/// placed by the style attribute.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// The browsable API document brings its script and its style inline.
const DOCS_POLICY: &str = "default-src 'self'; script-src 'self' 'unsafe-inline'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
const DOCS: &str = "/api/docs";

/// Adds the headers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SecureHeaders;

/// See [`SecureHeaders`].
#[derive(Debug)]
pub struct Secured<E>(E);

impl<E: Endpoint> Middleware<E> for SecureHeaders {
    type Output = Secured<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Secured(endpoint)
    }
}

impl<E: Endpoint> Endpoint for Secured<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let policy = if request.uri().path().starts_with(DOCS) { DOCS_POLICY } else { POLICY };
        let mut response = self.0.call(request).await?.into_response();
        let fixed: [(HeaderName, &'static str); 4] = [
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        ];
        for (name, value) in fixed {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        Ok(response)
    }
}
