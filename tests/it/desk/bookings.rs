//! Organizers cancel and refund the bookings of their events.

use holdfast::kernel::db::Sql;
use holdfast_contract::bookings::{BookingPage, BookingStatus, TicketStatus};
use holdfast_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    fixture::{self, Event, Like, account, euros, seats},
    harness::TestApp,
    paid::{Paid, admits, all_refunded, app_with_event, books, statuses},
};

async fn organizer(app: &TestApp, event: &Event) -> String {
    let slug = format!("event-{}", event.id.simple());
    account(app, "organizer", Role::Organizer, Some(&slug)).await
}

async fn posts(app: &TestApp, token: &str, path: &str, body: &Value, key: &str) -> Answer {
    let headers = [("Idempotency-Key", key)];
    app.as_user(token).send(Method::POST, path, Some(body), &headers).await
}

#[tokio::test]
async fn an_organizer_sees_the_bookings_of_an_event_page_by_page() {
    let (app, event) = app_with_event().await;
    let token = organizer(&app, &event).await;
    let mut made = Vec::new();
    for seat in 1..=3 {
        made.push(Paid::of(&app, &event, &seats(&[seat])).await);
    }
    made[0].cancels(&app, None).await;
    all_refunded(&app).await;
    let caller = app.as_user(&token);
    let first = caller.get(&event.path("/bookings?limit=2")).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let ids =
        |page: &BookingPage| -> Vec<Uuid> { page.items.iter().map(|booking| booking.id).collect() };
    let first: BookingPage = first.read();
    assert_eq!(ids(&first), [made[2].id(), made[1].id()]);
    let next = first.next.expect("a cursor");
    let second = event.path(&format!("/bookings?limit=2&after={next}"));
    let second: BookingPage = caller.get(&second).await.read();
    assert_eq!((ids(&second), second.next), (vec![made[0].id()], None));
    let cancelled = caller.get(&event.path("/bookings?status=cancelled")).await.read();
    assert_eq!(ids(&cancelled), [made[0].id()]);
    caller.get(&event.path("/bookings?limit=0")).await.assert_field("limit");
    let stranger = account(&app, "stranger", Role::Organizer, Some("other")).await;
    let foreign = app.as_user(&stranger).get(&event.path("/bookings")).await;
    foreign.assert_problem(403, "/problems/forbidden");
    let customer = account(&app, "customer", Role::Customer, None).await;
    let foreign = app.as_user(&customer).get(&event.path("/bookings")).await;
    foreign.assert_problem(403, "/problems/forbidden");
    app.get(&event.path("/bookings")).await.assert_problem(401, "/problems/unauthorized");
    let admin = account(&app, "admin", Role::Admin, None).await;
    assert_eq!(app.as_user(&admin).get(&event.path("/bookings")).await.status, 200);
    app.finish().await;
}

#[tokio::test]
async fn an_organizer_cancels_whatever_the_offer_says_but_not_from_under_somebody() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let token = organizer(&app, &event).await;
    let paid = Paid::of(&app, &event, &seats(&[1, 2])).await;
    let path = event.path(&format!("/bookings/{}/cancel", paid.id()));
    let stranger = account(&app, "stranger", Role::Organizer, Some("other")).await;
    let foreign = app.as_user(&stranger).post(&path, &json!({})).await;
    foreign.assert_problem(403, "/problems/forbidden");
    let other = fixture::event(&app, Like::default()).await;
    let theirs = other.path(&format!("/bookings/{}/cancel", paid.id()));
    let foreign = app.as_user(&token).post(&theirs, &json!({})).await;
    foreign.assert_problem(403, "/problems/forbidden");
    let one = json!({ "line_ids": [paid.line(0)] });
    let cancelled = app.as_user(&token).post(&path, &one).await;
    assert_eq!(cancelled.booking().status, BookingStatus::Confirmed, "{}", cancelled.text);
    let left = paid.reads(&app).await;
    let live = left.tickets.iter().find(|ticket| ticket.status == TicketStatus::Valid);
    assert!(admits(&app, live.expect("a live ticket")).await);
    let used = app.as_user(&token).post(&path, &json!({})).await;
    used.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(used.problem().reasons, ["ticket-used"]);
    all_refunded(&app).await;
    assert_eq!(books(&app).await, (9000, 4500));
    app.finish().await;
}

#[tokio::test]
async fn an_organizer_gives_a_part_back_and_never_more_than_was_paid() {
    let (app, event) = app_with_event().await;
    let token = organizer(&app, &event).await;
    let paid = Paid::of(&app, &event, &seats(&[1, 2])).await;
    let path = event.path(&format!("/bookings/{}/refund", paid.id()));
    let part = json!({ "amount": euros(1001) });
    let keyless = app.as_user(&token).post(&path, &part).await;
    keyless.assert_problem(400, "/problems/idempotency-key-required");
    let given = posts(&app, &token, &path, &part, "kind").await;
    assert_eq!(given.status, 200, "{}", given.text);
    let booking = given.booking();
    assert_eq!(booking.status, BookingStatus::Confirmed);
    assert_eq!(booking.refundable, Some(euros(9000 - 1001)));
    let mut shares: Vec<i64> = booking.lines.iter().map(|line| line.refunded.amount).collect();
    shares.sort_unstable();
    assert_eq!(shares, [500, 501]);
    let again = posts(&app, &token, &path, &part, "kind").await;
    assert_eq!((again.status, &again.text), (200, &given.text));
    assert_eq!(again.header("Idempotency-Replayed"), Some("true"));
    for (body, field) in [
        (json!({ "amount": euros(8000) }), "amount.amount"),
        (json!({ "amount": euros(0) }), "amount.amount"),
        (json!({ "amount": euros(-5) }), "amount.amount"),
        (json!({ "amount": { "amount": 5, "currency": "CHF" } }), "amount.currency"),
        (json!({ "amount": { "amount": 5, "currency": "eur" } }), "amount.currency"),
        (json!({ "amount": euros(5), "line_ids": [Uuid::nil()] }), "line_ids"),
    ] {
        let refused = posts(&app, &token, &path, &body, "wrong").await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        refused.assert_field(field);
    }
    all_refunded(&app).await;
    let read = paid.reads(&app).await;
    assert_eq!(statuses(&read), [TicketStatus::Valid, TicketStatus::Valid]);
    assert_eq!(books(&app).await, (9000, 1001));
    let text = "SELECT action FROM audit WHERE subject_id = $1";
    let written = app.app.base.db.all(text, vec![paid.id().into()]).await.expect("the audit");
    let actions: Vec<String> =
        written.iter().map(|row| row.try_get("", "action").expect("an action")).collect();
    assert_eq!(actions, ["booking.refund"]);
    // A later cancellation refunds the rest.
    let cancelled = paid.cancels(&app, None).await;
    assert_eq!(cancelled.booking().status, BookingStatus::Cancelled, "{}", cancelled.text);
    all_refunded(&app).await;
    assert_eq!(books(&app).await, (9000, 9000));
    app.finish().await;
}

#[tokio::test]
async fn kindnesses_at_once_stay_below_what_was_paid() {
    let (app, event) = app_with_event().await;
    let token = organizer(&app, &event).await;
    let paid = Paid::of(&app, &event, &seats(&[1])).await;
    let path = event.path(&format!("/bookings/{}/refund", paid.id()));
    let part = json!({ "amount": euros(1000) });
    let keys: Vec<String> = (0..8).map(|at| format!("kind-{at}")).collect();
    let all = keys.iter().map(|key| posts(&app, &token, &path, &part, key));
    let (answers, cancelled) =
        tokio::join!(futures_util::future::join_all(all), paid.cancels(&app, None));
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert!([400, 409].contains(&refused.status), "{}", refused.text);
    }
    all_refunded(&app).await;
    assert_eq!(books(&app).await, (4500, 4500));
    app.finish().await;
}
