//! Whoever signs in with a proved address takes along what guests have bought under it, from any device.

use holdfast_contract::{
    accounts::{Adopted, Session},
    bookings::{BookingPage, BookingStatus},
};
use holdfast_domain::access::Role;
use serde_json::json;

use super::CARD;
use crate::support::{
    buyer::GuestBuyer,
    fixture::{account, app_with_event, seats},
    harness::TestApp,
};

/// Signs in as Ada without any guest's token, as on another device.
async fn session_elsewhere(app: &TestApp) -> Session {
    let credentials = json!({ "email": "ada@example.org", "password": "Demo-pass-1" });
    app.post("/auth/login", &credentials).await.read()
}

/// What Ada's sign-in on another device takes along.
async fn signs_in_elsewhere(app: &TestApp) -> Adopted {
    session_elsewhere(app).await.adopted.unwrap_or_default()
}

#[tokio::test]
async fn signing_in_elsewhere_takes_along_what_guests_have_bought_under_the_address() {
    let (app, event) = app_with_event().await;
    account(&app, "ada", Role::Customer, None).await;
    let (ada, eve) = ("Ada@Example.org", "eve@example.org");
    let guest = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let paid = guest.confirms(&app, "k1", &guest.pays_from(CARD, ada)).await.booking();
    // The same guest holds more, and buys under another address.
    let body = json!({ "seats": [{ "seat_id": 2 }] });
    let held = app.as_guest(&guest.token).post(&event.reservations(), &body).await;
    let held = held.reservation().id;
    let other = app.as_guest(&guest.token).post(&event.reservations(), &seats(&[3])).await;
    let other = GuestBuyer { token: guest.token.clone(), reservation: other.reservation().id };
    let of_eve = other.confirms(&app, "k2", &other.pays_from(CARD, eve)).await.booking();
    // A declined payment and a payment under way are the guest's.
    let declined = GuestBuyer::holds(&app, &event, &seats(&[4])).await;
    let body = declined.pays_from("pm_card_chargeDeclined", ada);
    assert_eq!(declined.confirms(&app, "k3", &body).await.status, 402);
    let acting = GuestBuyer::holds(&app, &event, &seats(&[5])).await;
    let body = acting.pays_from("pm_card_authenticationRequired", ada);
    let pending = acting.confirms(&app, "k4", &body).await;
    assert_eq!(pending.status, 202, "{}", pending.text);

    let adopted = signs_in_elsewhere(&app).await;
    assert_eq!((adopted.bookings, adopted.reservations), (vec![paid.id], vec![guest.reservation]));
    assert_eq!(signs_in_elsewhere(&app).await, Adopted::default());
    let token = session_elsewhere(&app).await.access_token;
    let mine: BookingPage = app.as_user(&token).get("/bookings/me").await.read();
    assert_eq!(mine.items.iter().map(|it| it.id).collect::<Vec<_>>(), [paid.id]);
    assert_eq!(guest.gets(&app, &format!("/bookings/{}", paid.id)).await.status, 404);
    for path in [format!("/reservations/{held}"), format!("/bookings/{}", of_eve.id)] {
        assert_eq!(guest.gets(&app, &path).await.status, 200, "{path} stays the guest's");
    }
    // Once the payment has ended, the next sign-in takes the booking along.
    let secret = pending.client_secret();
    let done = json!({ "outcome": "success" });
    let path = format!("/payments/simulated/{secret}/complete");
    assert_eq!(app.post(&path, &done).await.status, 200);
    let settled = acting.settled(&app, pending.id()).await;
    assert_eq!(settled.status, BookingStatus::Confirmed);
    assert_eq!(signs_in_elsewhere(&app).await.bookings, [settled.id]);
    app.finish().await;
}

#[tokio::test]
async fn many_sign_ins_at_once_take_a_booking_along_once() {
    let (app, event) = app_with_event().await;
    account(&app, "ada", Role::Customer, None).await;
    let guest = GuestBuyer::holds(&app, &event, &seats(&[1, 2])).await;
    let paid = guest.confirms(&app, "k1", &guest.pays_from(CARD, "ada@example.org")).await;
    let paid = paid.booking();
    let (path, body) = (format!("/bookings/{}/cancel", paid.id), json!({}));
    let caller = app.as_guest(&guest.token);
    let (sign_ins, _) = tokio::join!(
        futures_util::future::join_all((0..4).map(|_| signs_in_elsewhere(&app))),
        caller.post(&path, &body),
    );
    let times = sign_ins.iter().filter(|adopted| adopted.bookings.contains(&paid.id)).count();
    assert_eq!(times, 1);
    assert_eq!(app.number("SELECT COUNT(*) FROM audit WHERE action = 'guest.adopt'").await, 1);
    app.finish().await;
}
