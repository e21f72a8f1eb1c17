//! `/_fake`: the requests with which another process controls the fake. Bodies are JSON.
//!
//! | request | what it does |
//! | --- | --- |
//! | `GET /_fake/books` | every intent, refund and event, and every call that came in |
//! | `POST /_fake/faults` | `{"call", "fault", "times", "ms", "code"}`: the next calls go wrong |
//! | `DELETE /_fake/faults` | forgets the faults that have not happened yet |
//! | `POST /_fake/webhooks` | `{"url", "secret", "hold"}`: where events go |
//! | `POST /_fake/webhooks/deliver` | `{"event"}`: sends one event again, signed now |
//! | `POST /_fake/payment_intents/:id/second_step` | `{"outcome": "success" \| "failure"}` |
//! | `POST /_fake/payment_intents/:id/expire` | the authorization lapses |
//! | `POST /_fake/refunds/:id/fail` | `{"reason"}`: the bank cannot deliver the refund |

use poem::{
    IntoResponse, Response, Route, get, handler,
    http::StatusCode,
    post,
    web::{Data, Json, Path},
};
use serde_json::{Value, json};

use crate::{CallFault, FakeStripe, Mode, Target};

pub(crate) fn routes() -> Route {
    Route::new()
        .at("/books", get(books))
        .at("/faults", post(fail).delete(heal))
        .at("/webhooks", post(webhooks))
        .at("/webhooks/deliver", post(deliver))
        .at("/payment_intents/:id/second_step", post(second_step))
        .at("/payment_intents/:id/expire", post(expire))
        .at("/refunds/:id/fail", post(fail_refund))
}

fn refused(message: &str) -> Response {
    Json(json!({ "error": message })).with_status(StatusCode::BAD_REQUEST).into_response()
}

fn done(done: bool) -> Response {
    if done { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }.into_response()
}

#[handler]
fn books(fake: Data<&FakeStripe>) -> Json<Value> {
    let calls: Vec<Value> = fake
        .seen()
        .into_iter()
        .map(|seen| json!({ "call": seen.call, "key": seen.key, "status": seen.status }))
        .collect();
    let world = fake.world();
    let intents: Vec<Value> = world.books.intents.iter().map(|it| it.to_json(true)).collect();
    let refunds: Vec<Value> = world.books.refunds.iter().map(|it| it.to_json()).collect();
    Json(json!({ "payment_intents": intents, "refunds": refunds, "events": world.books.events,
                 "calls": calls }))
}

#[handler]
fn fail(fake: Data<&FakeStripe>, body: Json<Value>) -> Response {
    let (call, name) = (body["call"].as_str(), body["fault"].as_str());
    let (Some(call), Some(name)) = (call, name) else {
        return refused("call and fault are needed");
    };
    let code = body["code"].as_str().unwrap_or("refused");
    let Some(fault) = CallFault::parse(name, body["ms"].as_u64().unwrap_or(1000), code) else {
        return refused("no such fault");
    };
    let times = body["times"].as_u64().and_then(|times| u32::try_from(times).ok()).unwrap_or(1);
    fake.fail(call, fault, times);
    done(true)
}

#[handler]
fn heal(fake: Data<&FakeStripe>) -> Response {
    fake.heal();
    done(true)
}

#[handler]
fn webhooks(fake: Data<&FakeStripe>, body: Json<Value>) -> Response {
    let (Some(url), Some(secret)) = (body["url"].as_str(), body["secret"].as_str()) else {
        return refused("url and secret are needed");
    };
    fake.send_webhooks_to(Target { url: url.to_owned(), secret: secret.to_owned() });
    let hold = body["hold"].as_bool() == Some(true);
    fake.set_mode(if hold { Mode::Hold } else { Mode::Send });
    done(true)
}

#[handler]
async fn deliver(fake: Data<&FakeStripe>, body: Json<Value>) -> Response {
    let event = fake.events().into_iter().find(|event| event["id"] == body["event"]);
    let Some(event) = event else { return done(false) };
    let status = fake.deliver(&event).await;
    Json(json!({ "status": status })).into_response()
}

#[handler]
fn second_step(fake: Data<&FakeStripe>, id: Path<String>, body: Json<Value>) -> Response {
    match body["outcome"].as_str() {
        Some(outcome @ ("success" | "failure")) => {
            done(fake.second_step(&id.0, outcome == "success"))
        }
        _ => refused("outcome is success or failure"),
    }
}

#[handler]
fn expire(fake: Data<&FakeStripe>, id: Path<String>) -> Response {
    done(fake.expire(&id.0))
}

#[handler]
fn fail_refund(fake: Data<&FakeStripe>, id: Path<String>, body: Json<Value>) -> Response {
    let reason = body["reason"].as_str().unwrap_or("unknown");
    done(fake.fail_refund(&id.0, reason))
}
