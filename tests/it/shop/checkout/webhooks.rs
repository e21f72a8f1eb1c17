//! Webhooks: which senders are trusted, which events are stored, and that the order, repetition and absence of events
//! do not matter.

use std::time::Duration;

use holdfast::kernel::db::Sql;
use holdfast_contract::bookings::BookingStatus;
use holdfast_fake_stripe::{CallFault, FakeStripe, Mode, Status, Target, signature};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    fixture::{self, Event, Like, seats},
    harness::TestApp,
    stripe_rig::{self, WEBHOOK_SECRET},
};

const PATH: &str = "/payments/webhooks/stripe";
const LOOKS: usize = 200;
const LOOK_EVERY: Duration = Duration::from_millis(25);

async fn rig() -> (TestApp, FakeStripe, Event) {
    let (app, fake) = stripe_rig::start().await;
    let event = fixture::event(&app, Like::default()).await;
    (app, fake, event)
}

/// Sends a body unchanged, with this signature header.
async fn send(app: &TestApp, header: Option<&str>, body: String) -> Answer {
    let mut request =
        app.client().post(app.url(PATH)).header("Content-Type", "application/json").body(body);
    if let Some(header) = header {
        request = request.header("Stripe-Signature", header);
    }
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer::new(status, headers, response.text().await.expect("text"))
}

async fn signed(app: &TestApp, fake: &FakeStripe, event: &Value) -> Answer {
    let body = event.to_string();
    send(app, Some(&signature(WEBHOOK_SECRET, fake.now(), &body)), body).await
}

/// The rows of the inbox, with id, status and outcome, in the order of their arrival.
async fn inbox(app: &TestApp) -> Vec<(String, String, Option<String>)> {
    let text =
        "SELECT event_id, status, outcome FROM webhook_events ORDER BY received_at, event_id";
    let rows = app.app.base.db.all(text, vec![]).await.expect("the inbox");
    rows.iter()
        .map(|row| {
            let word = |name: &str| row.try_get::<String>("", name).expect("a word");
            (word("event_id"), word("status"), row.try_get("", "outcome").expect("a word"))
        })
        .collect()
}

/// The inbox after every row has been processed.
async fn settled_inbox(app: &TestApp) -> Vec<(String, String, Option<String>)> {
    for _ in 0..LOOKS {
        let rows = inbox(app).await;
        if rows.iter().all(|(_, status, _)| status != "new") {
            return rows;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    panic!("not worked on: {:?}", inbox(app).await);
}

fn event(kind: &str, payment: &str) -> Value {
    json!({ "id": format!("evt_{kind}_{payment}"), "object": "event", "type": kind,
            "created": 1, "livemode": false,
            "data": { "object": { "id": payment, "object": "payment_intent" } } })
}

/// Confirms with a card that asks for a second step. Returns the booking and the payment.
async fn waits(app: &TestApp, fake: &FakeStripe, buyer: &GuestBuyer) -> (Uuid, String) {
    let body = buyer.pays_with("pm_card_authenticationRequired");
    let waits = buyer.confirms(app, "3ds", &body).await;
    assert_eq!(waits.status, 202, "{}", waits.text);
    let payment = fake.intents().last().expect("a payment").id.clone();
    let secret = waits.client_secret();
    assert!(secret.starts_with(&payment), "{secret}");
    app.at_rest().await;
    (waits.id(), payment)
}

#[tokio::test]
async fn what_stripe_did_not_send_just_now_changes_nothing() {
    let (app, fake, on_sale) = rig().await;
    let buyer = GuestBuyer::holds(&app, &on_sale, &seats(&[1])).await;
    let (booking, payment) = waits(&app, &fake, &buyer).await;
    let body = event("payment_intent.succeeded", &payment).to_string();
    let now = fake.now();
    let good = signature(WEBHOOK_SECRET, now, &body);
    for (header, why) in [
        (None, "no signature"),
        (Some(String::new()), "an empty one"),
        (Some("t=1,v1=00".to_owned()), "a short one"),
        (Some(signature("whsec_of_somebody", now, &body)), "another secret"),
        (Some(signature(WEBHOOK_SECRET, now - 301, &body)), "an old moment"),
        (Some(signature(WEBHOOK_SECRET, now + 330, &body)), "a moment to come"),
        (Some(signature(WEBHOOK_SECRET, now, &format!("{body} "))), "another body"),
    ] {
        let refused = send(&app, header.as_deref(), body.clone()).await;
        refused.assert_problem(400, "/problems/invalid-request");
        refused.assert_field("Stripe-Signature");
        assert!(inbox(&app).await.is_empty(), "{why}");
    }
    let huge = "x".repeat(300 * 1024);
    let refused = send(&app, Some(&signature(WEBHOOK_SECRET, now, &huge)), huge).await;
    refused.assert_problem(413, "/problems/body-too-large");
    for no_event in ["", "[]", "{}", "{\"id\":\"evt_1\"}", "not json"] {
        let header = signature(WEBHOOK_SECRET, now, no_event);
        let refused = send(&app, Some(&header), no_event.to_owned()).await;
        refused.assert_problem(400, "/problems/invalid-request");
        refused.assert_field("body");
    }
    assert!(inbox(&app).await.is_empty());
    assert_eq!(buyer.reads_booking(&app, booking).await.status, BookingStatus::Pending);
    // The server accepts the same body with its own signature. The payment, which the server fetches again, has not
    // succeeded.
    assert_eq!(send(&app, Some(&good), body).await.status, 204);
    settled_inbox(&app).await;
    assert_eq!(buyer.reads_booking(&app, booking).await.status, BookingStatus::Pending);
    assert!(fake.second_step(&payment, false));
    app.app.slices.checkouts.pass().await.expect("the pass runs");
    app.advance(Duration::from_secs(60)).await;
    buyer.settled(&app, booking).await;
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn a_thin_event_is_taken_and_wakes_its_checkout() {
    let (app, fake, on_sale) = rig().await;
    let buyer = GuestBuyer::holds(&app, &on_sale, &seats(&[1])).await;
    let (booking, payment) = waits(&app, &fake, &buyer).await;
    assert!(fake.second_step(&payment, true));
    let thin = |id: &str, kind: &str, related: Value| {
        json!({ "id": id, "object": "v2.core.event", "type": kind, "livemode": false,
                "created": "2026-11-28T12:00:00.000Z", "context": null, "related_object": related })
    };
    let related = json!({ "id": payment, "type": "payment_intent",
                          "url": format!("/v1/payment_intents/{payment}") });
    let kind = "v1.payment_intent.amount_capturable_updated";
    assert_eq!(signed(&app, &fake, &thin("evt_1", kind, related)).await.status, 204);
    let settled = buyer.settled(&app, booking).await;
    assert_eq!(settled.status, BookingStatus::Confirmed);
    // An event about an object that does not concern this server.
    let meter = thin("evt_2", "v1.billing.meter.no_meter_found", Value::Null);
    assert_eq!(signed(&app, &fake, &meter).await.status, 204);
    let known = settled_inbox(&app).await;
    let outcome = |id: &str| known.iter().find(|row| row.0 == id).and_then(|row| row.2.clone());
    assert_eq!(outcome("evt_1").as_deref(), Some("woken"));
    assert_eq!(outcome("evt_2").as_deref(), Some("unknown-type"));
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn what_is_none_of_our_business_is_written_down_and_ignored() {
    let (app, fake, _) = rig().await;
    let mut other_account = event("payment_intent.succeeded", "pi_1");
    other_account["account"] = json!("acct_of_somebody");
    let mut live = event("payment_intent.canceled", "pi_1");
    live["livemode"] = json!(true);
    let mut nothing = event("payment_intent.processing", "pi_1");
    nothing["data"]["object"] = json!({ "object": "price" });
    for (event, why) in [
        (other_account, "other-account"),
        (live, "other-mode"),
        (event("customer.created", "cus_1"), "unknown-type"),
        (event("payment_intent.succeeded", "pi_of_nobody"), "unknown-payment"),
        (nothing, "no-payment"),
    ] {
        assert_eq!(signed(&app, &fake, &event).await.status, 204, "{why}");
        let rows = settled_inbox(&app).await;
        let id = event["id"].as_str().expect("an id");
        let row = rows.iter().find(|(known, _, _)| known == id).expect("it is written down");
        assert_eq!((row.1.as_str(), row.2.as_deref()), ("ignored", Some(why)));
    }
    assert!(fake.seen().is_empty(), "nobody was asked: {:?}", fake.seen());
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn order_and_doubles_make_no_difference() {
    let (app, fake, on_sale) = rig().await;
    fake.set_mode(Mode::Hold);
    let buyer = GuestBuyer::holds(&app, &on_sale, &seats(&[1])).await;
    let (booking, payment) = waits(&app, &fake, &buyer).await;
    assert!(fake.second_step(&payment, true));
    fake.send_webhooks_to(stripe_rig::target(&app));
    let mut events = fake.events();
    assert!(events.len() >= 3, "{events:?}");
    events.reverse();
    for event in &events {
        let twins = [fake.deliver(event), fake.deliver(event), fake.deliver(event)];
        let answers = futures_util::future::join_all(twins).await;
        assert_eq!(answers, [Some(204); 3]);
    }
    assert_eq!(buyer.settled(&app, booking).await.status, BookingStatus::Confirmed);
    // Days later, the dashboard sends all events again. The events about the capture arrive for the first time.
    app.advance(Duration::from_secs(3 * 24 * 3600)).await;
    fake.advance(Duration::from_secs(3 * 24 * 3600));
    let all = fake.events();
    assert!(all.len() > events.len(), "the capture is an event");
    for event in &all {
        assert_eq!(fake.deliver(event).await, Some(204));
    }
    let rows = settled_inbox(&app).await;
    assert_eq!(rows.len(), all.len(), "one row an event: {rows:?}");
    assert!(rows.iter().all(|(_, status, _)| status != "failed"), "{rows:?}");
    assert_eq!(buyer.reads_booking(&app, booking).await.tickets.len(), 1);
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn a_late_event_of_a_checkout_that_failed_changes_nothing() {
    let (app, fake, on_sale) = rig().await;
    let buyer = GuestBuyer::holds(&app, &on_sale, &seats(&[1])).await;
    let (booking, payment) = waits(&app, &fake, &buyer).await;
    let cancelled =
        app.as_guest(&buyer.token).post(&format!("/bookings/{booking}/cancel"), &json!({})).await;
    assert_eq!(cancelled.booking().status, BookingStatus::Cancelled, "{}", cancelled.text);
    let next = GuestBuyer::holds(&app, &on_sale, &seats(&[1])).await;
    let late = event("payment_intent.succeeded", &payment);
    assert_eq!(signed(&app, &fake, &late).await.status, 204);
    let rows = settled_inbox(&app).await;
    assert_eq!(rows[0].2.as_deref(), Some("agrees"), "{rows:?}");
    let paid = next.confirms(&app, "k1", &next.pays_with("pm_card_visa")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn a_checkout_whose_webhooks_never_come_asks_by_itself() {
    let (app, fake, on_sale) = rig().await;
    for (seat, succeeds, status) in
        [(1, true, BookingStatus::Confirmed), (2, false, BookingStatus::Failed)]
    {
        let buyer = GuestBuyer::holds(&app, &on_sale, &seats(&[seat])).await;
        let (booking, payment) = waits(&app, &fake, &buyer).await;
        assert!(fake.second_step(&payment, succeeds));
        app.advance(Duration::from_secs(31)).await;
        assert_eq!(buyer.settled(&app, booking).await.status, status);
    }
    assert!(inbox(&app).await.is_empty());
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn an_event_waits_while_stripe_cannot_be_asked() {
    let (app, fake, on_sale) = rig().await;
    let buyer = GuestBuyer::holds(&app, &on_sale, &seats(&[1])).await;
    let (booking, payment) = waits(&app, &fake, &buyer).await;
    app.as_guest(&buyer.token).post(&format!("/bookings/{booking}/cancel"), &json!({})).await;
    assert_eq!(buyer.settled(&app, booking).await.status, BookingStatus::Cancelled);
    fake.fail("retrieve", CallFault::LostRequest, 1);
    let told = event("payment_intent.succeeded", &payment);
    assert_eq!(signed(&app, &fake, &told).await.status, 204);
    for _ in 0..LOOKS {
        if fake.seen().iter().any(|seen| seen.call == "retrieve" && seen.status.is_none()) {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    app.advance(Duration::from_secs(61)).await;
    let rows = settled_inbox(&app).await;
    assert_eq!(rows[0].2.as_deref(), Some("agrees"), "{rows:?}");
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn money_that_stands_for_a_failed_booking_is_shown() {
    let (app, fake, on_sale) = rig().await;
    let buyer = GuestBuyer::holds(&app, &on_sale, &seats(&[1])).await;
    let (booking, payment) = waits(&app, &fake, &buyer).await;
    app.as_guest(&buyer.token).post(&format!("/bookings/{booking}/cancel"), &json!({})).await;
    assert_eq!(buyer.settled(&app, booking).await.status, BookingStatus::Cancelled);
    // Stripe never captures a cancelled payment. If it did, the server would notice.
    assert!(fake.force(&payment, Status::RequiresCapture));
    let told = event("payment_intent.amount_capturable_updated", &payment);
    assert_eq!(signed(&app, &fake, &told).await.status, 204);
    let rows = settled_inbox(&app).await;
    assert_eq!((rows[0].1.as_str(), rows[0].2.as_deref()), ("failed", Some("late-success")));
    assert!(fake.force(&payment, Status::Canceled));
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn news_of_money_that_was_given_back_since_alarms_nobody() {
    let (app, fake, on_sale) = rig().await;
    fixture::refundable(&app, &on_sale).await;
    // One buyer cancels a paid booking, the other pays too late for a seat that is gone.
    let buyer = GuestBuyer::holds(&app, &on_sale, &seats(&[1])).await;
    let paid = buyer.confirms(&app, "k1", &buyer.pays_with("pm_card_visa")).await;
    let path = format!("/bookings/{}/cancel", paid.id());
    let cancelled = app.as_guest(&buyer.token).post(&path, &json!({})).await;
    assert_eq!(cancelled.booking().status, BookingStatus::Cancelled, "{}", cancelled.text);
    let late = GuestBuyer::holds(&app, &on_sale, &seats(&[2])).await;
    let (booking, payment) = waits(&app, &fake, &late).await;
    let gone = "UPDATE seats SET status = 'blocked', block_reason = 'broken', reservation_id = NULL, \
                version = version + 1, fence = fence + 1 WHERE seat_id = 2";
    assert_eq!(app.app.base.db.run(gone, vec![]).await.expect("the seat changes"), 1);
    assert!(fake.second_step(&payment, true));
    assert!(fake.capture_by_hand(&payment));
    app.advance(Duration::from_secs(15 * 60 + 1)).await;
    fake.advance(Duration::from_secs(15 * 60 + 1));
    assert_eq!(late.settled(&app, booking).await.failure.as_deref(), Some("seats-lost-refunded"));
    for intent in fake.intents() {
        let told = event("payment_intent.succeeded", &intent.id);
        assert_eq!(signed(&app, &fake, &told).await.status, 204);
    }
    let rows = settled_inbox(&app).await;
    let outcomes: Vec<_> = rows.iter().map(|row| (row.1.as_str(), row.2.as_deref())).collect();
    assert_eq!(outcomes, [("done", Some("captured-before")); 2]);
    let pending = "SELECT COUNT(*) AS pending FROM refunds WHERE status = 'pending'";
    for _ in 0..LOOKS {
        // The first lease of a refund that no worker drives has to lapse.
        app.advance(Duration::from_secs(6)).await;
        let row = app.app.base.db.one(pending, vec![]).await.expect("a look").expect("a row");
        if row.try_get::<i64>("", "pending").expect("a number") == 0 {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn an_event_that_fails_holds_up_no_other() {
    let (app, fake, on_sale) = rig().await;
    fixture::refundable(&app, &on_sale).await;
    fake.set_mode(Mode::Hold);
    let mut payments = Vec::new();
    for seat in [1, 2] {
        let buyer = GuestBuyer::holds(&app, &on_sale, &seats(&[seat])).await;
        let body = buyer.pays_from("pm_card_visa", &format!("ada{seat}@example.org"));
        let paid = buyer.confirms(&app, "k1", &body).await;
        let path = format!("/bookings/{}/cancel", paid.id());
        app.as_guest(&buyer.token).post(&path, &json!({})).await;
        payments.push(fake.intents().last().expect("a payment").id.clone());
    }
    let done = "SELECT COUNT(*) AS done FROM sagas WHERE kind = 'refund' AND status = 'done'";
    for _ in 0..LOOKS {
        let row = app.app.base.db.one(done, vec![]).await.expect("a look").expect("a row");
        if row.try_get::<i64>("", "done").expect("a number") == 2 {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    // A refund whose row contradicts its saga cannot be reversed: a permanent fault.
    let of_first = "(SELECT id FROM payments WHERE intent_id = $1)";
    let damage = format!(
        "UPDATE refunds SET status = 'pending', gateway_refund_id = NULL, settled_at = NULL, \
         look_at = NULL WHERE payment_id = {of_first}"
    );
    let first = || vec![payments[0].as_str().into()];
    assert_eq!(app.app.base.db.run(&damage, first()).await.expect("it is damaged"), 1);
    for refund in fake.refunds() {
        assert!(fake.fail_refund(&refund.id, "expired_or_canceled_card"));
    }
    let mut events: Vec<(Value, &str)> = Vec::new();
    for (refund, payment) in fake.refunds().iter().zip(&payments) {
        let told = json!({ "id": format!("evt_{}", refund.id), "object": "event",
            "type": "refund.failed", "created": 1, "livemode": false, "data": { "object":
            { "id": refund.id, "object": "refund", "payment_intent": payment } } });
        events.push((told, payment));
    }
    // Both events are postponed at first and become due together; the event that fails is the first.
    fake.fail("retrieve", CallFault::LostRequest, 2);
    let put_off = "SELECT COUNT(*) AS events FROM webhook_events \
                   WHERE attempts = 1 AND due_at < {now} + 30000";
    for (at, (told, _)) in events.iter().enumerate() {
        assert_eq!(signed(&app, &fake, told).await.status, 204);
        for _ in 0..LOOKS {
            let row = app.app.base.db.one(put_off, vec![]).await.expect("a look").expect("a row");
            if row.try_get::<i64>("", "events").expect("a number") > at as i64 {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    app.advance(Duration::from_secs(10)).await;
    let outcome = |at: usize| {
        let id = events[at].0["id"].as_str().expect("an id").to_owned();
        let app = &app;
        async move {
            let rows = inbox(app).await;
            let row = rows.into_iter().find(|(known, ..)| *known == id).expect("it is there");
            (row.1, row.2)
        }
    };
    for _ in 0..LOOKS {
        if outcome(1).await.0 == "done" {
            break;
        }
        app.app.slices.checkouts.webhooks_pass().await.expect("the pass runs");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    assert_eq!(outcome(1).await, ("done".to_owned(), Some("refund-failed".to_owned())));
    assert_eq!(outcome(0).await.0, "new");
    // After the repair, the event is processed when it is due.
    let mend = format!(
        "UPDATE refunds SET status = 'done', gateway_refund_id = $2, settled_at = 1 \
         WHERE payment_id = {of_first}"
    );
    let mut values = first();
    values.push(fake.refunds()[0].id.as_str().into());
    assert_eq!(app.app.base.db.run(&mend, values).await.expect("it is mended"), 1);
    for _ in 0..LOOKS {
        if outcome(0).await.0 == "done" {
            break;
        }
        app.advance(Duration::from_secs(60)).await;
        app.app.slices.checkouts.webhooks_pass().await.expect("the pass runs");
    }
    assert_eq!(outcome(0).await, ("done".to_owned(), Some("refund-failed".to_owned())));
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn settled_events_are_forgotten_after_their_time() {
    let (app, fake, _) = rig().await;
    let ignored = event("customer.created", "cus_1");
    assert_eq!(signed(&app, &fake, &ignored).await.status, 204);
    assert_eq!(app.app.slices.checkouts.webhooks_retention_pass().await.expect("the pass"), 0);
    app.advance(Duration::from_secs(34 * 24 * 3600)).await;
    assert_eq!(app.app.slices.checkouts.webhooks_retention_pass().await.expect("the pass"), 0);
    app.advance(Duration::from_secs(2 * 24 * 3600)).await;
    assert_eq!(app.app.slices.checkouts.webhooks_retention_pass().await.expect("the pass"), 1);
    assert!(inbox(&app).await.is_empty());
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn where_stripe_takes_no_money_no_webhook_is_expected() {
    let app = TestApp::start().await;
    let body = event("payment_intent.succeeded", "pi_1").to_string();
    let now = app.app.base.db.now().await.expect("the clock") / 1000;
    let header = signature(WEBHOOK_SECRET, now, &body);
    send(&app, Some(&header), body).await.assert_problem(404, "/problems/not-found");
    app.finish().await;
}

#[tokio::test]
async fn a_replaced_secret_is_believed_as_long_as_it_is_listed() {
    let (app, fake, _) = rig().await;
    fake.send_webhooks_to(Target { url: app.url(PATH), secret: "whsec_before".to_owned() });
    let told = event("customer.created", "cus_1");
    assert_eq!(fake.deliver(&told).await, Some(204));
    fake.send_webhooks_to(Target { url: app.url(PATH), secret: "whsec_long_gone".to_owned() });
    assert_eq!(fake.deliver(&event("customer.created", "cus_2")).await, Some(400));
    assert_eq!(inbox(&app).await.len(), 1);
    stripe_rig::finish(app, &fake).await;
}

mod alone {
    use super::*;

    #[tokio::test]
    async fn a_webhook_wakes_the_checkout_that_waits_for_the_buyer() {
        let (app, fake, on_sale) = rig().await;
        let buyer = GuestBuyer::holds(&app, &on_sale, &seats(&[1])).await;
        let (booking, payment) = waits(&app, &fake, &buyer).await;
        // The checkout asks by itself soon afterwards. From here on, it would wait for half a minute.
        for _ in 0..5 {
            app.advance(Duration::from_secs(31)).await;
            app.app.slices.checkouts.pass().await.expect("the pass runs");
        }
        fake.advance(Duration::from_secs(5 * 31));
        stripe_rig::tell(&app, &fake);
        assert!(fake.second_step(&payment, true));
        let started = std::time::Instant::now();
        assert_eq!(buyer.settled(&app, booking).await.status, BookingStatus::Confirmed);
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        let rows = settled_inbox(&app).await;
        assert!(rows.iter().any(|(_, _, outcome)| outcome.as_deref() == Some("woken")), "{rows:?}");
        stripe_rig::finish(app, &fake).await;
    }
}
