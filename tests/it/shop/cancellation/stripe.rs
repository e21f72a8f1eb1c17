//! Refunds through Stripe, over the fake: calls that Stripe answers with a stored fault, forgets, refuses because
//! somebody was faster, or cannot deliver; and operators who retry. At the end, the money is refunded once.

mod failed;

use holdfast::{app::App, money::ledger::reconcile::DifferenceKind};
use holdfast_contract::operators::{AuditPage, SagaPage};
use holdfast_domain::access::Role;
use holdfast_fake_stripe::{CallFault, FakeStripe, Mode};
use reqwest::Method;

use super::*;
use crate::support::{fixture::account, stripe_rig};

/// A time longer than the longest wait between two tries.
const BACKOFF: Duration = Duration::from_secs(301);
/// A number of tries larger than that of any refund, including its waits for calls that may be under way.
const MAX_TRIES: usize = 200;
const DAY: Duration = Duration::from_secs(25 * 60 * 60);
const RETRY_ALL: u32 = 100;

struct Rig {
    app: TestApp,
    fake: FakeStripe,
    event: Event,
    admin: String,
}

async fn rig() -> Rig {
    let (app, fake) = stripe_rig::start().await;
    let event = fixture::event(&app, Like::default()).await;
    fixture::refundable(&app, &event).await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    Rig { app, fake, event, admin }
}

/// The status of a refund's saga, with the reason.
async fn standing(app: &App) -> (String, Option<String>, Option<String>) {
    let text = "SELECT status, reason, last_error FROM sagas WHERE kind = 'refund'";
    let row = app.base.db.one(text, vec![]).await.expect("a look").expect("a refund");
    let word = |name: &str| row.try_get("", name).expect("a word");
    (row.try_get("", "status").expect("a word"), word("reason"), word("last_error"))
}

impl Rig {
    async fn paid(&self, wish: &Value) -> (Paid, String) {
        let paid = Paid::of(&self.app, &self.event, wish).await;
        (paid, self.fake.intents().last().expect("a payment").id.clone())
    }

    /// Advances the clock until the refund is over or waits for an operator.
    async fn rests(&self) -> (String, Option<String>) {
        for _ in 0..MAX_TRIES {
            let (status, reason, _) = standing(&self.app.app).await;
            if ["done", "needs_attention"].contains(&status.as_str()) {
                return (status, reason);
            }
            self.advance(BACKOFF).await;
            self.app.app.slices.cancellations.refunds.pass().await.expect("the pass runs");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("a refund is on its way for too long: {:?}", standing(&self.app.app).await);
    }

    /// Advances the clock of the server and of Stripe, between two drives of a refund.
    async fn advance(&self, by: Duration) {
        self.app.at_rest().await;
        self.app.advance(by).await;
        self.fake.advance(by);
    }

    async fn waits_for(&self, reason: &str) {
        assert_eq!(self.rests().await, ("needs_attention".to_owned(), Some(reason.to_owned())));
    }

    async fn is_done(&self) {
        assert_eq!(self.rests().await, ("done".to_owned(), None));
    }

    /// The whole booking is refunded, and then the bank cannot deliver the refund. Returns the name of the refund and
    /// the events that report the failure.
    async fn bounces(&self, paid: &Paid) -> (String, Vec<Value>) {
        paid.cancels(&self.app, None).await;
        self.is_done().await;
        let refund = self.fake.refunds().remove(0).id;
        let told = self.fake.events().len();
        assert!(self.fake.fail_refund(&refund, "expired_or_canceled_card"));
        (refund, self.fake.events().split_off(told))
    }

    /// An operator retries the refund that needs attention.
    async fn operator_retries(&self) {
        let admin = self.app.as_user(&self.admin);
        let waiting = admin.get("/admin/sagas?status=needs_attention&kind=refund").await;
        let saga = waiting.read::<SagaPage>().items.remove(0);
        assert!(saga.last_error.is_some(), "{saga:?}");
        let path = format!("/admin/sagas/{}/retry", saga.id);
        let sent = admin.post(&path, &json!({})).await;
        assert_eq!(sent.status, 200, "{}", sent.text);
        let audit = admin.get(&format!("/admin/audit?subject_id={}", saga.id)).await;
        assert_eq!(audit.read::<AuditPage>().items[0].action, "saga.retry", "{}", audit.text);
        let late = admin.post(&path, &json!({})).await;
        late.assert_problem(409, "/problems/illegal-transition");
    }

    /// The idempotency keys of the refund calls.
    fn keys(&self) -> Vec<String> {
        let refunds = self.fake.seen().into_iter().filter(|seen| seen.call == "refund");
        let mut keys: Vec<String> = refunds.filter_map(|seen| seen.key).collect();
        keys.dedup();
        keys
    }

    async fn differences(&self) -> Vec<DifferenceKind> {
        let found =
            self.app.app.slices.ledger.differences(30).await.expect("the books are compared");
        found.into_iter().map(|difference| difference.kind).collect()
    }

    /// The refund is done, and the payment's whole amount is refunded, once.
    async fn ends_with(self, paid: &Paid, payment: &str, amount: i64) {
        self.is_done().await;
        assert_eq!(self.fake.refunded(payment), amount);
        let read = paid.reads(&self.app).await;
        assert!(
            statuses(&read).iter().all(|status| *status == TicketStatus::Refunded),
            "{read:#?}"
        );
        assert_eq!(self.differences().await, []);
        stripe_rig::finish(self.app, &self.fake).await;
    }
}

#[tokio::test]
async fn a_fault_that_stripe_keeps_is_settled_by_its_books_whether_the_money_went_back_or_not() {
    for (fault, keys) in [(CallFault::ErrorBefore, 2), (CallFault::ErrorAfter, 1)] {
        let rig = rig().await;
        let (paid, payment) = rig.paid(&seats(&[1])).await;
        rig.fake.fail("refund", fault.clone(), 1);
        paid.cancels(&rig.app, None).await;
        rig.is_done().await;
        assert_eq!(rig.keys().len(), keys, "{fault:?}: {:?}", rig.keys());
        rig.ends_with(&paid, &payment, 4500).await;
    }
}

#[tokio::test]
async fn an_operator_who_sends_a_stuck_refund_on_gives_the_money_back_once() {
    for (fault, keys) in [(CallFault::ErrorBefore, 2), (CallFault::ErrorAfter, 1)] {
        let rig = rig().await;
        let (paid, payment) = rig.paid(&seats(&[1])).await;
        rig.fake.fail("refund", fault.clone(), 1);
        rig.fake.fail("list_refunds", CallFault::LostRequest, RETRY_ALL);
        paid.cancels(&rig.app, None).await;
        rig.waits_for("refund-fails").await;
        rig.fake.heal();
        rig.operator_retries().await;
        rig.is_done().await;
        assert_eq!(rig.keys().len(), keys, "{fault:?}: {:?}", rig.keys());
        rig.ends_with(&paid, &payment, 4500).await;
    }
}

#[tokio::test]
async fn an_operator_who_comes_after_stripe_forgot_the_key_gives_the_money_back_once() {
    // This refund is a part of the payment, so Stripe itself would accept a second refund.
    for (fault, keys) in [(CallFault::LostReply, 1), (CallFault::LostRequest, 2)] {
        let rig = rig().await;
        let (paid, payment) = rig.paid(&seats(&[1, 2])).await;
        rig.fake.fail("refund", fault.clone(), RETRY_ALL);
        paid.cancels(&rig.app, Some(&json!({ "line_ids": [paid.line(0)] }))).await;
        rig.waits_for("refund-fails").await;
        rig.fake.heal();
        rig.advance(DAY).await;
        rig.fake.forget_keys();
        rig.operator_retries().await;
        rig.is_done().await;
        assert_eq!(rig.keys().len(), keys, "{fault:?}: {:?}", rig.keys());
        assert_eq!(rig.fake.refunded(&payment), 4500, "{fault:?}");
        assert_eq!(rig.differences().await, []);
        stripe_rig::finish(rig.app, &rig.fake).await;
    }
}

#[tokio::test]
async fn what_somebody_gave_back_in_the_dashboard_is_counted() {
    // The manually refunded amount, and the amount that the server then asks for.
    for (by_hand, asked) in [(2_000, 7_000), (9_000, 0)] {
        let rig = rig().await;
        let (paid, payment) = rig.paid(&seats(&[1, 2])).await;
        assert!(rig.fake.refund_by_hand(&payment, by_hand));
        assert_eq!(rig.differences().await, [DifferenceKind::Refunded { here: 0, there: by_hand }]);
        paid.cancels(&rig.app, None).await;
        rig.is_done().await;
        let (.., told) = standing(&rig.app.app).await;
        let told = told.expect("it is told");
        assert!(told.contains(&format!("{by_hand} refunded manually at the gateway")), "{told}");
        let own = rig.fake.refunds().into_iter().filter(|refund| !refund.metadata.is_empty());
        assert_eq!(own.map(|refund| refund.amount).sum::<i64>(), asked);
        rig.ends_with(&paid, &payment, 9_000).await;
    }
}

#[tokio::test]
async fn what_is_missing_at_the_gateway_for_no_known_reason_waits_for_an_operator() {
    let rig = rig().await;
    let (paid, payment) = rig.paid(&seats(&[1])).await;
    rig.fake.fail("refund", CallFault::Refuse("charge_disputed".to_owned()), 1);
    paid.cancels(&rig.app, None).await;
    rig.waits_for("refund-refused").await;
    assert_eq!(rig.fake.refunded(&payment), 0);
    let (.., told) = standing(&rig.app.app).await;
    assert_eq!(told.as_deref(), Some("refund: refused (charge_disputed)"));
    rig.operator_retries().await;
    rig.ends_with(&paid, &payment, 4500).await;
}

/// Runs the pass over the inbox and advances the clock, until every event is processed.
async fn inbox_is_settled(rig: &Rig) {
    let open = "SELECT COUNT(*) AS open FROM webhook_events WHERE status = 'new'";
    for _ in 0..LOOKS {
        let row = rig.app.app.base.db.one(open, vec![]).await.expect("a look").expect("a row");
        if row.try_get::<i64>("", "open").expect("a number") == 0 {
            return;
        }
        rig.advance(Duration::from_secs(3)).await;
        rig.app.app.slices.checkouts.webhooks_pass().await.expect("the pass runs");
    }
    panic!("the inbox is not worked on");
}

#[tokio::test]
async fn an_amount_that_stripe_cannot_pay_is_refused_before_it_is_promised() {
    let rig = rig().await;
    let db = &rig.app.app.base.db;
    db.run("UPDATE events SET currency = 'KWD'", vec![]).await.expect("dinars of 1,000 fils");
    let (paid, payment) = rig.paid(&seats(&[1])).await;
    let path = rig.event.path(&format!("/bookings/{}/refund", paid.id()));
    let admin = rig.app.as_user(&rig.admin);
    for (key, fils, status) in [("k1", 1_234, 400), ("k2", 1_230, 200)] {
        let body = json!({ "amount": { "amount": fils, "currency": "KWD" } });
        let headers = [("Idempotency-Key", key)];
        let told = admin.send(Method::POST, &path, Some(&body), &headers).await;
        assert_eq!(told.status, status, "{}", told.text);
        if status == 400 {
            told.assert_field("amount.amount");
        }
    }
    rig.is_done().await;
    assert_eq!(rig.fake.refunded(&payment), 1_230);
    rig.app.finish().await;
}

#[tokio::test]
async fn a_refund_that_fails_at_the_bank_is_taken_back_and_sent_again_by_an_operator() {
    let rig = rig().await;
    rig.fake.set_mode(Mode::Hold);
    stripe_rig::tell(&rig.app, &rig.fake);
    let (paid, payment) = rig.paid(&seats(&[1, 2])).await;
    let (refund, events) = rig.bounces(&paid).await;
    assert_eq!(rig.differences().await, [DifferenceKind::Refunded { here: 9_000, there: 0 }]);
    assert_eq!(events.len(), 3);
    // The events arrive in the wrong order, and each arrives twice.
    for event in events.iter().rev().chain(&events) {
        assert_eq!(rig.fake.deliver(event).await, Some(204), "{event}");
        inbox_is_settled(&rig).await;
        rig.waits_for("refund-failed").await;
    }
    let (.., told) = standing(&rig.app.app).await;
    let words = format!("refund: {refund} failed (expired_or_canceled_card)");
    assert_eq!(told.as_deref(), Some(words.as_str()));
    let read = paid.reads(&rig.app).await;
    assert_eq!(statuses(&read), [TicketStatus::Cancelled, TicketStatus::Cancelled]);
    assert_eq!(rig.differences().await, []);
    let breaches = holdfast::app::check(&rig.app.app.base.db).await.expect("the check runs");
    assert_eq!(breaches, []);
    rig.operator_retries().await;
    rig.is_done().await;
    assert_eq!(rig.keys().len(), 2, "{:?}", rig.keys());
    // Old events about the first refund change nothing any more.
    for event in &events {
        assert_eq!(rig.fake.deliver(event).await, Some(204), "{event}");
    }
    let text = "UPDATE webhook_events SET status = 'new', outcome = NULL, settled_at = NULL";
    assert!(rig.app.app.base.db.run(text, vec![]).await.expect("as if it were new") > 0);
    inbox_is_settled(&rig).await;
    rig.ends_with(&paid, &payment, 9_000).await;
}

#[tokio::test]
async fn a_refund_that_fails_before_its_answer_is_known_is_found_to_have_failed() {
    let rig = rig().await;
    stripe_rig::tell(&rig.app, &rig.fake);
    let (paid, payment) = rig.paid(&seats(&[1])).await;
    rig.fake.fail("refund", CallFault::LostReply, 2);
    paid.cancels(&rig.app, None).await;
    while rig.fake.refunds().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // For this key, Stripe repeats that it accepted the refund, although the refund has failed since.
    assert!(rig.fake.fail_refund(&rig.fake.refunds()[0].id, "insufficient_funds"));
    for _ in 0..MAX_TRIES {
        if standing(&rig.app.app).await.0 == "needs_attention" {
            break;
        }
        rig.advance(Duration::from_secs(3)).await;
        rig.app.app.slices.checkouts.webhooks_pass().await.expect("the pass runs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    rig.waits_for("refund-failed").await;
    rig.operator_retries().await;
    rig.ends_with(&paid, &payment, 4500).await;
}
