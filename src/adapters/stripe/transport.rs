//! The HTTP transport of async-stripe: connections that stay open, with limits on time and size.
//!
//! The client that comes with async-stripe opens a connection for each call and has no time limit of its own, so
//! this module implements the trait behind that client. It never sends a request twice: the saga repeats calls,
//! with its own keys.

use std::{fmt, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request,
    body::Bytes,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde::Deserialize;
use stripe_client_core::{
    CustomizedStripeRequest, RequestBuilder, StripeClient, StripeClientErr, StripeMethod, VERSION,
};

/// The time limit for opening a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The time limit of a whole call; below the 20 s that the checkout waits for its gateway.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// The maximum number of unused connections that stay open.
const MAX_IDLE: usize = 32;
/// The maximum size of a response. A page of a hundred payments has less than a tenth of this size.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");
const REQUEST_ID: &str = "request-id";
const AGENT: &str = concat!("Holdfast/", env!("CARGO_PKG_VERSION"));

/// Sends the requests that async-stripe builds.
#[derive(Clone)]
pub struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    authorization: HeaderValue,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("base", &self.base).finish_non_exhaustive()
    }
}

/// The secret key contains characters that cannot be part of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret key has characters that no key has")]
pub struct UnusableKey;

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No response arrived, or the response cannot be read: nobody knows whether the call had an effect.
    #[error("no answer: {0}")]
    NoReply(String),
    /// Stripe responded with an error.
    #[error("{0}")]
    Refused(Box<StripeRefusal>),
}

/// The fields of Stripe's error object that this program uses (<https://docs.stripe.com/api/errors>).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StripeRefusal {
    /// The HTTP status code of the response.
    #[serde(default)]
    pub status: u16,
    /// `api_error`, `card_error`, `idempotency_error` or `invalid_request_error`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Stripe's error code, such as `card_declined`.
    pub code: Option<String>,
    /// The reason that the card's issuer gives, such as `insufficient_funds`.
    pub decline_code: Option<String>,
    /// Stripe's explanation of the error, in English.
    pub message: Option<String>,
    /// The name of the faulty parameter.
    pub param: Option<String>,
}

impl fmt::Display for StripeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.as_deref().unwrap_or("no code");
        let message = self.message.as_deref().unwrap_or("");
        write!(f, "{} {} ({code}): {message}", self.status, self.kind)
    }
}

impl StripeClientErr for CallError {
    fn deserialize_err(message: impl fmt::Display) -> Self {
        Self::NoReply(format!("the answer cannot be read: {message}"))
    }
}

impl Transport {
    /// `base` is the address of Stripe's API: `https://`, or `http://` for a stand-in on the same machine.
    ///
    /// # Errors
    /// When the secret key cannot be part of a header.
    pub fn new(base: &str, secret_key: &str) -> Result<Self, UnusableKey> {
        let mut authorization =
            HeaderValue::try_from(format!("Bearer {secret_key}")).map_err(|_| UnusableKey)?;
        authorization.set_sensitive(true);
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("ring speaks the versions of TLS that are safe")
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE)
            .build(connector);
        Ok(Self { client, base: base.trim_end_matches('/').to_owned(), authorization })
    }

    fn request(
        &self,
        built: RequestBuilder,
        key: Option<&str>,
    ) -> Result<Request<Full<Bytes>>, CallError> {
        let query = built.query.map(|query| format!("?{query}")).unwrap_or_default();
        let uri = format!("{}/v1{}{query}", self.base, built.path);
        let method = match built.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header(AUTHORIZATION, self.authorization.clone())
            .header(USER_AGENT, AGENT)
            .header(STRIPE_VERSION, VERSION.as_str());
        if let Some(key) = key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        let body = built.body.map(Bytes::from).unwrap_or_default();
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        request.body(Full::new(body)).map_err(|error| CallError::NoReply(error.to_string()))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Bytes, CallError> {
        let no_reply = |error: &dyn fmt::Display| CallError::NoReply(error.to_string());
        let response = self.client.request(request).await.map_err(|error| no_reply(&error))?;
        let status = response.status();
        let id = response.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
        let id = id.unwrap_or("").to_owned();
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES);
        let bytes = body.collect().await.map_err(|error| no_reply(&error))?.to_bytes();
        if status.is_success() {
            return Ok(bytes);
        }
        let refusal = refusal(status.as_u16(), &bytes);
        tracing::info!(request_id = id, refusal = %refusal, "Stripe refused a call");
        Err(CallError::Refused(Box::new(refusal)))
    }
}

/// Reads Stripe's error object. If the body cannot be read, the HTTP status alone remains, which is the most
/// important part.
fn refusal(status: u16, bytes: &[u8]) -> StripeRefusal {
    #[derive(Deserialize)]
    struct Body {
        error: StripeRefusal,
    }
    match serde_json::from_slice(bytes) {
        Ok(Body { error }) => StripeRefusal { status, ..error },
        Err(_) => StripeRefusal {
            status,
            kind: String::new(),
            code: None,
            decline_code: None,
            message: None,
            param: None,
        },
    }
}

impl StripeClient for Transport {
    type Err = CallError;

    async fn execute(&self, request: CustomizedStripeRequest) -> Result<Bytes, CallError> {
        let (built, settings) = request.into_pieces();
        let path = built.path.clone();
        let key = settings.request_strategy.and_then(|strategy| strategy.get_key());
        let request = self.request(built, key.as_ref().map(|key| key.as_str()))?;
        let sent = tokio::time::timeout(CALL_TIMEOUT, self.send(request)).await;
        let answer = sent.unwrap_or_else(|_| Err(CallError::NoReply("too slow".to_owned())));
        if let Err(CallError::NoReply(why)) = &answer {
            tracing::warn!(path, why, "Stripe does not answer");
        }
        answer
    }
}
