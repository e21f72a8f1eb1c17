//! Whole checkouts through Stripe, over the fake. At the end of each test, the invariants hold, and Stripe's books
//! agree with the ledger.

mod at_once;

use std::time::Duration;

use holdfast_contract::{
    bookings::{Booking, BookingStatus},
    reservations::ReservationStatus,
};
use holdfast_fake_stripe::{CallFault, FakeStripe, Status};
use serde_json::{Value, json};

use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Event, Like, seats, seats_and_places},
    harness::TestApp,
    stripe_rig,
};

async fn rig() -> (TestApp, FakeStripe, Event) {
    let (app, fake) = stripe_rig::start().await;
    stripe_rig::tell(&app, &fake);
    let like = Like { seats: 40, ..Like::default() };
    let event = fixture::event(&app, like).await;
    (app, fake, event)
}

fn faults() -> [CallFault; 6] {
    [
        CallFault::LostRequest,
        CallFault::LostReply,
        CallFault::ErrorBefore,
        CallFault::ErrorAfter,
        CallFault::RateLimit,
        CallFault::BadGateway,
    ]
}

/// Pays, and returns the booking once its payment has ended. Each buyer has a different address.
async fn pays(app: &TestApp, buyer: &GuestBuyer, method: &str, seat: i32) -> Booking {
    let body = buyer.pays_from(method, &format!("ada{seat}@example.org"));
    let answer = buyer.confirms(app, "k1", &body).await;
    match answer.status {
        201 => answer.booking(),
        202 => buyer.settled(app, answer.id()).await,
        _ => panic!("{}", answer.text),
    }
}

#[tokio::test]
async fn a_checkout_takes_the_money_once_and_under_its_own_keys() {
    let (app, fake, event) = rig().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1, 2])).await;
    let body = buyer.pays_with("pm_card_visa");
    let paid = buyer.confirms(&app, "k1", &body).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    let again = buyer.confirms(&app, "k1", &body).await;
    assert_eq!((again.status, &again.text), (201, &paid.text));
    let intents = fake.intents();
    assert_eq!(intents.len(), 1);
    assert_eq!((intents[0].status, intents[0].received), (Status::Succeeded, 9000));
    let saga = intents[0].metadata["saga"].as_str().expect("the saga");
    let calls: Vec<(&str, Option<String>)> =
        fake.seen().into_iter().map(|seen| (seen.call, seen.key)).collect();
    let changing: Vec<_> = calls.iter().filter(|(_, key)| key.is_some()).cloned().collect();
    assert_eq!(
        changing,
        [
            ("create", Some(format!("{saga}:prepare:1"))),
            ("confirm", Some(format!("{saga}:authorize:1"))),
            ("capture", Some(format!("{saga}:capture:1"))),
        ]
    );
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn a_declined_buyer_pays_with_another_card() {
    let (app, fake, event) = rig().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = buyer.pays_with("pm_card_chargeDeclinedInsufficientFunds");
    let declined = buyer.confirms(&app, "k1", &body).await;
    declined.assert_problem(402, "/problems/payment-declined");
    assert_eq!(buyer.reservation_status(&app).await, ReservationStatus::Active);
    let unfit = buyer.confirms(&app, "k2", &buyer.pays_with("pm_sepaDebit_success")).await;
    unfit.assert_problem(402, "/problems/payment-declined");
    unfit.assert_field("payment.method");
    let again = buyer.confirms(&app, "k2", &buyer.pays_with("pm_sepaDebit_success")).await;
    assert_eq!((again.status, &again.text), (402, &unfit.text));
    assert_eq!(buyer.reservation_status(&app).await, ReservationStatus::Active);
    let paid = buyer.confirms(&app, "k3", &buyer.pays_with("pm_card_mastercard")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    let stands: Vec<Status> = fake.intents().iter().map(|intent| intent.status).collect();
    assert_eq!(stands, [Status::RequiresPaymentMethod, Status::Canceled, Status::Succeeded]);
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn the_second_step_succeeds_fails_or_is_left_undone() {
    let (app, fake, event) = rig().await;
    for (seat, method, step, status, failure) in [
        (1, "pm_card_authenticationRequired", Some(true), BookingStatus::Confirmed, None),
        (
            2,
            "pm_card_authenticationRequired",
            Some(false),
            BookingStatus::Failed,
            Some("payment-declined"),
        ),
        (
            3,
            "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
            Some(true),
            BookingStatus::Failed,
            Some("payment-declined"),
        ),
        (4, "pm_card_authenticationRequired", None, BookingStatus::Failed, Some("payment-timeout")),
    ] {
        let buyer = GuestBuyer::holds(&app, &event, &seats(&[seat])).await;
        let waits = buyer.confirms(&app, "3ds", &buyer.pays_with(method)).await;
        assert_eq!(waits.status, 202, "{}", waits.text);
        let payment = fake.intents().last().expect("a payment").id.clone();
        match step {
            Some(succeeds) => assert!(fake.second_step(&payment, succeeds)),
            None => {
                app.advance(Duration::from_secs(901)).await;
                fake.advance(Duration::from_secs(901));
            }
        }
        let booking = buyer.settled(&app, waits.id()).await;
        assert_eq!(booking.status, status, "seat {seat}");
        assert_eq!(booking.failure.as_deref(), failure, "seat {seat}");
        if step.is_none() {
            // Too late: the payment was voided before the seat was freed.
            assert!(!fake.second_step(&payment, true));
            let free = app.post(&event.reservations(), &seats(&[seat])).await;
            assert_eq!(free.status, 201, "{}", free.text);
        }
    }
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn a_buyer_whom_the_bank_brings_back_lands_on_the_booking() {
    let (app, fake) = stripe_rig::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = buyer.pays_with("pm_card_authenticationRequired");
    let waits = buyer.confirms(&app, "3ds", &body).await;
    let payment = fake.intents()[0].clone();
    let back = payment.return_url.clone().expect("a return address");
    assert_eq!(back, "http://127.0.0.1/checkout/return");
    // No webhook arrives, and the checkout would not ask for some time.
    for _ in 0..5 {
        app.advance(Duration::from_secs(31)).await;
        app.app.slices.checkouts.pass().await.expect("the pass runs");
    }
    assert!(fake.second_step(&payment.id, true));
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    let site = app.url("/healthz").replace("/healthz", "/checkout/return");
    let reference = waits.booking().reference;
    for (query, leads_to) in [
        (
            format!("?payment_intent={}&redirect_status=succeeded", payment.id),
            format!("/bookings/{reference}"),
        ),
        ("?payment_intent=pi_of_nobody".to_owned(), "/".to_owned()),
        ("?payment_intent=%00%27".to_owned(), "/".to_owned()),
        (String::new(), "/".to_owned()),
    ] {
        let answer = client.get(format!("{site}{query}")).send().await.expect("an answer");
        let location = answer.headers()["location"].to_str().expect("text");
        assert_eq!((answer.status().as_u16(), location), (303, leads_to.as_str()), "{query}");
    }
    let booking = buyer.settled(&app, waits.id()).await;
    assert_eq!(booking.status, BookingStatus::Confirmed);
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn a_fault_at_any_call_costs_time_and_nothing_else() {
    let (app, fake, event) = rig().await;
    let mut seat = 0;
    for call in ["create", "confirm", "capture"] {
        for fault in faults() {
            seat += 1;
            let buyer = GuestBuyer::holds(&app, &event, &seats(&[seat])).await;
            fake.fail(call, fault.clone(), 1);
            let booking = pays(&app, &buyer, "pm_card_visa", seat).await;
            assert_eq!(booking.status, BookingStatus::Confirmed, "{call} {fault:?}");
        }
    }
    let taken = fake.intents().into_iter().filter(|it| it.status == Status::Succeeded).count();
    assert_eq!(i32::try_from(taken).expect("few"), seat);
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn a_fault_that_stays_for_a_while_is_outlived() {
    let (app, fake, event) = rig().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    fake.fail("confirm", CallFault::ErrorBefore, 2);
    fake.fail("retrieve", CallFault::LostRequest, 1);
    fake.fail("capture", CallFault::RateLimit, 2);
    let booking = pays(&app, &buyer, "pm_card_visa", 1).await;
    assert_eq!(booking.status, BookingStatus::Confirmed);
    let keys: Vec<String> = fake
        .seen()
        .into_iter()
        .filter(|seen| seen.call == "confirm")
        .filter_map(|seen| seen.key)
        .collect();
    let mut distinct = keys.clone();
    distinct.dedup();
    assert_eq!(distinct, keys, "a key whose fault is kept is never sent again");
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn a_buyer_who_stops_gets_the_money_back_through_any_fault() {
    let (app, fake, event) = rig().await;
    for (at, fault) in faults().into_iter().enumerate() {
        let seat = i32::try_from(at).expect("few") + 1;
        let buyer = GuestBuyer::holds(&app, &event, &seats(&[seat])).await;
        let body =
            buyer.pays_from("pm_card_authenticationRequired", &format!("ada{seat}@example.org"));
        let waits = buyer.confirms(&app, "3ds", &body).await;
        let booking = waits.id();
        fake.fail("cancel", fault.clone(), 1);
        let path = format!("/bookings/{booking}/cancel");
        app.as_guest(&buyer.token).post(&path, &json!({})).await;
        assert_eq!(
            buyer.settled(&app, booking).await.status,
            BookingStatus::Cancelled,
            "{fault:?}"
        );
        let payment = fake.intents().pop().expect("a payment");
        assert_eq!(payment.status, Status::Canceled, "{fault:?}");
        let free = app.post(&event.reservations(), &seats(&[seat])).await;
        assert_eq!(free.status, 201, "{}", free.text);
    }
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn a_capture_that_is_refused_frees_the_seats_and_fails_the_booking() {
    let (app, fake, event) = rig().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    fake.fail("capture", CallFault::Refuse("charge_expired_for_capture".to_owned()), 1);
    let refused = buyer.confirms(&app, "k1", &buyer.pays_with("pm_card_visa")).await;
    refused.assert_problem(409, "/problems/reservation-not-active");
    assert_eq!(refused.problem().reasons, ["capture-refused"]);
    assert_eq!(fake.intents()[0].status, Status::Canceled);
    let next = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let paid = next.confirms(&app, "k1", &next.pays_with("pm_card_visa")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn a_crowd_pays_through_faults_and_nobody_pays_twice() {
    let (app, fake, event) = rig().await;
    for call in ["create", "confirm", "capture"] {
        for fault in faults() {
            fake.fail(call, fault, 1);
        }
    }
    let mut buyers = Vec::new();
    for seat in 1..=20 {
        buyers.push((seat, GuestBuyer::holds(&app, &event, &seats(&[seat])).await));
    }
    let paying = buyers.iter().map(|(seat, buyer)| pays(&app, buyer, "pm_card_visa", *seat));
    let bookings = futures_util::future::join_all(paying).await;
    assert!(
        bookings.iter().all(|booking| booking.status == BookingStatus::Confirmed),
        "{bookings:#?}"
    );
    let taken: i64 = fake.intents().iter().map(|intent| intent.received).sum();
    assert_eq!(taken, 20 * 4500);
    stripe_rig::finish(app, &fake).await;
}
