//! The gateway's books against ours: the comparison reports nothing while they agree, and finds each difference that
//! a test creates.

use holdfast::{
    kernel::db::Sql,
    money::ledger::reconcile::{Difference, DifferenceKind},
};
use serde_json::json;

use crate::support::{
    buyer::GuestBuyer,
    fixture::{Event, seats},
    harness::TestApp,
    paid::{Paid, all_refunded, app_with_event},
    process,
};

async fn differences(app: &TestApp) -> Vec<Difference> {
    app.app.slices.ledger.differences(30).await.expect("the books are compared")
}

/// Payments in every state: confirmed, refunded in part and in whole, declined, capture refused, cancelled.
async fn busy() -> (TestApp, Event, Paid) {
    let (app, event) = app_with_event().await;
    let paid = Paid::of(&app, &event, &seats(&[1, 2])).await;
    paid.cancels(&app, Some(&json!({ "line_ids": [paid.line(0)] }))).await;
    let whole = Paid::of(&app, &event, &seats(&[3])).await;
    whole.cancels(&app, None).await;
    for (seat, method) in [(4, "pm_card_chargeDeclined"), (5, "pm_sim_capture_fails")] {
        let buyer = GuestBuyer::holds(&app, &event, &seats(&[seat])).await;
        let failed = buyer.confirms(&app, "fails", &buyer.pays_with(method)).await;
        assert!(failed.status >= 400, "{}", failed.text);
    }
    all_refunded(&app).await;
    (app, event, paid)
}

#[tokio::test]
async fn books_that_agree_are_not_mentioned() {
    let (app, event, _) = busy().await;
    assert_eq!(differences(&app).await, []);
    // A buyer is paying at this moment.
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[6])).await;
    let body = buyer.pays_with("pm_card_authenticationRequired");
    assert_eq!(buyer.confirms(&app, "3ds", &body).await.status, 202);
    assert_eq!(differences(&app).await, []);
    app.finish().await;
}

/// Creates a difference in one of the books, and expects that the comparison reports exactly this difference of the
/// payment.
async fn check(fault: &str, is_found: impl Fn(&DifferenceKind) -> bool) {
    let (app, _, paid) = busy().await;
    let db = &app.app.base.db;
    let row = db
        .one("SELECT intent_id FROM payments WHERE booking_id = $1", vec![paid.id().into()])
        .await;
    let payment: String =
        row.expect("a look").expect("a payment").try_get("", "intent_id").expect("a name");
    let changed = db.run(fault, vec![payment.as_str().into()]).await;
    assert!(changed.expect("a fault") > 0, "{fault}");
    let found = differences(&app).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].payment.0, payment);
    assert!(is_found(&found[0].kind), "{found:#?}");
    assert!(found[0].to_string().contains(&payment));
    // The books disagree on purpose, so the invariants would fail, too.
    app.stop().await;
}

#[tokio::test]
async fn money_that_nobody_here_knows_of_is_reported() {
    check("DELETE FROM payments WHERE intent_id = $1", |kind| {
        *kind == DifferenceKind::UnknownHere { there: 4500 }
    })
    .await;
}

#[tokio::test]
async fn a_capture_that_the_gateway_does_not_know_is_reported() {
    // The payment looks older than the compared time, so the gateway does not list it.
    check("UPDATE simulated_payments SET created_at = 0 WHERE id = $1", |kind| {
        *kind == DifferenceKind::UnknownThere { here: 9000 }
    })
    .await;
}

#[tokio::test]
async fn an_amount_that_differs_is_reported() {
    check("UPDATE simulated_payments SET amount_minor = 9001 WHERE id = $1", |kind| {
        matches!(kind, DifferenceKind::Amount { .. })
    })
    .await;
}

#[tokio::test]
async fn a_capture_that_differs_is_reported() {
    check("UPDATE simulated_payments SET captured_minor = 8999 WHERE id = $1", |kind| {
        *kind == DifferenceKind::Captured { here: 9000, there: 8999 }
    })
    .await;
}

#[tokio::test]
async fn a_refund_that_differs_is_reported() {
    check("UPDATE simulated_payments SET refunded_minor = 4600 WHERE id = $1", |kind| {
        *kind == DifferenceKind::Refunded { here: 4500, there: 4600 }
    })
    .await;
}

#[tokio::test]
async fn a_ledger_that_differs_from_its_payment_is_reported() {
    check(
        "UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE account = 'captured' \
         AND booking_id = (SELECT booking_id FROM payments WHERE intent_id = $1)",
        |kind| *kind == DifferenceKind::Ledger { payment: 4500, ledger: 4501 },
    )
    .await;
}

#[tokio::test]
async fn an_authorization_that_outlives_its_booking_is_reported() {
    let (app, event, _) = busy().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[7])).await;
    let body = buyer.pays_with("pm_sim_capture_fails");
    let failed = buyer.confirms(&app, "fails", &body).await;
    failed.assert_problem(409, "/problems/reservation-not-active");
    let db = &app.app.base.db;
    let text = "UPDATE simulated_payments SET status = 'requires_capture' WHERE status = 'canceled' \
                AND id = (SELECT MAX(id) FROM simulated_payments WHERE status = 'canceled')";
    assert_eq!(db.run(text, vec![]).await.expect("a fault"), 1);
    let found = differences(&app).await;
    let open = DifferenceKind::StillOpen { booking: "failed".to_owned() };
    assert_eq!(found.iter().map(|found| &found.kind).collect::<Vec<_>>(), [&open], "{found:#?}");
    app.stop().await;
}

#[tokio::test]
async fn the_command_says_each_difference_and_exits_with_one() {
    let (app, ..) = busy().await;
    let agreed = process::reconcile(&app, &[]).await;
    assert!(agreed.status.success() && agreed.stdout.is_empty(), "{agreed:?}");
    let text = "UPDATE simulated_payments SET refunded_minor = refunded_minor - 1 \
                WHERE refunded_minor = 4500 AND captured_minor = 9000";
    assert_eq!(app.app.base.db.run(text, vec![]).await.expect("a fault"), 1);
    let differs = process::reconcile(&app, &[]).await;
    assert_eq!(differs.status.code(), Some(1), "{differs:?}");
    let said = String::from_utf8_lossy(&differs.stdout);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("refunded 4500 here, 4499 at the gateway"), "{said}");
    app.stop().await;
}
