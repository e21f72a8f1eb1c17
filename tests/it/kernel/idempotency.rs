//! Each attempt has one effect, however often its request is repeated.

mod kills;

use std::time::Duration;

use futures_util::future::join_all;
use holdfast::kernel::idempotency;
use holdfast_domain::access::Role;
use reqwest::Method;
use serde::Serialize;
use serde_json::json;

use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    fixture::{self, Like, account, app_with_event, new_event, seats},
    harness::{CallerOf, TestApp},
};

/// The number of simultaneous requests.
const MANY: usize = 100;
/// The maximum number of repetitions while the first request is under way.
const MAX_RETRIES: usize = 100;
const HOUR: Duration = Duration::from_secs(3600);

async fn asks(caller: &CallerOf<'_>, path: &str, key: &str, body: &impl Serialize) -> Answer {
    caller.send(Method::POST, path, Some(&json!(body)), &[("Idempotency-Key", key)]).await
}

/// Repeats the request until it gets a final response, as a client that follows `Retry-After` does.
async fn asks_until_told(
    caller: &CallerOf<'_>,
    path: &str,
    key: &str,
    body: &impl Serialize,
) -> Answer {
    for _ in 0..MAX_RETRIES {
        let answer = asks(caller, path, key, body).await;
        let in_flight = answer.is_in_flight();
        if in_flight {
            assert_eq!(answer.status, 409);
            assert_eq!(answer.header("retry-after"), Some("1"));
        } else if answer.status != 202 {
            return answer;
        }
    }
    panic!("nobody tells what came of it");
}

/// Sends a hundred requests at once, each repeated until its final response. All get the same response byte by byte,
/// and exactly one of them is not marked as a repetition. A later request gets the same response.
async fn check(caller: &CallerOf<'_>, path: &str, body: &impl Serialize) -> Answer {
    let key = "4cf2a1d0-6c1e-4a57-9a40-5f0f3c1f2d11";
    let all = (0..MANY).map(|_| asks_until_told(caller, path, key, body));
    let mut answers = join_all(all).await;
    answers.push(asks(caller, path, key, body).await);
    for answer in &answers {
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(answer.text, answers[0].text);
        for header in ["location", "content-type"] {
            assert_eq!(answer.header(header), answers[0].header(header));
        }
        assert!(answer.header("location").is_some_and(|path| path.starts_with("/api/v1/")));
    }
    let fresh = |answer: &&Answer| answer.header("idempotency-replayed").is_none();
    assert!(answers.iter().filter(fresh).count() <= 1);
    assert_eq!(answers.last().and_then(|last| last.header("idempotency-replayed")), Some("true"));
    answers.remove(0)
}

async fn count(app: &TestApp, table: &str) -> i64 {
    app.number(&format!("SELECT COUNT(*) AS found FROM {table}")).await
}

async fn organizer(app: &TestApp) -> String {
    account(app, "organizer", Role::Organizer, Some("club")).await
}

#[tokio::test]
async fn a_key_belongs_to_its_caller_its_route_and_its_body() {
    let app = TestApp::start().await;
    let (first, second) =
        (organizer(&app).await, account(&app, "other", Role::Organizer, Some("other")).await);
    let (first, second) = (app.as_user(&first), app.as_user(&second));
    let body = new_event(&app).await;
    let key = "the-very-same-key";
    let made = asks(&first, "/events", key, &body).await;
    let foreign = asks(&second, "/events", key, &body).await;
    assert_eq!((made.status, foreign.status), (201, 201));
    assert_ne!(made.id(), foreign.id());
    let id = made.id();
    let mut other = body.clone();
    other.name = "Another gala".to_owned();
    let reused = asks(&first, "/events", key, &other).await;
    reused.assert_problem(422, "/problems/idempotency-key-reused");
    let section = json!({ "name": "Floor", "capacity": 10 });
    let floor = asks(&first, &format!("/events/{id}/sections"), key, &section).await;
    assert_eq!(floor.status, 201, "{}", floor.text);
    // The event belongs to the request, so another event is another request.
    let next = asks(&first, "/events", "another-key", &body).await;
    let next = next.id();
    let elsewhere = asks(&first, &format!("/events/{next}/sections"), key, &section).await;
    elsewhere.assert_problem(422, "/problems/idempotency-key-reused");
    // A caller without permission is refused and does not get the stored response.
    let stranger = asks(&second, &format!("/events/{id}/sections"), key, &section).await;
    assert_eq!(stranger.status, 404, "{}", stranger.text);
    app.finish().await;
}

#[tokio::test]
async fn a_refusal_leaves_the_key_free_and_a_malformed_key_is_named() {
    let app = TestApp::start().await;
    let token = organizer(&app).await;
    let caller = app.as_user(&token);
    let mut body = new_event(&app).await;
    body.slug = Some("gala".to_owned());
    assert_eq!(asks(&caller, "/events", "k1", &body).await.status, 201);
    let taken = asks(&caller, "/events", "k2", &body).await;
    taken.assert_problem(409, "/problems/slug-taken");
    body.slug = Some("gala-2".to_owned());
    assert_eq!(asks(&caller, "/events", "k2", &body).await.status, 201);
    body.slug = Some("gala-3".to_owned());
    for malformed in ["", "two words", &"k".repeat(256)] {
        let refused = asks(&caller, "/events", malformed, &body).await;
        refused.assert_problem(400, "/problems/invalid-request");
        refused.assert_field("Idempotency-Key");
    }
    // Without a key, each request is a separate attempt.
    assert_eq!(caller.post("/events", &body).await.status, 201);
    caller.post("/events", &body).await.assert_problem(409, "/problems/slug-taken");
    let event = fixture::event(&app, Like::default()).await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let guest = app.as_guest(&buyer.token);
    let missing = guest.post("/bookings/confirm", &buyer.pays_with("pm_card_visa")).await;
    missing.assert_problem(400, "/problems/idempotency-key-required");
    missing.assert_field("Idempotency-Key");
    app.finish().await;
}

#[tokio::test]
async fn a_key_is_kept_for_two_days_and_then_forgotten() {
    let app = TestApp::start().await;
    let token = organizer(&app).await;
    let caller = app.as_user(&token);
    let body = new_event(&app).await;
    let made = asks(&caller, "/events", "k", &body).await;
    let forget =
        async || idempotency::retention_pass(&app.app.base.db).await.expect("the pass runs");
    app.advance(47 * HOUR).await;
    assert_eq!(forget().await, 0);
    let replayed = asks(&caller, "/events", "k", &body).await;
    assert_eq!((replayed.status, &replayed.text), (201, &made.text));
    app.advance(2 * HOUR).await;
    assert_eq!(forget().await, 1);
    let anew = asks(&caller, "/events", "k", &body).await;
    assert_eq!(anew.status, 201, "{}", anew.text);
    assert_ne!(anew.id(), made.id());
    assert_eq!(anew.header("idempotency-replayed"), None);
    app.finish().await;
}

/// Tests that send crowds of requests.
mod alone {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_hundred_requests_at_once_make_one_event_one_section_one_offer() {
        let app = TestApp::start().await;
        let token = organizer(&app).await;
        let caller = app.as_user(&token);
        let event = check(&caller, "/events", &new_event(&app).await).await;
        assert_eq!(count(&app, "events").await, 1);
        let id = event.id();
        assert_eq!(event.header("location"), Some(format!("/api/v1/events/{id}").as_str()));
        let grid = json!({ "name": "Stalls", "rows": 2, "seats_per_row": 3 });
        check(&caller, &format!("/events/{id}/sections"), &grid).await;
        assert_eq!((count(&app, "sections").await, count(&app, "seats").await), (1, 6));
        let offer = json!({ "name": "Standard", "price_minor": 1_000 });
        let made = check(&caller, &format!("/events/{id}/offers"), &offer).await;
        assert_eq!(count(&app, "offers").await, 1);
        // Later changes do not change the stored response.
        let path = format!("/offers/{}", made.id());
        assert_eq!(
            caller.patch(&path, &json!({ "version": 1, "price_minor": 2_000 })).await.status,
            200
        );
        let again = check(&caller, &format!("/events/{id}/offers"), &offer).await;
        assert_eq!(again.text, made.text);
        app.finish().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_hundred_holds_at_once_are_one_reservation_and_a_hundred_confirms_one_booking() {
        let (app, event) = app_with_event().await;
        let held = check(&app.as_nobody(), &event.reservations(), &seats(&[1, 2])).await;
        assert_eq!(count(&app, "reservations").await, 1);
        let buyer = GuestBuyer::of(&held);
        let body = buyer.pays_with("pm_card_visa");
        let paid = check(&app.as_guest(&buyer.token), "/bookings/confirm", &body).await;
        assert_eq!(paid.booking().tickets.len(), 2);
        for (table, expected) in
            [("bookings", 1), ("payments", 1), ("simulated_payments", 1), ("tickets", 2)]
        {
            assert_eq!(count(&app, table).await, expected, "{table}");
        }
        app.finish().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_hundred_confirms_of_a_declined_card_are_one_no_and_a_new_card_takes_a_new_key() {
        let (app, event) = app_with_event().await;
        let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
        let caller = app.as_guest(&buyer.token);
        let body = buyer.pays_with("pm_card_chargeDeclined");
        let all = (0..MANY).map(|_| asks_until_told(&caller, "/bookings/confirm", "card-1", &body));
        let answers = join_all(all).await;
        for answer in &answers {
            answer.assert_problem(402, "/problems/payment-declined");
            assert_eq!(answer.text, answers[0].text);
        }
        assert_eq!(count(&app, "bookings").await, 1);
        // Another card with the old key is another request.
        let card = buyer.pays_with("pm_card_visa");
        let reused = asks(&caller, "/bookings/confirm", "card-1", &card).await;
        reused.assert_problem(422, "/problems/idempotency-key-reused");
        let paid = asks_until_told(&caller, "/bookings/confirm", "card-2", &card).await;
        assert_eq!(paid.status, 201, "{}", paid.text);
        let declined = asks(&caller, "/bookings/confirm", "card-1", &body).await;
        assert_eq!((declined.status, &declined.text), (402, &answers[0].text));
        app.finish().await;
    }
}
