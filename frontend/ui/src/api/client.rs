//! One HTTP call: its headers, its time limit and its response.

use std::pin::Pin;

use holdfast_contract::{
    BOOKING_LINK_HEADER, GUEST_TOKEN_HEADER, IDEMPOTENCY_KEY_HEADER,
    problem::{Problem, ProblemType},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Blob, Headers, Request, RequestInit, Response};

use super::first;
use crate::{
    js, json,
    state::{network, session},
};

/// How long one call may take. Confirming a booking takes up to 8 s at the server.
const CALL_LIMIT_MS: u32 = 30_000;

/// How often a call waits for room at the server before the visitor decides.
const MAX_WAITS: usize = 8;
/// The longest wait that the server can ask for, in seconds.
const MAX_WAIT_SECS: i32 = 30;
/// The longest time for which a call waits because the visitor, or the visitor's network, has sent too many. After a longer
/// one, the page says so at once.
const LIMITED_WAIT_MS: i32 = 10_000;

/// Why a call has no usable response.
#[derive(Debug, Clone, PartialEq)]
pub enum CallFailure {
    /// The server refused the call and gave the reason.
    Problem(Box<Problem>),
    /// No response: the browser is offline, the call timed out, or the server is down. The call may have taken effect.
    Unreachable,
    /// A response with this status whose body the page does not understand.
    Unreadable(u16),
}

impl CallFailure {
    /// The problem type. `None` if the server gave no problem type that this page knows.
    pub fn kind(&self) -> Option<ProblemType> {
        match self {
            Self::Problem(problem) => problem.problem_type(),
            Self::Unreachable | Self::Unreadable(_) => None,
        }
    }

    /// Whether the server refuses one of these fields.
    pub fn names(&self, fields: &[&str]) -> bool {
        let Self::Problem(problem) = self else { return false };
        problem.errors.iter().any(|error| fields.contains(&error.field.as_str()))
    }

    /// Whether a repetition of the same request may still have another outcome. The caller then keeps the idempotency
    /// key.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Unreachable => true,
            Self::Unreadable(status) => *status >= 500,
            Self::Problem(problem) => {
                problem.status >= 500
                    || matches!(problem.status, 408 | 429)
                    || problem.problem_type() == Some(ProblemType::IdempotencyInFlight)
            }
        }
    }
}

/// One request.
#[derive(Default)]
pub struct ApiCall<'a> {
    /// The HTTP method. An empty text means `GET`.
    pub method: &'a str,
    /// The path below the base path, with its query.
    pub path: &'a str,
    /// The request body as JSON. `None` sends no body.
    pub body: Option<String>,
    /// The idempotency key of the attempt. `None` for requests that need none.
    pub key: Option<&'a str>,
    /// The token of a link to the booking that the path names.
    pub link: Option<&'a str>,
}

/// Sends the call and parses the response.
pub async fn send<T: DeserializeOwned>(call: ApiCall<'_>) -> Result<T, CallFailure> {
    let (status, body) = raw(call).await?;
    json::meaning(body).ok_or(CallFailure::Unreadable(status))
}

/// Sends the call and returns only the status of the response.
pub async fn send_for_status(call: ApiCall<'_>) -> Result<u16, CallFailure> {
    raw(call).await.map(|(status, _)| status)
}

/// Sends the call as the signed-in user and returns the response's body as a file.
pub async fn send_for_file(call: ApiCall<'_>) -> Result<Blob, CallFailure> {
    let unreachable = |_| CallFailure::Unreachable;
    let response = exchange(&call, Sender::User).await.map_err(unreachable)?;
    let status = response.status();
    if !response.ok() {
        return Err(read(&response).await.err().unwrap_or(CallFailure::Unreadable(status)));
    }
    let body = JsFuture::from(response.blob().map_err(unreachable)?).await.map_err(unreachable)?;
    body.dyn_into().map_err(|_| CallFailure::Unreadable(status))
}

/// The status and the body of a response.
type RawResponse = Result<(u16, JsValue), CallFailure>;

/// The sender of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    User,
    Guest,
}

/// Sends the call as the signed-in user, or else as the guest, and waits for the whole response. A reservation that
/// stays the guest's after a sign-in does not exist for the user, so the call is repeated as the guest. The future is
/// boxed: otherwise every route would contain the whole exchange, with code of its own to drop it half-way.
fn raw<'a>(call: ApiCall<'a>) -> Pin<Box<dyn Future<Output = RawResponse> + 'a>> {
    Box::pin(async move {
        if !session::is_signed_in() {
            return answered(&call, Sender::Guest).await;
        }
        let answer = answered(&call, Sender::User).await;
        let is_missing =
            kind_of(&answer) == Some(ProblemType::NotFound) && session::guest_token().is_some();
        let answer = if is_missing { answered(&call, Sender::Guest).await } else { answer };
        if let (Ok(_), Some(reservation)) = (&answer, reservation_in(call.path)) {
            session::learn_owner(reservation, is_missing);
        }
        answer
    })
}

fn kind_of(answer: &RawResponse) -> Option<ProblemType> {
    answer.as_ref().err().and_then(CallFailure::kind)
}

/// The reservation that the path names.
fn reservation_in(path: &str) -> Option<Uuid> {
    path.strip_prefix("/reservations/")?.split('/').next()?.parse().ok()
}

/// Sends the call. Repeats it with the same key while the server has no room for it, or for so many calls of the visitor's
/// network, and does nothing.
async fn answered(call: &ApiCall<'_>, sender: Sender) -> RawResponse {
    for _ in 0..MAX_WAITS {
        let (answer, wait_ms) = answered_once(call, sender).await;
        match kind_of(&answer) {
            Some(ProblemType::Overloaded) => network::wait_for_room(wait_ms).await,
            Some(ProblemType::TooManyRequests) if wait_ms < LIMITED_WAIT_MS => {
                network::wait_for_room(wait_ms).await;
            }
            Some(_) | None => return answer,
        }
    }
    answered_once(call, sender).await.0
}

/// The answer, and the milliseconds after which the call may be repeated.
async fn answered_once(call: &ApiCall<'_>, sender: Sender) -> (RawResponse, i32) {
    match exchange(call, sender).await {
        Ok(response) => (read(&response).await, wait_ms(&response)),
        Err(_) => {
            network::doubt();
            (Err(CallFailure::Unreachable), 0)
        }
    }
}

/// The time of `Retry-After` and up to a second more, so that two pages do not come back together.
#[allow(clippy::cast_possible_truncation, reason = "less than a thousand")]
fn wait_ms(response: &Response) -> i32 {
    let named = response.headers().get("Retry-After").ok().flatten();
    let seconds = named.and_then(|text| text.parse().ok()).unwrap_or(1).clamp(1, MAX_WAIT_SECS);
    seconds * 1_000 + (js_sys::Math::random() * 1_000.0) as i32
}

async fn read(response: &Response) -> RawResponse {
    let status = response.status();
    let promise = response.text().map_err(|_| CallFailure::Unreachable)?;
    let text = JsFuture::from(promise).await.map_err(|_| CallFailure::Unreachable)?;
    let body =
        js_sys::JSON::parse(&text.as_string().unwrap_or_default()).unwrap_or(JsValue::UNDEFINED);
    if response.ok() {
        return Ok((status, body));
    }
    Err(json::meaning(body).map_or(CallFailure::Unreadable(status), |problem: Problem| {
        CallFailure::Problem(Box::new(problem))
    }))
}

async fn exchange(call: &ApiCall<'_>, sender: Sender) -> Result<Response, JsValue> {
    if call.method.is_empty()
        && let Some(answer) = first::take(call.path)
    {
        return JsFuture::from(answer).await?.dyn_into();
    }
    let headers = Headers::new()?;
    headers.set("Accept", "application/json")?;
    if let Some(guest) = session::guest_token() {
        headers.set(GUEST_TOKEN_HEADER, &guest)?;
    }
    if let Some(key) = call.key {
        headers.set(IDEMPOTENCY_KEY_HEADER, key)?;
    }
    if let Some(link) = call.link {
        headers.set(BOOKING_LINK_HEADER, link)?;
    }
    let init = RequestInit::new();
    init.set_method(if call.method.is_empty() { "GET" } else { call.method });
    if let Some(body) = &call.body {
        headers.set("Content-Type", "application/json")?;
        init.set_body(&JsValue::from_str(body));
    }
    init.set_headers(&headers);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(CALL_LIMIT_MS)));
    let request = Request::new_with_str_and_init(&format!("{}{}", super::BASE, call.path), &init)?;
    let with = [request.into(), (sender == Sender::User).into()];
    js::ask(&session::access(), "send", &with).await?.dyn_into()
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn only_an_open_end_keeps_the_attempt() {
        let refused = |kind| CallFailure::Problem(Box::new(Problem::new(kind, "")));
        for kind in ProblemType::VARIANTS.iter().copied() {
            let open = matches!(
                kind,
                ProblemType::BodyTooSlow
                    | ProblemType::TooManyRequests
                    | ProblemType::Overloaded
                    | ProblemType::Unavailable
                    | ProblemType::Internal
                    | ProblemType::IdempotencyInFlight
            );
            assert_eq!(refused(kind).is_open(), open, "{kind:?}");
        }
        assert!(CallFailure::Unreachable.is_open());
        assert!(CallFailure::Unreadable(502).is_open());
        assert!(!CallFailure::Unreadable(200).is_open());
    }
}
