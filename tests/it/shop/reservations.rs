//! Holds of one caller at a time: the responses, the expiry, and the permissions.

mod alone;
mod forgotten;
mod lapsed;
mod neighbours;

use std::time::Duration;

use holdfast_contract::{
    problem::RefusedSeat, reservations::ReservationStatus, words::SeatRefusal,
};
use serde_json::{Value, json};

use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Like, app_with_event, euros, seats, seats_and_places, some_seats},
    harness::TestApp,
};

const HOLD: Duration = Duration::from_secs(600);

#[tokio::test]
async fn a_guest_holds_seats_and_places_at_the_servers_price() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let wish = seats_and_places(&event, &[3, 1], 2);
    let held = app.post(&event.reservations(), &wish).await;
    assert_eq!(held.status, 201, "{}", held.text);
    let (path, token) = (format!("/reservations/{}", held.id()), held.guest_token());
    let held = held.reservation();
    assert_eq!(held.status, ReservationStatus::Active);
    assert_eq!(held.total, euros(2 * 4500 + 2 * 2000));
    assert_eq!((held.expires_in_seconds, held.items.len()), (600, 3));
    let read = app.as_guest(&token).get(&path).await;
    assert_eq!(read.reservation().items, held.items);
    app.get(&path).await.assert_problem(401, "/problems/unauthorized");
    app.finish().await;
}

#[tokio::test]
async fn a_held_seat_is_refused_with_its_reason_and_nothing_of_the_rest_is_held() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let first = app.post(&event.reservations(), &seats(&[2])).await;
    let token = first.guest_token();
    let refused = app.post(&event.reservations(), &seats(&[1, 2, 99])).await;
    refused.assert_problem(409, "/problems/seats-unavailable");
    refused.assert_refused(&[(2, SeatRefusal::Held), (99, SeatRefusal::Unknown)]);
    let own = app.as_guest(&token).post(&event.reservations(), &seats(&[2])).await;
    own.assert_refused(&[(2, SeatRefusal::Yours)]);
    assert_eq!(app.post(&event.reservations(), &seats(&[1])).await.status, 201);
    app.finish().await;
}

#[tokio::test]
async fn partial_holds_what_it_can_and_none_is_a_conflict() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    app.post(&event.reservations(), &seats(&[2])).await;
    let wish = some_seats(&[1, 2, 3]);
    let held = app.post(&event.reservations(), &wish).await;
    assert_eq!(held.status, 201, "{}", held.text);
    let held = held.reservation();
    assert_eq!(held.items.len(), 2);
    assert_eq!(held.refused, [RefusedSeat::new(2, SeatRefusal::Held)]);
    let none = app.post(&event.reservations(), &wish).await;
    none.assert_problem(409, "/problems/seats-unavailable");
    assert_eq!(none.problem().seats.len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn a_stale_version_is_refused() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let wish = |version: i32| json!({ "seats": [{ "seat_id": 1, "version": version }] });
    let stale = app.post(&event.reservations(), &wish(7)).await;
    stale.assert_refused(&[(1, SeatRefusal::StaleVersion)]);
    assert_eq!(app.post(&event.reservations(), &wish(1)).await.status, 201);
    app.finish().await;
}

#[tokio::test]
async fn a_hold_is_extended_up_to_its_cap() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let wish = seats_and_places(&event, &[1], 1);
    let held = app.post(&event.reservations(), &wish).await;
    let token = held.guest_token();
    let path = format!("/reservations/{}/extend", held.id());
    let guest = app.as_guest(&token);
    for minutes in [9, 9, 9] {
        app.advance(Duration::from_secs(minutes * 60)).await;
        let extended = guest.post(&path, &json!({})).await;
        assert_eq!(extended.status, 200, "{}", extended.text);
    }
    let capped = guest.post(&path, &json!({})).await;
    capped.assert_problem(409, "/problems/extension-cap-reached");
    app.advance(Duration::from_secs(170)).await;
    assert_eq!(app.post(&event.reservations(), &seats(&[1])).await.status, 409);
    app.advance(Duration::from_secs(10)).await;
    assert_eq!(app.post(&event.reservations(), &seats(&[1])).await.status, 201);
    app.finish().await;
}

#[tokio::test]
async fn only_the_owner_cancels_and_the_seats_are_free_at_once() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let wish = seats_and_places(&event, &[1], 3);
    let held = app.post(&event.reservations(), &wish).await;
    let token = held.guest_token();
    let other = app.post(&event.reservations(), &seats(&[5])).await;
    let stranger = other.guest_token();
    let path = format!("/reservations/{}", held.id());
    app.as_guest(&stranger).delete(&path).await.assert_problem(404, "/problems/not-found");
    app.as_guest(&stranger).get(&path).await.assert_problem(404, "/problems/not-found");
    let guest = app.as_guest(&token);
    assert_eq!(guest.delete(&path).await.status, 204);
    assert_eq!(guest.delete(&path).await.status, 204);
    assert_eq!(guest.get(&path).await.reservation().status, ReservationStatus::Cancelled);
    assert_eq!(app.post(&event.reservations(), &seats(&[1])).await.status, 201);
    app.finish().await;
}

#[tokio::test]
async fn the_limit_counts_what_is_live_and_nothing_else() {
    let app = TestApp::start().await;
    let like = Like { max_per_user: 3, ..Like::default() };
    let event = fixture::event(&app, like).await;
    let first = app.post(&event.reservations(), &seats(&[1, 2])).await;
    let token = first.guest_token();
    let guest = app.as_guest(&token);
    let over = guest.post(&event.reservations(), &seats(&[3, 4])).await;
    over.assert_problem(409, "/problems/limit-exceeded");
    let over = over.problem();
    assert_eq!((over.limit, over.remaining), (Some(3), Some(1)));
    assert_eq!(guest.post(&event.reservations(), &seats(&[3])).await.status, 201);
    // The buyer may hold again as soon as the holds lapse.
    app.advance(HOLD).await;
    assert_eq!(guest.post(&event.reservations(), &seats(&[4, 5, 6])).await.status, 201);
    app.finish().await;
}

#[tokio::test]
async fn faults_name_their_field() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let check = async |body: Value, field: &str| {
        let answer = app.post(&event.reservations(), &body).await;
        answer.assert_problem(400, "/problems/invalid-request");
        answer.assert_field(field);
    };
    check(json!({}), "seats").await;
    check(seats(&[1, 1]), "seats[1].seat_id").await;
    check(json!({ "seats": [{ "seat_id": "1" }] }), "seats[0].seat_id").await;
    check(json!({ "seats": [{ "seat_id": 1, "price": 1 }] }), "seats[0].price").await;
    check(
        json!({ "seats": [{ "seat_id": 1, "offer_id": event.general_offer }] }),
        "seats[0].offer_id",
    )
    .await;
    check(
        json!({ "general": [{ "section_id": event.seated, "quantity": 1 }] }),
        "general[0].section_id",
    )
    .await;
    check(
        json!({ "general": [{ "section_id": event.general, "quantity": 0 }] }),
        "general[0].quantity",
    )
    .await;
    let many = app.post(&event.reservations(), &seats(&(1..=11).collect::<Vec<_>>())).await;
    assert!(many.status == 409, "{}", many.text);
    app.finish().await;
}

#[tokio::test]
async fn an_event_that_does_not_sell_holds_nothing() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    app.post("/events/no-such-event/reservations", &seats(&[1]))
        .await
        .assert_problem(404, "/problems/not-found");
    // A copy of the terms is in memory now. The statement notices that the terms have changed.
    assert_eq!(app.post(&event.reservations(), &seats(&[1])).await.status, 201);
    let db = &app.app.base.db;
    let sql = "UPDATE events SET status = 'cancelled', version = version + 1";
    holdfast::kernel::db::Sql::run(db, sql, vec![]).await.expect("cancelled");
    app.post(&event.reservations(), &seats(&[2]))
        .await
        .assert_problem(409, "/problems/not-on-sale");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_under_a_key_happens_once_and_is_answered_alike_every_time() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let nobody = app.as_nobody();
    let hold = async |key: &str, body: &Value| {
        let headers = [("Idempotency-Key", key)];
        nobody.send(reqwest::Method::POST, &event.reservations(), Some(body), &headers).await
    };
    let key = "0192f3a8-6c1e-4a57-9a40-5f0f3c1f2d11";
    let wish = seats(&[1, 2]);
    let answers = futures_util::future::join_all((0..20).map(|_| hold(key, &wish))).await;
    for answer in &answers {
        assert_eq!((answer.status, &answer.text), (201, &answers[0].text));
    }
    let first = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none());
    assert_eq!(first.count(), 1);
    assert!(answers[0].reservation().guest_token.is_some());
    hold(key, &seats(&[3])).await.assert_problem(422, "/problems/idempotency-key-reused");
    // A key that can be guessed identifies no guest: a short key, a short key in quotes, a counter, which has few
    // different letters, a repeated word.
    let quoted = format!("\"{}\"", &key[..30]);
    let (counter, twice) = (format!("{:032}", 17), "0192f3a8-6c1e-4a57".repeat(2));
    for guessed in ["1", &quoted, &counter, &twice] {
        hold(guessed, &seats(&[3])).await.assert_field("Idempotency-Key");
    }
    assert_eq!(
        hold(&format!("\"{key}\""), &wish).await.text,
        answers[0].text,
        "quotes are no part of the key"
    );
    let token = answers[0].guest_token();
    let stored = format!("SELECT COUNT(*) FROM idempotency_keys WHERE body LIKE '%{token}%'");
    assert_eq!(app.number(&stored).await, 0, "a stored answer holds no token");
    let stored = format!("SELECT COUNT(*) FROM idempotency_keys WHERE key = '{key}'");
    assert_eq!(app.number(&stored).await, 0, "the key of a guest is as good as the token");
    // A refusal is not stored: the same key succeeds once the seat is free.
    let other = "0192f3a8-6c1e-4a57-9a40-5f0f3c1f2d12";
    hold(other, &wish).await.assert_problem(409, "/problems/seats-unavailable");
    app.advance(HOLD).await;
    assert_eq!(hold(other, &wish).await.status, 201);
    app.finish().await;
}

#[tokio::test]
async fn a_part_of_a_hold_is_given_back_and_the_rest_stays_held() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like { places: 10, ..Like::default() }).await;
    let guest = GuestBuyer::holds(&app, &event, &seats_and_places(&event, &[1, 2], 5)).await;
    let held = guest.reads_reservation(&app).await;
    let of =
        |seat: Option<i32>| held.items.iter().find(|item| item.seat_id == seat).expect("one").id;
    let path = format!("/reservations/{}/release", guest.reservation);
    let caller = app.as_guest(&guest.token);
    let release = async |items: Value| caller.post(&path, &json!({ "items": items })).await;

    for (items, field) in [
        (json!([]), "items"),
        (json!([{ "item_id": guest.reservation }]), "items[0].item_id"),
        (json!([{ "item_id": of(None), "quantity": 6 }]), "items[0].quantity"),
        (json!([{ "item_id": of(None), "quantity": 0 }]), "items[0].quantity"),
        (json!([{ "item_id": of(Some(1)), "quantity": 2 }]), "items[0].quantity"),
        (json!([{ "item_id": of(Some(1)) }, { "item_id": of(Some(1)) }]), "items[1].item_id"),
    ] {
        let refused = release(items).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        refused.assert_field(field);
    }

    let two = json!([{ "item_id": of(None), "quantity": 2 }, { "item_id": of(Some(2)) }]);
    let left = release(two).await.reservation();
    assert_eq!((left.status, left.items.len()), (ReservationStatus::Active, 2));
    assert_eq!((left.total, left.expires_at), (euros(4500 + 3 * 2000), held.expires_at));
    let again = app.post(&event.reservations(), &seats_and_places(&event, &[2], 7)).await;
    assert_eq!(again.status, 201, "seat 2 and 7 of 10 places are free: {}", again.text);

    let paid = guest.confirms(&app, "k1", &guest.pays_with("pm_card_visa")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    assert_eq!(paid.booking().tickets.len(), 4);
    let late = release(json!([{ "item_id": of(Some(1)) }])).await;
    late.assert_problem(409, "/problems/reservation-not-active");
    app.finish().await;
}

#[tokio::test]
async fn a_hold_of_which_everything_is_given_back_is_cancelled() {
    let (app, event) = app_with_event().await;
    let guest = GuestBuyer::holds(&app, &event, &seats_and_places(&event, &[1], 2)).await;
    let items = guest.reads_reservation(&app).await.items;
    let all: Vec<Value> = items.iter().map(|item| json!({ "item_id": item.id })).collect();
    let path = format!("/reservations/{}/release", guest.reservation);
    let stranger = GuestBuyer::holds(&app, &event, &seats(&[2])).await;
    let refused = app.as_guest(&stranger.token).post(&path, &json!({ "items": all })).await;
    refused.assert_problem(404, "/problems/not-found");
    let released = app.as_guest(&guest.token).post(&path, &json!({ "items": all })).await;
    assert_eq!(released.reservation().status, ReservationStatus::Cancelled);
    assert_eq!(app.number("SELECT SUM(held) FROM sections WHERE kind = 'general'").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn releases_at_once_free_no_more_places_than_are_held() {
    let (app, event) = app_with_event().await;
    let guest = GuestBuyer::holds(&app, &event, &seats_and_places(&event, &[1, 2], 8)).await;
    let items = guest.reads_reservation(&app).await.items;
    let general = items.iter().find(|item| item.seat_id.is_none()).expect("places").id;
    let path = format!("/reservations/{}/release", guest.reservation);
    let caller = app.as_guest(&guest.token);
    let three = json!({ "items": [{ "item_id": general, "quantity": 3 }] });
    let twins = futures_util::future::join_all((0..4).map(|_| caller.post(&path, &three))).await;
    let done = twins.iter().filter(|twin| twin.status == 200).count();
    assert_eq!(done, 2, "8 places give 3 twice: {twins:#?}");
    assert_eq!(app.number("SELECT SUM(held) FROM sections WHERE kind = 'general'").await, 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_beside_a_confirmation_charges_what_is_booked() {
    let app = TestApp::start().await;
    let like = Like { seats: 96, places: 1000, max_per_user: 10, ..Like::default() };
    let event = fixture::event(&app, like).await;
    for round in 0..24 {
        let seat = round * 4 + 1;
        let wish = seats_and_places(&event, &[seat, seat + 1, seat + 2, seat + 3], 4);
        let guest = GuestBuyer::holds(&app, &event, &wish).await;
        let items = guest.reads_reservation(&app).await.items;
        let some: Vec<Value> = items[1..].iter().map(|it| json!({ "item_id": it.id })).collect();
        let path = format!("/reservations/{}/release", guest.reservation);
        let body = guest.pays_with("pm_card_visa");
        let release = async {
            tokio::time::sleep(Duration::from_millis(u64::from(round.unsigned_abs() % 8))).await;
            app.as_guest(&guest.token).post(&path, &json!({ "items": some })).await
        };
        let (paid, released) = tokio::join!(guest.confirms(&app, "k1", &body), release);
        assert!([201, 202].contains(&paid.status), "{}", paid.text);
        assert!([200, 409].contains(&released.status), "{}", released.text);
        guest.settled(&app, paid.booking().id).await;
    }
    app.finish().await;
}
