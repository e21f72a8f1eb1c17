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
    FakeStripe, Seen, World, admin, answer::Answer, calls::Call, fault::Fault, form, keys::Verdict,
};

/// The maximum size of a body.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// The maximum length of an idempotency key.
const MAX_KEY_CHARS: usize = 255;

/// The response to a call, or its absence.
enum Reply {
    Answer {
        answer: Answer,
        replayed: bool,
    },
    /// The connection breaks without a response.
    Lost,
}

/// A request that was read.
struct Asked {
    call: Call,
    key: Option<String>,
    /// Everything that must be the same in a repetition with the same key.
    fingerprint: String,
    form: serde_json::Map<String, serde_json::Value>,
}

pub(crate) async fn start(
    world: Arc<Mutex<World>>,
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
            Err(answer) => Reply::Answer { answer, replayed: false },
        }
    });
    match done.await {
        Ok(Reply::Answer { answer, replayed }) => respond(&answer, replayed),
        Ok(Reply::Lost) => broken(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn read(request: &Request, body: Body) -> Result<Asked, Answer> {
    let authorization = request.header(header::AUTHORIZATION).unwrap_or_default();
    let secret = authorization.strip_prefix("Bearer ").unwrap_or_default();
    if !(secret.starts_with("sk_test_") || secret.starts_with("rk_test_")) {
        let message = "Invalid API Key provided";
        return Err(Answer::error(401, "invalid_request_error", None, message));
    }
    let path = request.uri().path().strip_prefix("/v1/").unwrap_or_default();
    let call = Call::of(request.method(), path).ok_or_else(|| {
        let message = format!("Unrecognized request URL ({} /v1/{path}).", request.method());
        Answer { status: 404, ..Answer::invalid(&message, None, None) }
    })?;
    let bytes = body.into_bytes_limit(MAX_BODY_BYTES).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let query = request.uri().query().unwrap_or_default();
    let key = request.header("idempotency-key").map(str::to_owned);
    // As at Stripe, only POST has an idempotency key, because GET changes nothing.
    let key = key.filter(|_| request.method() == Method::POST);
    if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > MAX_KEY_CHARS) {
        return Err(Answer::invalid("Idempotency keys have 1 to 255 characters.", None, None));
    }
    let form = form::parse(if request.method() == Method::GET { query } else { &body });
    // The order of the parameters does not matter.
    let mut parameters: Vec<&str> = body.split('&').collect();
    parameters.sort_unstable();
    let fingerprint = format!("{path}?{}", parameters.join("&"));
    Ok(Asked { call, key, fingerprint, form })
}

impl FakeStripe {
    async fn answer(&self, asked: Asked) -> Reply {
        let fault = self.world().faults.take(asked.call.name());
        if fault == Some(Fault::RateLimit) {
            let message = "Too many requests in a short period of time.";
            let answer = Answer::error(429, "invalid_request_error", Some("rate_limit"), message);
            return self.told(&asked, answer, false);
        }
        if fault == Some(Fault::BadGateway) {
            return self.told(&asked, Answer::bad_gateway(), false);
        }
        if fault == Some(Fault::LostRequest) {
            return self.lost(&asked);
        }
        if let Some(key) = &asked.key {
            let verdict = self.world().keys.claim(key, &asked.fingerprint);
            match verdict {
                Verdict::First => {}
                Verdict::Replay(answer) if fault == Some(Fault::LostReply) => {
                    tracing::debug!(status = answer.status, "a repeated answer is lost");
                    return self.lost(&asked);
                }
                Verdict::Replay(answer) => return self.told(&asked, answer, true),
                Verdict::Refuse(answer) => return self.told(&asked, answer, false),
            }
        }
        if let Some(Fault::Slow(time)) = &fault {
            tokio::time::sleep(*time).await;
        }
        let answer = match &fault {
            Some(Fault::ErrorBefore) => Answer::fault(),
            Some(Fault::Refuse(code)) => Answer::refused("Refused on purpose.", Some(code), None),
            Some(Fault::ErrorAfter) => {
                self.perform(&asked);
                Answer::fault()
            }
            Some(
                Fault::LostReply
                | Fault::Slow(_)
                | Fault::LostRequest
                | Fault::RateLimit
                | Fault::BadGateway,
            )
            | None => self.perform(&asked),
        };
        if let Some(key) = &asked.key {
            self.world().keys.settle(key, &answer);
        }
        self.send_fresh();
        if fault == Some(Fault::LostReply) {
            self.lost(&asked)
        } else {
            self.told(&asked, answer, false)
        }
    }

    fn perform(&self, asked: &Asked) -> Answer {
        let (now, form) = (self.now(), &asked.form);
        let books = &mut self.world().books;
        let done = match &asked.call {
            Call::Create => books.create(form, now),
            Call::Confirm(id) => books.confirm(id, form, now),
            Call::Capture(id) => books.capture(id, form, now),
            Call::Cancel(id) => books.cancel(id, form, now),
            Call::Retrieve(id) => books.retrieve(id, form),
            Call::List => books.list(form),
            Call::Search => books.search(form, now),
            Call::Refund => books.refund(form, now),
            Call::RetrieveRefund(id) => books.retrieve_refund(id),
            Call::ListRefunds => books.list_refunds(form),
            Call::RetrieveEvent(id) => books.retrieve_event(id),
            Call::ListEvents => books.list_events(form),
        };
        done.unwrap_or_else(|refused| refused)
    }

    fn told(&self, asked: &Asked, answer: Answer, replayed: bool) -> Reply {
        self.note(asked, Some(answer.status));
        Reply::Answer { answer, replayed }
    }

    fn lost(&self, asked: &Asked) -> Reply {
        self.note(asked, None);
        Reply::Lost
    }

    fn note(&self, asked: &Asked, status: Option<u16>) {
        let seen = Seen { call: asked.call.name(), key: asked.key.clone(), status };
        self.world().seen.push(seen);
    }
}

fn respond(answer: &Answer, replayed: bool) -> Response {
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
