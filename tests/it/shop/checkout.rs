//! Payments of one buyer at a time: the responses, the rows that stay, and the money that is refunded.

mod away;
mod begun;
mod crashes;
mod faults;
mod handover;
mod shared;
mod together;
mod webhooks;

use std::time::Duration;

use holdfast_contract::{
    bookings::{BookingPage, BookingStatus, PaymentConfig},
    reservations::ReservationStatus,
    words::SeatRefusal,
};
use holdfast_domain::access::Role;
use serde_json::json;
use uuid::Uuid;

use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Like, account, app_with_event, euros, seats, seats_and_places},
    harness::TestApp,
};

/// The maximum number of times that a buyer asks again before the test fails.
const MAX_RETRIES: usize = 200;

#[tokio::test]
async fn a_paid_hold_becomes_a_booking_with_a_ticket_a_place() {
    let (app, event) = app_with_event().await;
    let wish = seats_and_places(&event, &[2, 1], 3);
    let buyer = GuestBuyer::holds(&app, &event, &wish).await;
    let paid = buyer.confirms(&app, "k1", &buyer.pays_with("pm_card_visa")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    assert_eq!(paid.header("Idempotency-Replayed"), None);
    let booking = paid.booking();
    assert_eq!(booking.status, BookingStatus::Confirmed);
    assert_eq!(booking.total, euros(2 * 4500 + 3 * 2000));
    assert_eq!(booking.email.as_deref(), Some("ada@example.org"));
    assert_eq!((booking.lines.len(), booking.tickets.len()), (3, 5));
    let by_reference = format!("/bookings/reference/{}", booking.reference);
    for path in [format!("/bookings/{}", booking.id), by_reference] {
        assert_eq!(buyer.gets(&app, &path).await.body, paid.body);
    }
    let mine: BookingPage = buyer.gets(&app, "/bookings/me").await.read();
    let reservation = buyer.reads_reservation(&app).await;
    assert_eq!(reservation.status, ReservationStatus::Confirmed);
    assert_eq!(reservation.booking_id, Some(booking.id));
    assert_eq!(mine, BookingPage { items: vec![booking], next: None });
    let sold = app.post(&event.reservations(), &seats(&[1])).await;
    sold.assert_refused(&[(1, SeatRefusal::Sold)]);
    app.finish().await;
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_bytes_and_another_body_is_refused() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = buyer.pays_with("pm_card_visa");
    let paid = buyer.confirms(&app, "k1", &body).await;
    let again = buyer.confirms(&app, "k1", &body).await;
    assert_eq!((again.status, &again.text), (201, &paid.text));
    assert_eq!(again.header("Idempotency-Replayed"), Some("true"));
    let other = buyer.confirms(&app, "k1", &buyer.pays_with("pm_sim_slow")).await;
    other.assert_problem(422, "/problems/idempotency-key-reused");
    let new_key = buyer.confirms(&app, "k2", &body).await;
    new_key.assert_problem(409, "/problems/reservation-not-active");
    let no_key = app.as_guest(&buyer.token).post("/bookings/confirm", &body).await;
    no_key.assert_problem(400, "/problems/idempotency-key-required");
    app.finish().await;
}

#[tokio::test]
async fn a_buyer_who_hangs_up_is_told_the_same_when_asking_again() {
    let (app, event) = app_with_event().await;
    for (at, patience_ms) in [1, 3, 5, 8, 12, 20].into_iter().enumerate() {
        let seat = i32::try_from(at).expect("few") + 1;
        let buyer = GuestBuyer::holds(&app, &event, &seats(&[seat])).await;
        let body = buyer.pays_from("pm_card_visa", &format!("ada{at}@example.org"));
        let key = format!("hangs-up-{at}");
        let patience = Duration::from_millis(patience_ms);
        // Dropping the request closes its connection.
        tokio::time::timeout(patience, buyer.confirms(&app, &key, &body)).await.ok();
        let mut told = buyer.confirms(&app, &key, &body).await;
        for _ in 0..MAX_RETRIES {
            if told.status == 201 {
                break;
            }
            told = buyer.confirms(&app, &key, &body).await;
        }
        assert_eq!(told.status, 201, "{}", told.text);
        let booking = buyer.gets(&app, &format!("/bookings/{}", told.id())).await;
        assert_eq!(booking.body, told.body);
    }
    app.finish().await;
}

#[tokio::test]
async fn text_that_no_booking_or_payment_ever_had_finds_nothing() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    for reference in ["HF-00000000", "x", "HF-%00", "HF-%C3%A9%C3%A9%C3%A9%C3%A9"] {
        let read = buyer.gets(&app, &format!("/bookings/reference/{reference}")).await;
        read.assert_problem(404, "/problems/not-found");
    }
    for secret in ["x", "%00", "pi_%E2%82%AC"] {
        let done = app.post(&completion(secret), &json!({ "outcome": "success" })).await;
        done.assert_problem(404, "/problems/not-found");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_declined_buyer_keeps_the_seats_and_pays_with_another_card() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = buyer.pays_with("pm_card_chargeDeclined");
    let declined = buyer.confirms(&app, "k1", &body).await;
    declined.assert_problem(402, "/problems/payment-declined");
    assert_eq!(buyer.reservation_status(&app).await, ReservationStatus::Active);
    let again = buyer.confirms(&app, "k1", &body).await;
    assert_eq!((again.status, &again.text), (402, &declined.text));
    assert_eq!(again.header("Idempotency-Replayed"), Some("true"));
    let taken = app.post(&event.reservations(), &seats(&[1])).await;
    taken.assert_refused(&[(1, SeatRefusal::Held)]);
    let paid = buyer.confirms(&app, "k2", &buyer.pays_with("pm_card_visa")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    app.finish().await;
}

#[tokio::test]
async fn a_buyer_declined_at_the_last_moment_has_time_for_another_card() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    app.advance(Duration::from_secs(595)).await;
    let body = buyer.pays_with("pm_card_chargeDeclined");
    buyer.confirms(&app, "k1", &body).await.assert_problem(402, "/problems/payment-declined");
    app.advance(Duration::from_secs(60)).await;
    let paid = buyer.confirms(&app, "k2", &buyer.pays_with("pm_card_visa")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    app.finish().await;
}

/// Confirms with a card that asks for a second step. Returns the booking and the secret.
async fn second_step(app: &TestApp, buyer: &GuestBuyer) -> (Uuid, String) {
    let body = buyer.pays_with("pm_card_authenticationRequired");
    let waits = buyer.confirms(app, "3ds", &body).await;
    assert_eq!(waits.status, 202, "{}", waits.text);
    assert_eq!(waits.booking().status, BookingStatus::Pending);
    let action = waits.booking().next_action.expect("a step for the buyer");
    assert_eq!(action.kind, "redirect_or_sdk");
    (waits.id(), action.client_secret)
}

#[tokio::test]
async fn only_the_buyer_gets_the_secret_of_a_pending_payment() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let (booking, secret) = second_step(&app, &buyer).await;
    let own = buyer.reads_booking(&app, booking).await;
    assert_eq!(own.next_action.expect("a step for the buyer").client_secret, secret);
    let admin = account(&app, "admin", Role::Admin, None).await;
    for path in [format!("/bookings/{booking}"), format!("/bookings/reference/{}", own.reference)] {
        let read = app.as_user(&admin).get(&path).await;
        assert_eq!(
            (read.status, read.text.contains(&secret)),
            (200, false),
            "{path}: {}",
            read.text
        );
        assert_eq!(read.booking().next_action, None);
    }
    app.post(&completion(&secret), &json!({ "outcome": "success" })).await.booking();
    buyer.settled(&app, booking).await;
    app.finish().await;
}

/// Only the buyer learns it, and only until the payment is decided.
#[tokio::test]
async fn a_pending_booking_says_for_how_long_its_seats_stay_held() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let (booking, secret) = second_step(&app, &buyer).await;
    let left = async || buyer.reads_booking(&app, booking).await.payment_expires_in_seconds;
    let first = left().await.expect("a time");
    assert!((870..900).contains(&first), "{first}");
    app.advance(Duration::from_secs(600)).await;
    let later = left().await.expect("a time");
    assert!((first - 630..=first - 600).contains(&later), "{first}, then {later}");
    let admin = account(&app, "admin", Role::Admin, None).await;
    let read = app.as_user(&admin).get(&format!("/bookings/{booking}")).await.booking();
    assert_eq!((read.status, read.payment_expires_in_seconds), (BookingStatus::Pending, None));
    app.post(&completion(&secret), &json!({ "outcome": "success" })).await.booking();
    let paid = buyer.settled(&app, booking).await;
    assert_eq!((paid.status, paid.payment_expires_in_seconds), (BookingStatus::Confirmed, None));
    app.finish().await;
}

fn completion(secret: &str) -> String {
    format!("/payments/simulated/{secret}/complete")
}

#[tokio::test]
async fn the_second_step_completes_the_payment() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let (booking, secret) = second_step(&app, &buyer).await;
    assert_eq!(buyer.reservation_status(&app).await, ReservationStatus::InPayment);
    let body = buyer.pays_with("pm_card_authenticationRequired");
    let asked_again = buyer.confirms(&app, "3ds", &body).await;
    assert_eq!(asked_again.client_secret(), secret);
    let done = app.post(&completion(&secret), &json!({ "outcome": "success" })).await;
    assert_eq!(done.booking().status, BookingStatus::Confirmed, "{}", done.text);
    assert_eq!(buyer.settled(&app, booking).await.tickets[0].seat_id, Some(1));
    let replayed = buyer.confirms(&app, "3ds", &body).await;
    assert_eq!(replayed.status, 201, "{}", replayed.text);
    assert_eq!(replayed.header("Idempotency-Replayed"), Some("true"));
    let twice = app.post(&completion(&secret), &json!({ "outcome": "success" })).await;
    twice.assert_problem(404, "/problems/not-found");
    app.finish().await;
}

#[tokio::test]
async fn a_failed_second_step_is_a_decline() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let (booking, secret) = second_step(&app, &buyer).await;
    app.post(&completion(&secret), &json!({ "outcome": "failure" })).await;
    assert_eq!(buyer.settled(&app, booking).await.failure.as_deref(), Some("payment-declined"));
    assert_eq!(buyer.reservation_status(&app).await, ReservationStatus::Active);
    let paid = buyer.confirms(&app, "k2", &buyer.pays_with("pm_card_visa")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    app.finish().await;
}

#[tokio::test]
async fn a_seat_in_payment_outlives_its_hold_until_the_payment_deadline() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let (booking, _) = second_step(&app, &buyer).await;
    app.advance(Duration::from_secs(800)).await;
    app.app.slices.reservations.expire_pass().await.expect("the pass runs");
    let taken = app.post(&event.reservations(), &seats(&[1])).await;
    taken.assert_problem(409, "/problems/seats-unavailable");
    let own = app.as_guest(&buyer.token).post(&event.reservations(), &seats(&[1])).await;
    own.assert_refused(&[(1, SeatRefusal::Yours)]);
    app.advance(Duration::from_secs(101)).await;
    assert_eq!(buyer.settled(&app, booking).await.failure.as_deref(), Some("payment-timeout"));
    let free = app.post(&event.reservations(), &seats(&[1])).await;
    assert_eq!(free.status, 201, "{}", free.text);
    app.finish().await;
}

#[tokio::test]
async fn a_pending_booking_is_cancelled_by_its_buyer_alone() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let (booking, secret) = second_step(&app, &buyer).await;
    let stranger = GuestBuyer::holds(&app, &event, &seats(&[2])).await;
    let path = format!("/bookings/{booking}/cancel");
    let foreign = app.as_guest(&stranger.token).post(&path, &json!({})).await;
    foreign.assert_problem(404, "/problems/not-found");
    stranger
        .gets(&app, &format!("/bookings/{booking}"))
        .await
        .assert_problem(404, "/problems/not-found");
    let cancelled = app.as_guest(&buyer.token).post(&path, &json!({})).await;
    assert_eq!(cancelled.booking().status, BookingStatus::Cancelled, "{}", cancelled.text);
    let again = app.as_guest(&buyer.token).post(&path, &json!({})).await;
    assert_eq!((again.status, again.body), (200, cancelled.body));
    let late = app.post(&completion(&secret), &json!({ "outcome": "success" })).await;
    late.assert_problem(404, "/problems/not-found");
    let body = buyer.pays_with("pm_card_authenticationRequired");
    let told = buyer.confirms(&app, "3ds", &body).await;
    told.assert_problem(409, "/problems/reservation-not-active");
    assert_eq!(told.problem().reasons, ["cancelled"]);
    let free = app.post(&event.reservations(), &seats(&[1])).await;
    assert_eq!(free.status, 201, "{}", free.text);
    app.finish().await;
}

#[tokio::test]
async fn a_confirmed_booking_cannot_be_stopped() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let paid = buyer.confirms(&app, "k1", &buyer.pays_with("pm_card_visa")).await;
    let path = format!("/bookings/{}/cancel", paid.id());
    let late = app.as_guest(&buyer.token).post(&path, &json!({})).await;
    late.assert_problem(409, "/problems/illegal-transition");
    app.finish().await;
}

#[tokio::test]
async fn a_refused_capture_gives_everything_back() {
    let (app, event) = app_with_event().await;
    let wish = seats_and_places(&event, &[1], 2);
    let buyer = GuestBuyer::holds(&app, &event, &wish).await;
    let refused = buyer.confirms(&app, "k1", &buyer.pays_with("pm_sim_capture_fails")).await;
    refused.assert_problem(409, "/problems/reservation-not-active");
    assert_eq!(refused.problem().reasons, ["capture-refused"]);
    assert_eq!(buyer.reservation_status(&app).await, ReservationStatus::Cancelled);
    assert_eq!(app.post(&event.reservations(), &seats(&[1])).await.status, 201);
    app.finish().await;
}

#[tokio::test]
async fn a_lost_reply_is_asked_about_and_not_taken_for_a_no() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let paid = buyer.confirms(&app, "k1", &buyer.pays_with("pm_sim_lost_reply")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    app.finish().await;
}

#[tokio::test]
async fn a_decision_that_nobody_tells_us_of_is_asked_for() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = buyer.pays_with("pm_sim_late_webhook");
    let (waits, ()) = tokio::join!(buyer.confirms(&app, "k1", &body), async {
        let in_flight = buyer.reservation_status(&app).await;
        assert!([ReservationStatus::Active, ReservationStatus::InPayment].contains(&in_flight));
    });
    assert_eq!(waits.status, 202, "{}", waits.text);
    assert_eq!(waits.booking().next_action, None);
    assert_eq!(waits.header("Retry-After"), Some("1"));
    app.advance(Duration::from_secs(60)).await;
    assert_eq!(buyer.settled(&app, waits.id()).await.status, BookingStatus::Confirmed);
    app.finish().await;
}

#[tokio::test]
async fn a_slow_gateway_is_waited_for_by_the_server_and_not_by_the_buyer() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let waits = buyer.confirms(&app, "k1", &buyer.pays_with("pm_sim_slow")).await;
    assert_eq!(waits.status, 202, "{}", waits.text);
    assert_eq!(buyer.settled(&app, waits.id()).await.status, BookingStatus::Confirmed);
    app.finish().await;
}

#[tokio::test]
async fn a_lapsed_hold_cannot_be_confirmed_and_can_be_taken_over() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let hold = app.app.config.holds.ttl;
    assert_eq!(buyer.reservation_status(&app).await, ReservationStatus::Active);
    // The time of the hold plus the time that the test took so far: a millisecond or a little more after the expiry.
    app.advance(hold + Duration::from_millis(1)).await;
    let late = buyer.confirms(&app, "k1", &buyer.pays_with("pm_card_visa")).await;
    late.assert_problem(409, "/problems/reservation-expired");
    let next = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let paid = next.confirms(&app, "k1", &next.pays_with("pm_card_visa")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    app.finish().await;
}

#[tokio::test]
async fn several_reservations_are_paid_as_one_booking_or_not_at_all() {
    let (app, event) = app_with_event().await;
    let first = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let other = fixture::event(&app, Like::default()).await;
    let guest = app.as_guest(&first.token);
    let second = guest.post(&event.reservations(), &seats(&[2])).await.id();
    let foreign = guest.post(&other.reservations(), &seats(&[1])).await.id();
    let body = |ids: &[Uuid]| {
        json!({ "reservation_ids": ids, "payment": { "method": "pm_card_visa" },
                "email": "ada@example.org" })
    };
    let mixed = first.confirms(&app, "k1", &body(&[first.reservation, foreign])).await;
    mixed.assert_problem(422, "/problems/mixed-organizer");
    let twice = first.confirms(&app, "k2", &body(&[second, second])).await;
    twice.assert_field("reservation_ids");
    let strangers = GuestBuyer::holds(&app, &event, &seats(&[3])).await.reservation;
    let stolen = first.confirms(&app, "k3", &body(&[second, strangers])).await;
    stolen.assert_problem(404, "/problems/not-found");
    assert_eq!(first.reservation_status(&app).await, ReservationStatus::Active);
    let paid = first.confirms(&app, "k1", &body(&[second, first.reservation])).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    let booking = paid.booking();
    assert_eq!((booking.tickets.len(), booking.total), (2, euros(9000)));
    app.finish().await;
}

#[tokio::test]
async fn a_free_order_needs_no_payment() {
    let (app, event) = app_with_event().await;
    fixture::price(&app, &event, 0).await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = json!({ "reservation_ids": [buyer.reservation], "email": "ada@example.org" });
    let booked = buyer.confirms(&app, "k1", &body).await;
    assert_eq!(booked.status, 201, "{}", booked.text);
    let booking = booked.booking();
    assert_eq!((booking.tickets.len(), booking.total), (1, euros(0)));
    app.finish().await;
}

#[tokio::test]
async fn bad_input_is_named_and_nothing_happens() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let id = &buyer.reservation;
    let card = json!({ "method": "pm_card_visa" });
    for (body, field) in [
        (json!({ "reservation_ids": [], "payment": card, "email": "a@b.org" }), "reservation_ids"),
        (json!({ "reservation_ids": [id], "payment": card }), "email"),
        (json!({ "reservation_ids": [id], "payment": card, "email": "ada" }), "email"),
        (json!({ "reservation_ids": [id], "email": "a@b.org" }), "payment"),
        (
            json!({ "reservation_ids": [id], "payment": { "method": "" }, "email": "a@b.org" }),
            "payment.method",
        ),
        (
            json!({ "reservation_ids": [id], "payment": card, "email": "a@b.org",
                    "discount_code": "X" }),
            "discount_code",
        ),
    ] {
        let refused = buyer.confirms(&app, "k1", &body).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        refused.assert_field(field);
    }
    let body = buyer.pays_with("pm_card_visa");
    buyer.confirms(&app, "a key", &body).await.assert_field("Idempotency-Key");
    let nobody = app.post("/bookings/confirm", &body).await;
    nobody.assert_problem(401, "/problems/unauthorized");
    let unknown = buyer.confirms(&app, "k2", &buyer.pays_with("pm_nonsense")).await;
    unknown.assert_problem(402, "/problems/payment-declined");
    assert_eq!(buyer.confirms(&app, "k1", &body).await.status, 201);
    app.finish().await;
}

#[tokio::test]
async fn a_limit_tells_nothing_about_the_owner_of_an_address() {
    let app = TestApp::start().await;
    let like = Like { max_per_user: 2, ..Like::default() };
    let event = fixture::event(&app, like).await;
    let owner = GuestBuyer::holds(&app, &event, &seats(&[1, 2])).await;
    let slow = owner.pays_with("pm_sim_slow");
    let unfinished = owner.confirms(&app, "k1", &slow);
    let stranger = GuestBuyer::holds(&app, &event, &seats(&[3, 4])).await;
    // The stranger names the owner's address, and learns nothing of what the owner has, nor blocks the owner.
    let body = stranger.pays_with("pm_card_visa");
    let (unfinished, other) = tokio::join!(unfinished, stranger.confirms(&app, "k1", &body));
    assert!([201, 202].contains(&unfinished.status), "{}", unfinished.text);
    assert_eq!(other.status, 201, "{}", other.text);
    owner.settled(&app, unfinished.booking().id).await;
    app.finish().await;
}

#[tokio::test]
async fn the_gateway_names_itself() {
    let app = TestApp::start().await;
    let config: PaymentConfig = app.get("/payments/config").await.read();
    assert_eq!(config.provider, "simulated");
    app.finish().await;
}

mod alone {
    use super::*;

    #[tokio::test]
    async fn a_hundred_identical_requests_pay_once_and_are_told_the_same() {
        let (app, event) = app_with_event().await;
        let buyer = GuestBuyer::holds(&app, &event, &seats(&[1, 2])).await;
        let body = buyer.pays_with("pm_card_visa");
        let twins = (0..100).map(|_| buyer.confirms(&app, "twin", &body));
        let answers = futures_util::future::join_all(twins).await;
        let mut told = Vec::new();
        for answer in answers {
            // Buyers who arrived during the payment and gave up ask again with the same key.
            let answer = match answer.status {
                409 => buyer.confirms(&app, "twin", &body).await,
                _ => answer,
            };
            assert_eq!(answer.status, 201, "{}", answer.text);
            told.push(answer.text);
        }
        told.dedup();
        assert_eq!(told.len(), 1);
        app.finish().await;
    }
}
