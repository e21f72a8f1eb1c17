//! The HTTP server: authentication, the call, its idempotency key, and its fault.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use anyhow::Context;
use poem::{
    Body, EndpointExt, IntoResponse, Request, Response, Route, Server, handler,
    http::{Method, StatusCode, header},
    listener::{Acceptor, Listener, TcpListener},
    web::Data,
};

use crate::{
    FakeState, FakeStripe, SeenCall, admin, answer::StripeAnswer, calls::StripeCall,
    fault::CallFault, form, keys::KeyVerdict,
};

/// The maximum size of a body.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// The maximum length of an idempotency key.
const MAX_KEY_CHARS: usize = 255;

/// The response to a call, or its absence.
enum CallReply {
    Answer {
        answer: StripeAnswer,
        replayed: bool,
    },
    /// The connection breaks without a response.
    Lost,
}

/// A request that was read.
struct ReceivedCall {
    call: StripeCall,
    key: Option<String>,
    /// Everything that must be the same in a repetition with the same key.
    fingerprint: String,
    form: serde_json::Map<String, serde_json::Value>,
}

pub(crate) async fn start(
    world: Arc<Mutex<FakeState>>,
    client: reqwest::Client,
    address: SocketAddr,
) -> anyhow::Result<FakeStripe> {
    let acceptor = TcpListener::bind(address).into_acceptor().await?;
    let addresses = acceptor.local_addr();
    let address = addresses.first().and_then(|it| it.as_socket_addr()).copied();
    let address = address.context("the listener has no address")?;
    let fake = FakeStripe { world, client, address };
    let routes =
        Route::new().at("/v1/*path", api).nest("/_fake", admin::routes()).data(fake.clone());
    tokio::spawn(async move {
        if let Err(error) = Server::new_with_acceptor(acceptor).run(routes).await {
            tracing::error!(error = %error, "the fake ended");
        }
    });
    Ok(fake)
}

#[handler]
async fn api(request: &Request, body: Body, fake: Data<&FakeStripe>) -> Response {
    let fake = fake.0.clone();
    fake.world().connections.insert(request.remote_addr().to_string());
    let read = read(request, body).await;
    // If the caller disconnects, the call is still carried out, as at Stripe.
    let done = tokio::spawn(async move {
        match read {
            Ok(asked) => fake.answer(asked).await,
            Err(answer) => CallReply::Answer { answer, replayed: false },
        }
    });
    match done.await {
        Ok(CallReply::Answer { answer, replayed }) => respond(&answer, replayed),
        Ok(CallReply::Lost) => broken(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn read(request: &Request, body: Body) -> Result<ReceivedCall, StripeAnswer> {
    let authorization = request.header(header::AUTHORIZATION).unwrap_or_default();
    let secret = authorization.strip_prefix("Bearer ").unwrap_or_default();
    if !(secret.starts_with("sk_test_") || secret.starts_with("rk_test_")) {
        let message = "Invalid API Key provided";
        return Err(StripeAnswer::error(401, "invalid_request_error", None, message));
    }
    let path = request.uri().path().strip_prefix("/v1/").unwrap_or_default();
    let call = StripeCall::of(request.method(), path).ok_or_else(|| {
        let message = format!("Unrecognized request URL ({} /v1/{path}).", request.method());
        StripeAnswer { status: 404, ..StripeAnswer::invalid(&message, None, None) }
    })?;
    let bytes = body.into_bytes_limit(MAX_BODY_BYTES).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let query = request.uri().query().unwrap_or_default();
    let key = request.header("idempotency-key").map(str::to_owned);
    // As at Stripe, only POST has an idempotency key, because GET changes nothing.
    let key = key.filter(|_| request.method() == Method::POST);
    if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > MAX_KEY_CHARS) {
        return Err(StripeAnswer::invalid(
            "Idempotency keys have 1 to 255 characters.",
            None,
            None,
        ));
    }
    let form = form::parse(if request.method() == Method::GET { query } else { &body });
    // The order of the parameters does not matter.
    let mut parameters: Vec<&str> = body.split('&').collect();
    parameters.sort_unstable();
    let fingerprint = format!("{path}?{}", parameters.join("&"));
    Ok(ReceivedCall { call, key, fingerprint, form })
}

impl FakeStripe {
    async fn answer(&self, asked: ReceivedCall) -> CallReply {
        let fault = self.world().faults.take(asked.call.name());
        if fault == Some(CallFault::RateLimit) {
            let message = "Too many requests in a short period of time.";
            let answer =
                StripeAnswer::error(429, "invalid_request_error", Some("rate_limit"), message);
            return self.told(&asked, answer, false);
        }
        if fault == Some(CallFault::BadGateway) {
            return self.told(&asked, StripeAnswer::bad_gateway(), false);
        }
        if fault == Some(CallFault::LostRequest) {
            return self.lost(&asked);
        }
        if let Some(key) = &asked.key {
            let verdict = self.world().keys.claim(key, &asked.fingerprint);
            match verdict {
                KeyVerdict::First => {}
                KeyVerdict::Replay(answer) if fault == Some(CallFault::LostReply) => {
                    tracing::debug!(status = answer.status, "a repeated answer is lost");
                    return self.lost(&asked);
                }
                KeyVerdict::Replay(answer) => return self.told(&asked, answer, true),
                KeyVerdict::Refuse(answer) => return self.told(&asked, answer, false),
            }
        }
        if let Some(CallFault::Slow(time)) = &fault {
            tokio::time::sleep(*time).await;
        }
        let answer = match &fault {
            Some(CallFault::ErrorBefore) => StripeAnswer::fault(),
            Some(CallFault::Refuse(code)) => {
                StripeAnswer::refused("Refused on purpose.", Some(code), None)
            }
            Some(CallFault::ErrorAfter) => {
                self.perform(&asked);
                StripeAnswer::fault()
            }
            Some(
                CallFault::LostReply
                | CallFault::Slow(_)
                | CallFault::LostRequest
                | CallFault::RateLimit
                | CallFault::BadGateway,
            )
            | None => self.perform(&asked),
        };
        if let Some(key) = &asked.key {
            self.world().keys.settle(key, &answer);
        }
        self.send_fresh();
        if fault == Some(CallFault::LostReply) {
            self.lost(&asked)
        } else {
            self.told(&asked, answer, false)
        }
    }

    fn perform(&self, asked: &ReceivedCall) -> StripeAnswer {
        let (now, form) = (self.now(), &asked.form);
        let books = &mut self.world().books;
        let done = match &asked.call {
            StripeCall::Create => books.create(form, now),
            StripeCall::Confirm(id) => books.confirm(id, form, now),
            StripeCall::Capture(id) => books.capture(id, form, now),
            StripeCall::Cancel(id) => books.cancel(id, form, now),
            StripeCall::Retrieve(id) => books.retrieve(id, form),
            StripeCall::List => books.list(form),
            StripeCall::Search => books.search(form, now),
            StripeCall::Refund => books.refund(form, now),
            StripeCall::RetrieveRefund(id) => books.retrieve_refund(id),
            StripeCall::ListRefunds => books.list_refunds(form),
            StripeCall::RetrieveEvent(id) => books.retrieve_event(id),
            StripeCall::ListEvents => books.list_events(form),
        };
        done.unwrap_or_else(|refused| refused)
    }

    fn told(&self, asked: &ReceivedCall, answer: StripeAnswer, replayed: bool) -> CallReply {
        self.note(asked, Some(answer.status));
        CallReply::Answer { answer, replayed }
    }

    fn lost(&self, asked: &ReceivedCall) -> CallReply {
        self.note(asked, None);
        CallReply::Lost
    }

    fn note(&self, asked: &ReceivedCall, status: Option<u16>) {
        let seen = SeenCall { call: asked.call.name(), key: asked.key.clone(), status };
        self.world().seen.push(seen);
    }
}

fn respond(answer: &StripeAnswer, replayed: bool) -> Response {
    static REQUESTS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let number = REQUESTS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = Response::builder()
        .status(status)
        .header("Request-Id", format!("req_{number:014}"))
        .content_type("application/json");
    if replayed {
        response = response.header("Idempotent-Replayed", "true");
    }
    response.body(answer.body.to_string())
}

/// A response that breaks off before its body: the server closes the connection.
fn broken() -> Response {
    let cut = futures_util::stream::iter([Err::<Vec<u8>, _>(io::Error::other("cut off"))]);
    Response::builder().body(Body::from_bytes_stream(cut))
}
