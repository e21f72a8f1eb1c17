//! Methods that cannot reserve an amount: the seats are sold first, then the money is taken at once; through Stripe
//! over the fake, and through the simulated gateway.

use holdfast::kernel::db::Sql;

use super::*;

/// A time longer than the deadline for buyer and gateway.
const PAST_DEADLINE: Duration = Duration::from_secs(15 * 60 + 1);

/// The state of the first seat.
async fn seat(app: &TestApp) -> String {
    let row = app.app.base.db.one("SELECT status FROM seats WHERE seat_id = 1", vec![]).await;
    row.expect("a look").expect("a seat").try_get("", "status").expect("a status")
}

/// A wish for seat 1 and three general-admission places.
fn wish(event: &Event) -> Value {
    seats_and_places(event, &[1], 3)
}

#[tokio::test]
async fn the_seats_are_sold_before_the_money_is_taken() {
    let (app, fake, event) = rig().await;
    let buyer = GuestBuyer::holds(&app, &event, &wish(&event)).await;
    fake.fail("confirm", CallFault::Slow(Duration::from_millis(500)), 1);
    let body = buyer.pays_with("pm_twint");
    let sold_meanwhile = async {
        while !fake.intents().iter().any(|it| fake.is_busy(&format!("{}:authorize:1", saga(it)))) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!((seat(&app).await.as_str(), fake.intents()[0].received), ("sold", 0));
    };
    let (paid, ()) = tokio::join!(buyer.confirms(&app, "k1", &body), sold_meanwhile);
    assert_eq!(paid.status, 201, "{}", paid.text);
    let again = buyer.confirms(&app, "k1", &body).await;
    assert_eq!((again.status, &again.text), (201, &paid.text));
    let intents = fake.intents();
    assert_eq!(intents.len(), 1);
    assert_eq!((intents[0].status, intents[0].received), (Status::Succeeded, 4500 + 3 * 2000));
    let calls: Vec<&str> = fake.seen().iter().map(|seen| seen.call).collect();
    assert_eq!(calls, ["create", "create", "confirm"]);
    stripe_rig::finish(app, &fake).await;
}

fn saga(intent: &holdfast_fake_stripe::Intent) -> String {
    intent.metadata["saga"].as_str().expect("the saga").to_owned()
}

#[tokio::test]
async fn a_refusal_gives_the_seats_back_to_the_buyer_who_pays_otherwise() {
    let (app, fake, event) = rig().await;
    let buyer = GuestBuyer::holds(&app, &event, &wish(&event)).await;
    let declined = buyer.confirms(&app, "k1", &buyer.pays_with("pm_twint_declined")).await;
    declined.assert_problem(402, "/problems/payment-declined");
    assert_eq!(buyer.reservation_status(&app).await, ReservationStatus::Active);
    assert_eq!(seat(&app).await, "held");
    let breaches = holdfast::app::check(&app.app.base.db).await.expect("the check runs");
    assert_eq!(breaches, []);
    let paid = buyer.confirms(&app, "k2", &buyer.pays_with("pm_card_visa")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    assert_eq!(fake.intents().iter().filter(|it| it.received > 0).count(), 1);
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn the_bank_has_its_time_and_the_seats_wait_no_longer() {
    for (step, status, stands, received) in [
        (Some(true), BookingStatus::Confirmed, "sold", 10_500),
        (Some(false), BookingStatus::Failed, "held", 0),
        (None, BookingStatus::Failed, "available", 0),
    ] {
        let (app, fake, event) = rig().await;
        let buyer = GuestBuyer::holds(&app, &event, &wish(&event)).await;
        let waits = buyer.confirms(&app, "k1", &buyer.pays_with("pm_ideal")).await;
        assert_eq!(waits.status, 202, "{}", waits.text);
        let intent = fake.intents().remove(0);
        assert_eq!(waits.client_secret(), intent.client_secret());
        assert_eq!(seat(&app).await, "sold");
        match step {
            Some(succeeds) => assert!(fake.second_step(&intent.id, succeeds)),
            None => app.advance(PAST_DEADLINE).await,
        }
        let booking = waits.id();
        assert_eq!(buyer.settled(&app, booking).await.status, status, "{step:?}");
        assert_eq!((seat(&app).await.as_str(), fake.intents()[0].received), (stands, received));
        stripe_rig::finish(app, &fake).await;
    }
}

#[tokio::test]
async fn a_payment_that_went_through_before_it_could_be_stopped_buys_the_seats() {
    let (app, fake) = stripe_rig::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let buyer = GuestBuyer::holds(&app, &event, &wish(&event)).await;
    let waits = buyer.confirms(&app, "k1", &buyer.pays_with("pm_ideal")).await;
    let booking = waits.id();
    // No webhook reports the success, and the buyer wants to stop.
    assert!(fake.second_step(&fake.intents()[0].id, true));
    let path = format!("/bookings/{booking}/cancel");
    let stops = app.as_guest(&buyer.token).post(&path, &json!({})).await;
    stops.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(stops.problem().reasons, ["confirmed"]);
    assert_eq!(buyer.settled(&app, booking).await.status, BookingStatus::Confirmed);
    assert_eq!(seat(&app).await, "sold");
    stripe_rig::finish(app, &fake).await;
}

#[tokio::test]
async fn a_payment_that_the_bank_cannot_decide_yet_keeps_its_seats_past_the_deadline() {
    for (succeeds, status, stands) in
        [(true, BookingStatus::Confirmed, "sold"), (false, BookingStatus::Failed, "available")]
    {
        let (app, fake) = stripe_rig::start().await;
        let event = fixture::event(&app, Like::default()).await;
        let buyer = GuestBuyer::holds(&app, &event, &wish(&event)).await;
        let waits = buyer.confirms(&app, "k1", &buyer.pays_with("pm_ideal")).await;
        let booking = waits.id();
        let intent = fake.intents().remove(0).id;
        assert!(fake.force(&intent, Status::Processing));
        // Stripe does not void a payment in processing. The checkout asks again, and the seats stay.
        app.advance(PAST_DEADLINE).await;
        for _ in 0..3 {
            app.app.slices.checkouts.pass().await.expect("the pass runs");
            app.advance(Duration::from_secs(60)).await;
        }
        let read = buyer.reads_booking(&app, booking).await;
        assert_eq!((read.status, seat(&app).await.as_str()), (BookingStatus::Pending, "sold"));
        assert!(fake.force(&intent, Status::RequiresAction));
        assert!(fake.second_step(&intent, succeeds));
        app.advance(Duration::from_secs(301)).await;
        assert_eq!(buyer.settled(&app, booking).await.status, status);
        assert_eq!(seat(&app).await, stands);
        stripe_rig::finish(app, &fake).await;
    }
}

#[tokio::test]
async fn a_fault_at_any_call_of_it_takes_the_money_once() {
    for call in ["create", "confirm"] {
        for fault in faults() {
            let (app, fake, event) = rig().await;
            let buyer = GuestBuyer::holds(&app, &event, &wish(&event)).await;
            fake.fail(call, fault.clone(), 1);
            let booking = pays(&app, &buyer, "pm_twint", 1).await;
            assert_eq!(booking.status, BookingStatus::Confirmed, "{call} {fault:?}");
            let received: i64 = fake.intents().iter().map(|it| it.received).sum();
            assert_eq!(received, 10_500, "{call} {fault:?}");
            stripe_rig::finish(app, &fake).await;
        }
    }
}

#[tokio::test]
async fn the_simulated_gateway_takes_money_at_once_too() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let buyer = GuestBuyer::holds(&app, &event, &wish(&event)).await;
    let declined = buyer.confirms(&app, "k1", &buyer.pays_with("pm_sim_at_once_declined")).await;
    declined.assert_problem(402, "/problems/payment-declined");
    let waits = buyer.confirms(&app, "k2", &buyer.pays_with("pm_sim_at_once_asks")).await;
    assert_eq!((waits.status, seat(&app).await.as_str()), (202, "sold"));
    let secret = waits.client_secret();
    let path = format!("/payments/simulated/{secret}/complete");
    app.post(&path, &json!({ "outcome": "success" })).await;
    let booking = waits.id();
    assert_eq!(buyer.settled(&app, booking).await.status, BookingStatus::Confirmed);
    let other = GuestBuyer::holds(&app, &event, &seats(&[2])).await;
    let body = other.pays_from("pm_sim_at_once", "other@example.org");
    let paid = other.confirms(&app, "k1", &body).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    app.finish().await;
}
