//! A step that always fails: the checkout does not try forever and does not pretend to succeed. It needs attention,
//! and the seats are kept as long as the payment can still take money.

use std::time::{Duration, Instant};

use holdfast::kernel::db::Sql;

use super::drive::{booking_of, confirm};
use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Like, seats},
    harness::TestApp,
    process::Node,
};

/// A time longer than the longest wait after a failure.
const WAIT: Duration = Duration::from_secs(6 * 60);
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Pays under these faults, and expects that the saga needs an operator for this reason, with the seat and the
/// payment in these states.
async fn check(
    method: &str,
    faults: &str,
    reason: &str,
    seat: &str,
    payment: Option<&str>,
    taken: i64,
) {
    let app = TestApp::apart().await;
    let event = fixture::event(&app, Like::default()).await;
    let node = Node::start_with(&app.app.config, &[("HOLDFAST_FAULTS", faults)]).await;
    app.talks_to(node.address);
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let asks = tokio::spawn(confirm(&node, &buyer, &buyer.pays_with(method)).send());
    let live =
        "SELECT COUNT(*) AS found FROM sagas WHERE status IN ('running', 'waiting', 'undoing')";
    let begun = "SELECT COUNT(*) AS found FROM sagas";
    let waiting = "SELECT COUNT(*) AS found FROM sagas WHERE status IN ('running', 'waiting', \
        'undoing') AND due_at > {now}";
    let started = Instant::now();
    while app.number(begun).await == 0 || app.number(live).await > 0 {
        assert!(started.elapsed() < PATIENCE, "it tries for ever:\n{}", node.log());
        // The clock moves only while the saga waits, so that the whole test covers an hour and not a day.
        if app.number(waiting).await > 0 {
            app.advance(WAIT).await;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let told = asks.await.expect("a task").expect("an answer");
    assert_eq!(told.status(), 202, "nobody knows how it will end");
    let row = app
        .app
        .base
        .db
        .one(
            "SELECT g.status AS saga, g.reason, b.status AS booking, s.status AS seat, \
             p.status AS payment FROM sagas g JOIN bookings b ON b.id = g.subject_id \
             LEFT JOIN payments p ON p.booking_id = b.id \
             JOIN seats s ON s.event_id = $2 AND s.seat_id = 1 WHERE b.id = $1",
            vec![booking_of(&app, &buyer).await.into(), event.id.into()],
        )
        .await;
    let row = row.expect("the store answers").expect("a row");
    let text = |name: &str| row.try_get::<Option<String>>("", name).expect("a text");
    let found = ["saga", "reason", "booking", "seat", "payment"].map(text);
    let wanted = [Some("needs_attention"), Some(reason), Some("pending"), Some(seat), payment];
    assert_eq!(found, wanted.map(|it| it.map(str::to_owned)));
    let captured = "SELECT CAST(COALESCE(SUM(captured_minor), 0) AS bigint) AS found \
        FROM simulated_payments";
    assert_eq!(app.number(captured).await, taken);
    app.finish().await;
}

#[tokio::test]
async fn a_payment_that_cannot_be_voided_keeps_its_seats_and_calls_an_operator() {
    check(
        "pm_card_visa",
        "confirm_seats=refuse,void=drop*200",
        "void-fails",
        "paying",
        Some("authorized"),
        0,
    )
    .await;
}

#[tokio::test]
async fn a_payment_whose_id_cannot_be_learnt_keeps_its_seats_and_calls_an_operator() {
    // The first responses are lost until the deadline, and the rest while the checkout is being undone.
    check("pm_card_visa", "prepare=drop*200", "find-fails", "paying", None, 0).await;
}

#[tokio::test]
async fn seats_that_cannot_be_given_back_call_an_operator() {
    check(
        "pm_card_chargeDeclined",
        "release_seats=fail*200",
        "release-fails",
        "paying",
        Some("declined"),
        0,
    )
    .await;
}

#[tokio::test]
async fn tickets_that_cannot_be_issued_call_an_operator() {
    let faults = "issue_tickets=fail*200";
    check("pm_card_visa", faults, "issue-fails", "sold", Some("authorized"), 4500).await;
}
