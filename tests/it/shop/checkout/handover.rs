//! Several nodes and one saga: which node has it, which node takes it over, and what happens to a node that returns
//! late.

use std::time::Duration;

use futures_util::future::join_all;
use holdfast::kernel::{db::Sql, ports::payments::SecondStep, saga::WakeRequest};
use holdfast_contract::bookings::{Booking, BookingPage, BookingStatus};
use serde_json::Value;

use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Like, app_with_event, seats},
    harness::TestApp,
    process::Node,
};

/// A time longer than the lease of a silent worker.
const LEASE: Duration = Duration::from_secs(6);
/// The maximum wait for a store that a paused process has locked.
const LOCKED: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const MAX_LOOKS: usize = 1_000;
/// The slow payment method: its authorization takes 10 s.
const SLOW: &str = "pm_sim_slow";

/// The fence and the version of the only saga.
async fn hold_on(app: &TestApp) -> (i64, i64) {
    (
        app.number("SELECT fence AS found FROM sagas").await,
        app.number("SELECT CAST(version AS bigint) AS found FROM sagas").await,
    )
}

/// Sends a confirm to another node, and waits until that node has called the gateway.
async fn authorizes_at(
    app: &TestApp,
    node: &Node,
    buyer: &GuestBuyer,
    body: &Value,
) -> tokio::task::JoinHandle<Result<(u16, String), reqwest::Error>> {
    let request = app
        .client()
        .post(node.url("/bookings/confirm"))
        .header("X-Guest-Token", &buyer.token)
        .header("Idempotency-Key", "k1")
        .json(body);
    let asked = tokio::spawn(async move {
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    });
    // The authorization follows at once.
    let authorizing = "SELECT COUNT(*) AS found FROM simulated_payments";
    for _ in 0..MAX_LOOKS {
        if app.number(authorizing).await == 1 {
            return asked;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    panic!("no payment is being authorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_want_the_same_sagas_perform_each_step_once() {
    let (app, event) = app_with_event().await;
    let other = app.another_node().await;
    let mut waiting = Vec::new();
    for seat in 1..=8 {
        let buyer = GuestBuyer::holds(&app, &event, &seats(&[seat])).await;
        let body =
            buyer.pays_from("pm_card_authenticationRequired", &format!("buyer-{seat}@example.org"));
        let waits = buyer.confirms(&app, "k1", &body).await;
        let secret = waits.client_secret();
        let bank = app.app.slices.checkouts.bank.clone().expect("the simulated bank");
        bank.second_step(&secret, SecondStep::Succeeds).await.expect("the bank says yes");
        let booking = waits.id();
        waiting.push((buyer, booking));
    }
    let wakes = (0..10).flat_map(|_| waiting.iter()).enumerate().map(|(at, (_, booking))| {
        let node = if at % 2 == 0 { &app } else { &other };
        let booking = *booking;
        async move {
            node.app.slices.checkouts.executor.wake(booking, WakeRequest::Look).await.map(|_| 0)
        }
    });
    let passes = (0..20).map(|at| {
        let node = if at % 2 == 0 { &app } else { &other };
        node.app.slices.checkouts.pass()
    });
    let (woken, passed) = tokio::join!(join_all(wakes), join_all(passes));
    assert!(woken.into_iter().chain(passed).all(|done| done.is_ok()));
    for (buyer, booking) in &waiting {
        assert_eq!(buyer.settled(&app, *booking).await.status, BookingStatus::Confirmed);
    }
    for (text, expected) in [
        ("SELECT COUNT(*) AS found FROM tickets", 8),
        ("SELECT COUNT(*) AS found FROM ledger_entries", 16),
        ("SELECT COUNT(*) AS found FROM payments WHERE status = 'captured'", 8),
        // Each payment was captured under its first key, so no node concluded that the call of another node was lost.
        (
            "SELECT COUNT(*) AS found FROM simulated_payments WHERE capture_key LIKE '%:capture:1'",
            8,
        ),
    ] {
        assert_eq!(app.number(text).await, expected, "{text}");
    }
    other.stop().await;
    app.finish().await;
}

/// Pauses the process outside of any transaction. Otherwise SQLite's one lock would block every other process, which
/// no network failure does.
async fn pause(app: &TestApp, node: &Node) {
    for _ in 0..MAX_LOOKS {
        node.signal("STOP");
        if tokio::time::timeout(LOCKED, app.advance(Duration::ZERO)).await.is_ok() {
            return;
        }
        node.signal("CONT");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    panic!("the process is never outside of a transaction");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_paused_past_its_lease_comes_back_to_a_saga_that_is_not_its_own() {
    let (app, event) = app_with_event().await;
    let node = Node::start(&app.app.config).await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1, 2])).await;
    let body = buyer.pays_with(SLOW);
    let asked = authorizes_at(&app, &node, &buyer, &body).await;
    let (fence, _) = hold_on(&app).await;
    pause(&app, &node).await;
    // The gateway responds quickly again to the next question.
    let quick = "UPDATE simulated_payments SET method = 'pm_card_visa'";
    app.app.base.db.run(quick, vec![]).await.expect("the gateway is quick");
    app.advance(LEASE).await;
    let mine: BookingPage = buyer.gets(&app, "/bookings/me").await.read();
    let settled = buyer.settled(&app, mine.items[0].id).await;
    assert_eq!(settled.status, BookingStatus::Confirmed);
    let owned = hold_on(&app).await;
    assert!(owned.0 > fence, "another worker took it up under a fence of its own");
    node.signal("CONT");
    // The paused node continues and finishes its call, but may record nothing. The buyer who waits for this node gets
    // the result of the other node.
    let (status, text) = asked.await.expect("a task").expect("an answer");
    assert_eq!(status, 201, "{text}");
    assert_eq!(buyer.confirms(&app, "k1", &body).await.text, text);
    // The node renews its lease every one and a half seconds, and its call ends after ten seconds.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(hold_on(&app).await, owned, "the late worker wrote");
    for (text, expected) in [
        ("SELECT COUNT(*) AS found FROM tickets", 2),
        ("SELECT COUNT(*) AS found FROM ledger_entries", 2),
        ("SELECT COUNT(*) AS found FROM simulated_payments", 1),
    ] {
        assert_eq!(app.number(text).await, expected, "{text}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_told_to_end_and_started_again_goes_on_with_its_own_sagas() {
    // No other node exists that could take the sagas over.
    let app = TestApp::apart().await;
    let event = fixture::event(&app, Like::default()).await;
    let mut node = Node::start(&app.app.config).await;
    app.talks_to(node.address);
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = buyer.pays_with(SLOW);
    let asked = authorizes_at(&app, &node, &buyer, &body).await;
    let (_, version) = hold_on(&app).await;
    node.signal("TERM");
    let status = node.ends().await;
    assert!(status.success(), "{status}");
    let (status, text) = asked.await.expect("a task").expect("an answer");
    assert_eq!(status, 202, "{text}");
    let handed = hold_on(&app).await;
    assert!(handed.1 > version, "the step that it was at is recorded: {handed:?}");
    let live = "SELECT COUNT(*) AS found FROM sagas WHERE status = 'running' AND lease_until = 0";
    assert_eq!(app.number(live).await, 1, "it is left to be taken up");
    let again = Node::start(&app.app.config).await;
    app.talks_to(again.address);
    let booking: Booking = serde_json::from_str(&text).expect("a booking");
    let settled = buyer.settled(&app, booking.id).await;
    assert_eq!(settled.status, BookingStatus::Confirmed);
    let keys = "SELECT COUNT(*) AS found FROM simulated_payments \
        WHERE authorize_key LIKE '%:authorize:1' AND capture_key LIKE '%:capture:1'";
    assert_eq!(app.number(keys).await, 1, "no step was made twice");
    assert_eq!(buyer.confirms(&app, "k1", &body).await.status, 201);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_told_to_end_finishes_its_step_and_hands_the_saga_over() {
    let (app, event) = app_with_event().await;
    let mut node = Node::start(&app.app.config).await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = buyer.pays_with(SLOW);
    let asked = authorizes_at(&app, &node, &buyer, &body).await;
    let (fence, version) = hold_on(&app).await;
    node.signal("TERM");
    let status = node.ends().await;
    assert!(status.success(), "{status}");
    // The ending node records its current step under its own fence before another node claims the saga, unless the
    // other node was faster.
    let handed = hold_on(&app).await;
    assert!(handed.0 >= fence && handed.1 > version, "{handed:?}");
    let (status, text) = asked.await.expect("a task").expect("an answer");
    assert_eq!(status, 202, "{text}");
    let booking: Booking = serde_json::from_str(&text).expect("a booking");
    let settled = buyer.settled(&app, booking.id).await;
    assert_eq!(settled.status, BookingStatus::Confirmed);
    let keys = "SELECT COUNT(*) AS found FROM simulated_payments \
        WHERE authorize_key LIKE '%:authorize:1' AND capture_key LIKE '%:capture:1'";
    assert_eq!(app.number(keys).await, 1);
    assert_eq!(buyer.confirms(&app, "k1", &body).await.status, 201);
    app.finish().await;
}
