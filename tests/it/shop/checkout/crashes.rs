//! The real program is killed between any two steps of a checkout. Another node completes the checkout, and a buyer
//! who asks again with the same key gets its result.

use std::time::Duration;

use serde_json::Value;

use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    fixture::{self, Event, Like, seats_and_places},
    harness::TestApp,
    process::Node,
};

/// A time longer than the lease of a dead worker.
const LEASE: Duration = Duration::from_secs(6);
/// The maximum number of times that a buyer asks again.
const MAX_RETRIES: usize = 40;

/// Sends a confirm to a program that halts at a failpoint, and kills the program there, so that no response arrives.
async fn killed_at(app: &TestApp, point: &str, buyer: &GuestBuyer, key: &str, body: &Value) {
    let mut doomed = Node::start_with(&app.app.config, &[("HOLDFAST_FAILPOINT", point)]).await;
    let confirm = reqwest::Client::new()
        .post(doomed.url("/bookings/confirm"))
        .header("X-Guest-Token", &buyer.token)
        .header("Idempotency-Key", key)
        .json(body)
        .send();
    let answer = tokio::spawn(confirm);
    doomed.halts_at(point.split(':').next().unwrap_or(point)).await;
    doomed.kill().await;
    answer.await.expect("a task").expect_err("the program is dead");
}

async fn asks_until_told(app: &TestApp, buyer: &GuestBuyer, key: &str, body: &Value) -> Answer {
    for _ in 0..MAX_RETRIES {
        let answer = buyer.confirms(app, key, body).await;
        let in_flight = answer.is_in_flight();
        if !in_flight && answer.status != 202 {
            return answer;
        }
    }
    panic!("nobody tells what came of it");
}

/// Kills the program at each point of a checkout with this method, and expects the same ending each time.
async fn check(method: &str, points: &[&str], ends: impl Fn(&Answer)) {
    let app = TestApp::start().await;
    let like = Like { seats: 100, max_per_user: 100, ..Like::default() };
    let event = fixture::event(&app, like).await;
    for (at, point) in points.iter().enumerate() {
        println!("{method}: killed at {point}");
        let wish = wish(&event, i32::try_from(at).expect("few points"));
        let buyer = GuestBuyer::holds(&app, &event, &wish).await;
        let body = buyer.pays_with(method);
        let key = format!("{method}-{point}");
        killed_at(&app, point, &buyer, &key, &body).await;
        app.advance(LEASE).await;
        let told = asks_until_told(&app, &buyer, &key, &body).await;
        ends(&told);
        let again = buyer.confirms(&app, &key, &body).await;
        assert_eq!((again.status, again.text), (told.status, told.text));
        // The clock moves only now, because this test is not about a hold that lapses.
        app.advance(Duration::from_secs(1)).await;
    }
    app.finish().await;
}

/// Two seats and a place, different seats for each checkout.
fn wish(event: &Event, at: i32) -> Value {
    seats_and_places(event, &[at * 2 + 1, at * 2 + 2], 1)
}

fn confirmed(told: &Answer) {
    assert_eq!(told.status, 201, "{}", told.text);
    assert_eq!(told.booking().tickets.len(), 3);
}

#[tokio::test]
async fn killed_before_the_money_moves_the_buyer_gets_tickets_all_the_same() {
    let points = [
        "begin.before_record",
        "begin.after_record",
        "prepare.before_effect",
        "prepare.after_effect",
        "prepare.before_record",
        "prepare.after_record",
        "authorize.before_effect",
        "authorize.after_effect",
        "authorize.before_record",
        "authorize.after_record",
    ];
    check("pm_card_visa", &points, confirmed).await;
}

/// The amount is reserved, nobody has stored the payment's id, and no program runs until the gateway has forgotten the
/// key.
#[tokio::test]
async fn a_payment_that_is_older_than_its_key_is_searched_for_and_voided() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let buyer = GuestBuyer::holds(&app, &event, &seats_and_places(&event, &[1, 2], 1)).await;
    let body = buyer.pays_with("pm_card_visa");
    killed_at(&app, "authorize.after_effect", &buyer, "k1", &body).await;
    let payments = "SELECT COUNT(*) AS found FROM simulated_payments WHERE status =";
    assert_eq!(app.number(&format!("{payments} 'requires_capture'")).await, 1);
    assert_eq!(app.number("SELECT COUNT(*) AS found FROM payments").await, 0);
    app.advance(Duration::from_secs(21 * 60 * 60)).await;
    app.app.slices.checkouts.pass().await.expect("a pass");
    let told = asks_until_told(&app, &buyer, "k1", &body).await;
    assert_eq!(told.problem().reasons, ["payment-timeout"], "{}", told.text);
    assert_eq!(app.number(&format!("{payments} 'canceled'")).await, 1);
    assert_eq!(app.number("SELECT COUNT(*) AS found FROM simulated_payments").await, 1);
    let void = "SELECT COUNT(*) AS found FROM payments WHERE status = 'void'";
    assert_eq!(app.number(void).await, 1);
    let next = GuestBuyer::holds(&app, &event, &seats_and_places(&event, &[1, 2], 1)).await;
    assert_eq!(next.confirms(&app, "k2", &next.pays_with("pm_card_visa")).await.status, 201);
    app.finish().await;
}

#[tokio::test]
async fn killed_around_the_capture_the_buyer_pays_once_and_gets_tickets_once() {
    let points = [
        "confirm_seats.before_record",
        "confirm_seats.after_record",
        "capture.before_effect",
        "capture.after_effect",
        "capture.before_record",
        "capture.after_record",
        "issue_tickets.before_record",
        "issue_tickets.after_record",
    ];
    check("pm_card_visa", &points, confirmed).await;
}

#[tokio::test]
async fn killed_while_a_decline_is_being_told_the_seats_stay_held() {
    let points = [
        "authorize.after_effect",
        "authorize.after_record",
        "release_seats.before_record",
        "release_seats.after_record",
    ];
    check("pm_card_chargeDeclined", &points, |told| {
        told.assert_problem(402, "/problems/payment-declined");
    })
    .await;
}

#[tokio::test]
async fn killed_while_undoing_everything_is_given_back() {
    let points = [
        "capture.after_effect",
        "void.before_effect",
        "void.after_effect",
        "void.before_record",
        "void.after_record",
        "release_seats.before_record",
        "release_seats.after_record",
    ];
    check("pm_sim_capture_fails", &points, |told| {
        told.assert_problem(409, "/problems/reservation-not-active");
        assert_eq!(told.problem().reasons, ["capture-refused"]);
    })
    .await;
}

#[tokio::test]
async fn killed_while_asking_the_lost_reply_is_found_out() {
    let points = ["ask.before_effect", "ask.after_effect", "ask.before_record", "ask.after_record"];
    check("pm_sim_lost_reply", &points, confirmed).await;
}
