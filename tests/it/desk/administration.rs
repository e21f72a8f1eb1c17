//! The operators' view of sagas, and their retries.

use std::time::Duration;

use holdfast::kernel::{
    db::{self, Sql},
    saga::attention,
    telemetry,
};
use holdfast_contract::{
    bookings::BookingStatus,
    operators::{AuditPage, Saga, SagaPage, SagaStatus},
};
use holdfast_domain::{
    access::Role,
    booking::TicketState,
    ids::{BookingId, EventId, LineId, SeatId, SectionId, TicketId},
};
use holdfast_entity::tickets;
use serde_json::json;
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    fixture::{self, Event, Like, account, seats},
    harness::TestApp,
    process::program,
};

const WAITING: &str = "/admin/sagas?status=needs_attention";
/// A time longer than the longest wait between two tries.
const BACKOFF: Duration = Duration::from_secs(301);
/// A number of tries larger than that of any step.
const MAX_TRIES: usize = 100;

async fn run(app: &TestApp, text: &str, values: Vec<sea_orm::Value>) -> u64 {
    app.app.base.db.run(text, values).await.expect("the statement runs")
}

fn sagas(answer: &Answer) -> Vec<Saga> {
    answer.read::<SagaPage>().items
}

/// A server with an event, an administrator, and a buyer whose payment waits for a second step. Returns the booking
/// and the secret with which the buyer continues.
async fn waiting_checkout() -> (TestApp, String, GuestBuyer, Uuid, String) {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = buyer.pays_with("pm_card_authenticationRequired");
    let waits = buyer.confirms(&app, "k1", &body).await;
    assert_eq!(waits.status, 202, "{}", waits.text);
    let booking = waits.id();
    let secret = waits.client_secret();
    (app, admin, buyer, booking, secret)
}

async fn goes_on(app: &TestApp, buyer: &GuestBuyer, booking: Uuid, secret: &str) {
    let path = format!("/payments/simulated/{secret}/complete");
    app.post(&path, &json!({ "outcome": "success" })).await;
    assert_eq!(buyer.settled(app, booking).await.status, BookingStatus::Confirmed);
}

#[tokio::test]
async fn sagas_are_for_administrators_and_tell_no_secret() {
    let (app, admin, buyer, booking, secret) = waiting_checkout().await;
    app.get("/admin/sagas").await.assert_problem(401, "/problems/unauthorized");
    for role in [Role::Customer, Role::Organizer, Role::Controller] {
        let token = account(&app, role.as_str(), role, None).await;
        let refused = app.as_user(&token).get("/admin/sagas").await;
        refused.assert_problem(403, "/problems/forbidden");
    }
    let admin = app.as_user(&admin);
    let listed = admin.get("/admin/sagas?kind=checkout&status=waiting").await;
    assert!(!listed.text.contains(&secret), "{}", listed.text);
    let saga = sagas(&listed).remove(0);
    assert_eq!((saga.subject_id, saga.step.as_deref()), (booking, Some("awaiting")));
    assert!(saga.booking_reference.is_some_and(|text| text.starts_with("HF-")));
    assert_eq!(sagas(&admin.get(WAITING).await), []);
    admin.get("/admin/sagas?kind=voyage").await.assert_field("kind");
    admin.get("/admin/sagas?status=lost").await.assert_field("status");
    let path = format!("/admin/sagas/{}/retry", saga.id);
    let refused = admin.post(&path, &json!({})).await;
    refused.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(refused.problem().reasons, ["waiting"]);
    let unknown = admin.post(&format!("/admin/sagas/{booking}/retry"), &json!({})).await;
    unknown.assert_problem(404, "/problems/not-found");
    goes_on(&app, &buyer, booking, &secret).await;
    app.finish().await;
}

#[tokio::test]
async fn sagas_are_paged_without_a_gap() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    for seat in 1..=3 {
        let buyer = GuestBuyer::holds(&app, &event, &seats(&[seat])).await;
        let body = buyer.pays_from("pm_card_visa", &format!("b{seat}@example.org"));
        assert_eq!(buyer.confirms(&app, "k", &body).await.status, 201);
    }
    let admin = app.as_user(&admin);
    let first = admin.get("/admin/sagas?limit=2").await;
    let first: SagaPage = first.read();
    let next = first.next.expect("a second page");
    let second = admin.get(&format!("/admin/sagas?limit=2&after={next}")).await;
    let second: SagaPage = second.read();
    assert_eq!(second.next, None);
    let mut seen: Vec<Uuid> = first.items.iter().chain(&second.items).map(|saga| saga.id).collect();
    assert!(seen.is_sorted_by(|a, b| a > b), "{seen:?}");
    seen.dedup();
    assert_eq!(seen.len(), 3);
    app.finish().await;
}

/// Makes it impossible to issue a ticket for seat 1, by inserting another live ticket for the seat.
async fn jam(app: &TestApp, event: &Event) -> Uuid {
    let id = app.app.base.entropy.id();
    let ticket = tickets::Model {
        id: TicketId(id),
        event_id: EventId(event.id),
        booking_id: BookingId(id),
        line_id: LineId(id),
        buyer_id: id,
        ordinal: 1,
        seat_id: Some(SeatId(1)),
        section_id: SectionId(event.seated),
        label: "jam".to_owned(),
        admits: 1,
        status: TicketState::Valid,
        issued_at: 0,
    };
    db::insert(&app.app.base.db, ticket).await.expect("a ticket");
    id
}

/// Waits until the tickets cannot be issued, then advances the clock until the saga needs attention.
async fn until_stuck(app: &TestApp, admin: &str) -> Saga {
    let fails = async || {
        let sagas = sagas(&app.as_user(admin).get("/admin/sagas").await);
        sagas.iter().any(|saga| saga.last_error.is_some())
    };
    while !fails().await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for _ in 0..MAX_TRIES {
        app.advance(BACKOFF).await;
        app.app.slices.checkouts.pass().await.expect("the pass runs");
        if let Some(saga) = sagas(&app.as_user(admin).get(WAITING).await).pop() {
            return saga;
        }
    }
    panic!("no saga needs attention");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saga_that_cannot_issue_its_tickets_waits_for_an_operator_who_sends_it_on() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let jammed = jam(&app, &event).await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = buyer.pays_with("pm_card_visa");
    let (pending, saga) =
        tokio::join!(buyer.confirms(&app, "k1", &body), until_stuck(&app, &admin));
    assert_eq!(pending.status, 202, "{}", pending.text);
    assert_eq!((saga.status, saga.step.as_deref()), (SagaStatus::NeedsAttention, Some("issuing")));
    assert_eq!(saga.reason.as_deref(), Some("issue-fails"));
    assert_eq!(saga.booking_reference, Some(pending.booking().reference));
    assert_eq!(saga.attempts, Some(20));
    let trouble = saga.last_error.expect("what went wrong");
    assert!(trouble.starts_with("issue_tickets: "), "{trouble}");
    assert!(saga.age_seconds > 3_000, "{} s", saga.age_seconds);

    telemetry::count();
    let db = &app.app.base.db;
    assert_eq!(attention::gauges_pass(db, &["checkout"]).await.expect("counted"), 1);
    assert_eq!(attention::waiting(db).await.expect("counted"), 1);
    let metrics = app.get("/metrics").await.text;
    assert!(metrics.contains("holdfast_sagas{kind=\"checkout\",status=\"needs_attention\"}"));
    assert!(metrics.contains("holdfast_saga_overdue_seconds{kind=\"checkout\"}"));

    let path = format!("/admin/sagas/{}/retry", saga.id);
    let stranger = account(&app, "customer", Role::Customer, None).await;
    let refused = app.as_user(&stranger).post(&path, &json!({})).await;
    refused.assert_problem(403, "/problems/forbidden");
    run(&app, "DELETE FROM tickets WHERE id = $1", vec![jammed.into()]).await;
    let sent = app.as_user(&admin).post(&path, &json!({})).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    assert_eq!(sent.read::<Saga>().reason, None);
    let booking = pending.id();
    assert_eq!(buyer.settled(&app, booking).await.status, BookingStatus::Confirmed);
    let told = buyer.confirms(&app, "k1", &body).await;
    assert_eq!(told.status, 201, "{}", told.text);
    let late = app.as_user(&admin).post(&path, &json!({})).await;
    late.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(late.problem().reasons, ["done"]);

    let path = format!("/admin/audit?subject_id={}", saga.id);
    let entries = app.as_user(&admin).get(&path).await.read::<AuditPage>().items;
    let profile = app.as_user(&admin).get("/auth/profile").await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0].action, "saga.retry");
    assert_eq!(entries[0].actor_id, Some(profile.id()));
    app.finish().await;
}

/// Runs `holdfast check`. Returns whether it found no breach, and its output apart from breaches.
async fn holdfast_check(app: &TestApp) -> (bool, String) {
    let mut check = program(&app.app.config, "check");
    let ran = tokio::task::spawn_blocking(move || check.output()).await.expect("a thread");
    let output = ran.expect("the program runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_who_send_a_saga_on_at_once_send_it_on_once() {
    let (app, admin, buyer, booking, secret) = waiting_checkout().await;
    // The state in which the executor leaves a saga after a bug.
    run(&app, "UPDATE sagas SET status = 'needs_attention', reason = 'illegal-transition'", vec![])
        .await;
    let saga = sagas(&app.as_user(&admin).get(WAITING).await).remove(0);
    app.app.slices.checkouts.pass().await.expect("the pass runs");
    assert_eq!(sagas(&app.as_user(&admin).get(WAITING).await).len(), 1, "nobody touches it");
    let (checked, told) = holdfast_check(&app).await;
    assert!(checked, "what waits for an operator is no breach: {told}");
    assert!(told.contains("sagas that need attention: 1"), "{told}");
    let other = app.another_node().await;
    let path = format!("/admin/sagas/{}/retry", saga.id);
    let send = async |node: &TestApp| node.as_user(&admin).post(&path, &json!({})).await.status;
    let answers = futures_util::future::join_all(
        (0..10).map(|at| send(if at % 2 == 0 { &app } else { &other })),
    )
    .await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 9, "{answers:?}");
    goes_on(&app, &buyer, booking, &secret).await;
    other.stop().await;
    app.finish().await;
}

#[tokio::test]
async fn a_damaged_saga_is_shown_and_not_tried_for_ever() {
    let (app, admin, buyer, booking, secret) = waiting_checkout().await;
    let admin = app.as_user(&admin);
    let saga = sagas(&admin.get("/admin/sagas").await).remove(0);
    let id = saga.id;
    let db = &app.app.base.db;
    let state = |row: sea_orm::QueryResult| row.try_get::<String>("", "state").expect("a state");
    let kept = db.one("SELECT state FROM sagas WHERE id = $1", vec![id.into()]).await;
    let kept = state(kept.expect("a row").expect("a saga"));
    run(&app, "UPDATE sagas SET state = 'nonsense' WHERE id = $1", vec![id.into()]).await;
    app.advance(BACKOFF).await;
    app.app.slices.checkouts.pass().await.expect("the pass runs");
    let stuck = sagas(&admin.get(WAITING).await).remove(0);
    assert_eq!((stuck.reason.as_deref(), stuck.step), (Some("unreadable"), None));
    let path = format!("/admin/sagas/{id}/retry");
    let refused = admin.post(&path, &json!({})).await;
    refused.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(refused.problem().reasons, ["unreadable"]);
    assert_eq!(sagas(&admin.get(WAITING).await).len(), 1);
    run(&app, "UPDATE sagas SET state = $2 WHERE id = $1", vec![id.into(), kept.into()]).await;
    assert_eq!(admin.post(&path, &json!({})).await.status, 200);
    goes_on(&app, &buyer, booking, &secret).await;
    app.finish().await;
}

#[tokio::test]
async fn a_saga_of_a_newer_program_is_left_to_that_program() {
    let (app, admin, buyer, booking, secret) = waiting_checkout().await;
    let admin = app.as_user(&admin);
    let db = &app.app.base.db;
    let text = "SELECT state, fence, version FROM sagas";
    let read = async || db.one(text, vec![]).await.expect("a row").expect("a saga");
    let kept: String = read().await.try_get("", "state").expect("a state");
    run(&app, "UPDATE sagas SET format = 99, state = '{\"format\":99}'", vec![]).await;
    let before = read().await;
    for _ in 0..3 {
        // Later than each time at which a worker would look at the saga, and earlier than the payment's deadline.
        app.advance(BACKOFF / 5).await;
        assert_eq!(app.app.slices.checkouts.pass().await.expect("the pass runs"), 0);
    }
    let after = read().await;
    for column in ["fence", "version"] {
        let of = |row: &sea_orm::QueryResult| {
            row.try_get::<i64>("", column)
                .or_else(|_| row.try_get::<i32>("", column).map(i64::from))
                .expect("a number")
        };
        assert_eq!(of(&before), of(&after), "{column}: the older program touched it");
    }
    let shown = sagas(&admin.get("/admin/sagas").await).remove(0);
    assert_eq!((shown.status, shown.step), (SagaStatus::Waiting, None));
    // A buyer who asks meanwhile learns that the payment is under way, and nothing about a fault.
    assert_eq!(buyer.reads_booking(&app, booking).await.status, BookingStatus::Pending);
    run(&app, "UPDATE sagas SET format = 1, state = $1", vec![kept.into()]).await;
    goes_on(&app, &buyer, booking, &secret).await;
    app.finish().await;
}
