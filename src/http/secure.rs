//! The security headers of every response: what a browser may load, from where, and what it may keep.

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderName, HeaderValue, header},
};

/// Allows our own scripts and WebAssembly and no inline script, besides the script of a gateway where one is
/// named. Styles may be inline, because the map places its tips and bars by the style attribute.
macro_rules! policy {
    (script: $script:literal, connect: $connect:literal, frame: $frame:literal) => {
        concat!(
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'", $script,
            "; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'",
            $connect, "; frame-src ", $frame,
            "; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )
    };
}

const POLICY: &str = policy!(script: "", connect: "", frame: "'none'");
/// The sources that Stripe.js needs in addition:
/// <https://docs.stripe.com/security/guide#content-security-policy>.
const STRIPE_POLICY: &str = policy!(
    script: " https://js.stripe.com https://*.js.stripe.com",
    connect: " https://api.stripe.com",
    frame: "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com"
);
/// The page of API documentation has its script and its style in files; its style sheet contains images.
const DOCS_POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";
const DOCS: &str = "/api/docs";
const API: &str = "/api";

/// The devices and features that no page uses. <https://www.w3.org/TR/permissions-policy/>
macro_rules! permissions {
    (payment: $payment:literal) => {
        concat!(
            "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
             magnetometer=(), microphone=(), midi=(), serial=(), usb=(), payment=", $payment
        )
    };
}

const PERMISSIONS: &str = permissions!(payment: "()");
/// The wallets of a browser pay through Stripe.js.
const STRIPE_PERMISSIONS: &str = permissions!(payment: "(self \"https://js.stripe.com\")");
/// Browsers that have once reached the shop by TLS come by TLS for a year (RFC 6797). Other names of the domain belong to
/// the operator, so the policy does not include them.
const BY_TLS: &str = "max-age=31536000";

/// A middleware that adds the headers.
#[derive(Debug, Clone, Copy)]
pub struct SecureHeaders {
    policy: &'static str,
    permissions: &'static str,
    is_by_tls: bool,
}

impl SecureHeaders {
    /// The headers for a shop that takes payments through this gateway, `simulated` or `stripe`. Pages may load
    /// the script of that gateway, and of no other. `is_by_tls` says whether people reach the shop by TLS.
    pub fn new(provider: &str, is_by_tls: bool) -> Self {
        let (policy, permissions) = match provider {
            "stripe" => (STRIPE_POLICY, STRIPE_PERMISSIONS),
            _ => (POLICY, PERMISSIONS),
        };
        Self { policy, permissions, is_by_tls }
    }
}

/// The endpoint that [`SecureHeaders`] wraps.
#[derive(Debug)]
pub struct Secured<E> {
    endpoint: E,
    headers: SecureHeaders,
}

impl<E: Endpoint> Middleware<E> for SecureHeaders {
    type Output = Secured<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Secured { endpoint, headers: *self }
    }
}

impl<E: Endpoint> Endpoint for Secured<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let path = request.uri().path();
        let policy = if is_below(path, DOCS) { DOCS_POLICY } else { self.headers.policy };
        let is_api = is_below(path, API) && !is_below(path, DOCS);
        let mut response = self.endpoint.call(request).await?.into_response();
        let fixed: [(HeaderName, &'static str); 6] = [
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            (HeaderName::from_static("permissions-policy"), self.headers.permissions),
        ];
        let by_tls = self.headers.is_by_tls.then_some((header::STRICT_TRANSPORT_SECURITY, BY_TLS));
        for (name, value) in fixed.into_iter().chain(by_tls) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        // A response belongs to its caller, unless the route declares that the response is the same for everybody.
        if is_api {
            let kept = response.headers_mut().entry(header::CACHE_CONTROL);
            kept.or_insert(HeaderValue::from_static("no-store"));
        }
        Ok(response)
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_begins_alike_is_not_below_the_folder() {
        assert!(is_below("/api/docs", DOCS) && is_below("/api/docs/x", DOCS));
        assert!(!is_below("/api/docsX", DOCS) && !is_below("/", DOCS));
    }

    fn sources<'a>(policy: &'a str, directive: &str) -> Vec<&'a str> {
        let of = policy.split("; ").find_map(|it| it.strip_prefix(directive));
        of.unwrap_or_default().split_whitespace().collect()
    }

    #[test]
    fn the_script_of_the_gateway_in_use_may_be_loaded_and_no_other() {
        let simulated = SecureHeaders::new("simulated", false).policy;
        assert!(!simulated.contains("https:"), "{simulated}");
        assert_eq!(sources(simulated, "script-src"), ["'self'", "'wasm-unsafe-eval'"]);
        let stripe = SecureHeaders::new("stripe", true).policy;
        assert!(sources(stripe, "script-src").contains(&"https://js.stripe.com"));
        assert!(sources(stripe, "frame-src").contains(&"https://hooks.stripe.com"));
        assert_eq!(sources(stripe, "connect-src"), ["'self'", "https://api.stripe.com"]);
        assert_eq!(sources(stripe, "default-src"), ["'self'"]);
        assert_eq!(sources(stripe, "object-src"), ["'none'"]);
    }
}
