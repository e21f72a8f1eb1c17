//! Refunds that failed at the bank: one of several refunds, and failures without a webhook.

use super::*;

const ONE_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The statuses of the refunds of the lines with their reasons, in the order of the lines.
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
    rig.fake.set_mode(Mode::Hold);
    stripe_rig::tell(&rig.app, &rig.fake);
    assert!(rig.fake.fail_refund(&rig.fake.refunds()[0].id, "expired_or_canceled_card"));
    // Only one of three events arrives.
    let told = rig.fake.events().pop().expect("an event");
    assert_eq!(rig.fake.deliver(&told).await, Some(204));
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
    let waiting: SagaPage = waiting.read();
    assert!(!waiting.items.is_empty(), "nothing waits for an operator");
    for saga in waiting.items {
        let path = format!("/admin/sagas/{}/retry", saga.id);
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
    // An operator retries the refund, and no response arrives: the refund stays under way for a long time.
    rig.fake.fail("refund", CallFault::LostRequest, RETRY_ALL);
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
        rig.app.app.slices.cancellations.refunds.pass().await.expect("the pass runs");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    rig.ends_with(&paid, &payment, 9_000).await;
}

#[tokio::test]
async fn a_refund_that_fails_while_it_waits_for_an_operator_is_made_anew() {
    let rig = rig().await;
    let (paid, payment) = rig.paid(&seats(&[1])).await;
    rig.fake.fail("refund", CallFault::LostReply, RETRY_ALL);
    paid.cancels(&rig.app, None).await;
    rig.waits_for("refund-fails").await;
    rig.fake.heal();
    stripe_rig::tell(&rig.app, &rig.fake);
    // Stripe made the refund and would repeat this response for the key forever, but the bank could not deliver it.
    assert!(rig.fake.fail_refund(&rig.fake.refunds()[0].id, "expired_or_canceled_card"));
    inbox_is_settled(&rig).await;
    rig.waits_for("refund-fails").await;
    rig.operator_retries().await;
    rig.is_done().await;
    assert_eq!(rig.keys().len(), 2, "{:?}", rig.keys());
    rig.ends_with(&paid, &payment, 4500).await;
}

/// The number of times that the server looked at a payment's refunds.
fn looks(rig: &Rig) -> usize {
    rig.fake.seen().iter().filter(|seen| seen.call == "list_refunds").count()
}

async fn looks_again(rig: &Rig) -> u64 {
    rig.app.app.slices.cancellations.refunds.failed_pass().await.expect("the pass runs")
}

#[tokio::test]
async fn a_refund_that_failed_without_a_word_is_found_and_taken_back_once() {
    let rig = rig().await;
    let (paid, payment) = rig.paid(&seats(&[1, 2])).await;
    let (_, events) = rig.bounces(&paid).await;
    // For a day, no pass looks at the refund.
    assert_eq!(looks_again(&rig).await, 0);
    assert_eq!((rig.rests().await.0.as_str(), looks(&rig)), ("done", 0));
    rig.advance(ONE_DAY).await;
    // Two nodes look at the refund, and the webhook arrives after all.
    let (first, second) = tokio::join!(looks_again(&rig), looks_again(&rig));
    assert!(first + second <= 1, "{first} and {second}");
    rig.waits_for("refund-failed").await;
    stripe_rig::tell(&rig.app, &rig.fake);
    for event in &events {
        assert_eq!(rig.fake.deliver(event).await, Some(204));
    }
    inbox_is_settled(&rig).await;
    rig.waits_for("refund-failed").await;
    let entries = "SELECT COUNT(*) AS postings FROM ledger_entries WHERE account = 'refunded'";
    let row = rig.app.app.base.db.one(entries, vec![]).await.expect("a look").expect("a row");
    assert_eq!(row.try_get::<i64>("", "postings").expect("a number"), 2);
    assert_eq!(rig.differences().await, []);
    rig.operator_retries().await;
    rig.is_done().await;
    assert_eq!(rig.keys().len(), 2, "{:?}", rig.keys());
    // The new refund is checked again, and the old failure changes nothing any more.
    rig.advance(ONE_DAY).await;
    looks_again(&rig).await;
    rig.ends_with(&paid, &payment, 9_000).await;
}

#[tokio::test]
async fn a_refund_is_looked_at_less_and_less_often_and_not_for_ever() {
    let rig = rig().await;
    let (paid, payment) = rig.paid(&seats(&[1])).await;
    paid.cancels(&rig.app, None).await;
    rig.is_done().await;
    // At first no response arrives: the server asks again soon, and not a day later.
    rig.fake.fail("list_refunds", CallFault::LostRequest, 1);
    rig.advance(ONE_DAY).await;
    looks_again(&rig).await;
    assert_eq!((looks_again(&rig).await, looks(&rig)), (0, 1));
    rig.advance(Duration::from_secs(10 * 60)).await;
    looks_again(&rig).await;
    let mut days = vec![];
    for day in 2..=70 {
        let before = looks(&rig);
        rig.advance(ONE_DAY).await;
        looks_again(&rig).await;
        if looks(&rig) > before {
            days.push(day);
        }
    }
    assert_eq!(days, [2, 4, 8, 16, 32]);
    rig.ends_with(&paid, &payment, 4500).await;
}
