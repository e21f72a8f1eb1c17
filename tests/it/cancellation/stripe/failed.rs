//! Refunds that failed at the bank, several of one payment.

use super::*;

/// Where the refunds of the lines stand, in the order of the lines.
async fn reasons(app: &TestApp) -> Vec<(String, Option<String>)> {
    let text = "SELECT g.status, g.reason FROM sagas g JOIN refund_lines x ON x.refund_id = g.id \
                JOIN booking_lines l ON l.id = x.line_id WHERE g.kind = 'refund' ORDER BY l.seat_id";
    let rows = app.app.base.db.all(text, vec![]).await.expect("a look");
    let standing = |row: &sea_orm::QueryResult| {
        (row.try_get("", "status").expect("a word"), row.try_get("", "reason").expect("a word"))
    };
    rows.iter().map(standing).collect()
}

fn waits_for_operator() -> (String, Option<String>) {
    ("needs_attention".to_owned(), Some("refund-failed".to_owned()))
}

#[tokio::test]
async fn what_was_given_back_by_hand_for_two_refunds_and_fails_is_taken_back_for_both() {
    let rig = rig().await;
    let (paid, payment) = rig.paid(&seats(&[1, 2])).await;
    assert!(rig.fake.refund_by_hand(&payment, 9_000));
    for line in [0, 1] {
        paid.cancels(&rig.app, Some(&json!({ "line_ids": [paid.line(line)] }))).await;
    }
    all_refunded(&rig.app).await;
    stripe_rig::tell(&rig.app, &rig.fake);
    assert!(rig.fake.fail_refund(&rig.fake.refunds()[0].id, "expired_or_canceled_card"));
    for _ in 0..LOOKS {
        if reasons(&rig.app).await == [waits_for_operator(), waits_for_operator()] {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    assert_eq!(reasons(&rig.app).await, [waits_for_operator(), waits_for_operator()]);
    assert_eq!(rig.differences().await, []);
    let admin = rig.app.as_user(&rig.admin);
    let waiting = admin.get("/admin/sagas?status=needs_attention&kind=refund").await;
    for saga in waiting.body["items"].as_array().expect("sagas") {
        let path = format!("/admin/sagas/{}/retry", saga["id"].as_str().expect("an id"));
        assert_eq!(admin.post(&path, &json!({})).await.status, 200);
    }
    all_refunded(&rig.app).await;
    rig.ends_with(&paid, &payment, 9_000).await;
}

#[tokio::test]
async fn a_refund_that_failed_does_not_wait_for_another_that_is_made_anew() {
    let rig = rig().await;
    let (paid, payment) = rig.paid(&seats(&[1, 2])).await;
    for line in [0, 1] {
        paid.cancels(&rig.app, Some(&json!({ "line_ids": [paid.line(line)] }))).await;
        all_refunded(&rig.app).await;
    }
    stripe_rig::tell(&rig.app, &rig.fake);
    let (first, second) = (rig.fake.refunds()[0].id.clone(), rig.fake.refunds()[1].id.clone());
    assert!(rig.fake.fail_refund(&second, "expired_or_canceled_card"));
    for _ in 0..LOOKS {
        if reasons(&rig.app).await[1] == waits_for_operator() {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    // An operator sends it on, and nobody answers: it is under way for long.
    rig.fake.fail("refund", Fault::LostRequest, RETRY_ALL);
    rig.operator_retries().await;
    assert!(rig.fake.fail_refund(&first, "expired_or_canceled_card"));
    for _ in 0..LOOKS {
        if reasons(&rig.app).await[0] == waits_for_operator() {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let standing = reasons(&rig.app).await;
    assert_eq!((&standing[0], standing[1].0.as_str()), (&waits_for_operator(), "running"));
    rig.fake.heal();
    rig.operator_retries().await;
    for _ in 0..MAX_TRIES {
        if reasons(&rig.app).await.iter().all(|(status, _)| status == "done") {
            break;
        }
        rig.advance(BACKOFF).await;
        rig.app.app.cancellations.refunds.pass().await.expect("the pass runs");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    rig.ends_with(&paid, &payment, 9_000).await;
}
