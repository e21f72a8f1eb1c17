//! The list of a buyer's bookings: its three parts, its search and its pages.

use holdfast_contract::bookings::{Booking, BookingPage, BookingStatus};
use holdfast_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Event, account, app_with_event, seats},
    harness::CallerOf,
};

const CARD: &str = "pm_card_visa";

async fn holds(user: &CallerOf<'_>, event: &Event, seat: i32) -> Uuid {
    let held = user.post(&event.reservations(), &seats(&[seat])).await;
    assert_eq!(held.status, 201, "{}", held.text);
    held.reservation().id
}

/// Pays for the reservations with this method. Returns the status of the response and the booking, which is the buyer's
/// newest.
async fn pays(user: &CallerOf<'_>, reservations: &[Uuid], method: &str) -> (u16, Booking) {
    let body = json!({ "reservation_ids": reservations, "payment": { "method": method } });
    let key = reservations[0].to_string();
    let headers = [("Idempotency-Key", key.as_str())];
    let answer = user.send(Method::POST, "/bookings/confirm", Some(&body), &headers).await;
    let mut mine: BookingPage = user.get("/bookings/me?limit=1").await.read();
    (answer.status, mine.items.remove(0))
}

async fn listed(user: &CallerOf<'_>, query: &str) -> BookingPage {
    let answer = user.get(&format!("/bookings/me?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.read()
}

/// Checks which bookings each part of the list has, newest first.
async fn check(user: &CallerOf<'_>, upcoming: &[Uuid], past: &[Uuid], cancelled: &[Uuid]) {
    for (when, expected) in [("upcoming", upcoming), ("past", past), ("cancelled", cancelled)] {
        let page = listed(user, &format!("when={when}")).await;
        let ids: Vec<Uuid> = page.items.iter().map(|booking| booking.id).collect();
        assert_eq!((ids.as_slice(), page.next), (expected, None), "{when}");
    }
}

#[tokio::test]
async fn each_booking_is_in_one_part_of_the_list() {
    let (app, first_event) = app_with_event().await;
    let last_event = fixture::another_event(&app, &first_event).await;
    fixture::refundable(&app, &last_event).await;
    let token = account(&app, "ada", Role::Customer, None).await;
    let user = app.as_user(&token);

    let (_, early) = pays(&user, &[holds(&user, &first_event, 1).await], CARD).await;
    let of_both = [holds(&user, &first_event, 2).await, holds(&user, &last_event, 1).await];
    let (_, both) = pays(&user, &of_both, CARD).await;
    let (_, returned) = pays(&user, &[holds(&user, &last_event, 2).await], CARD).await;
    let (status, declined) =
        pays(&user, &[holds(&user, &last_event, 3).await], "pm_card_chargeDeclined").await;
    assert_eq!((status, declined.status), (402, BookingStatus::Failed));
    let (status, pending) =
        pays(&user, &[holds(&user, &last_event, 4).await], "pm_card_authenticationRequired").await;
    assert_eq!((status, pending.status), (202, BookingStatus::Pending));
    check(&user, &[pending.id, returned.id, both.id, early.id], &[], &[declined.id]).await;

    cancels(&user, &returned, None).await;
    check(&user, &[pending.id, both.id, early.id], &[], &[declined.id, returned.id]).await;

    // A booking of two events is ahead until the last of them has ended.
    fixture::over(&app, &first_event).await;
    check(&user, &[pending.id, both.id], &[early.id], &[declined.id, returned.id]).await;

    // A cancelled line keeps no booking ahead.
    let ahead = both.lines.iter().find(|line| line.event_id == last_event.id).expect("a line");
    cancels(&user, &both, Some(&json!({ "line_ids": [ahead.id] }))).await;
    check(&user, &[pending.id], &[both.id, early.id], &[declined.id, returned.id]).await;

    // The pages of a part leave nothing out and repeat nothing.
    let first = listed(&user, "when=past&limit=1").await;
    assert_eq!((first.items.len(), first.items[0].id), (1, both.id));
    let rest = format!("when=past&limit=1&after={}", first.next.expect("another page"));
    let second = listed(&user, &rest).await;
    assert_eq!((second.items.len(), second.items[0].id, second.next), (1, early.id, None));
    assert_eq!(listed(&user, "").await.items.len(), 5, "without a part, all are listed");
    app.finish().await;
}

async fn cancels(user: &CallerOf<'_>, booking: &Booking, body: Option<&Value>) {
    let path = format!("/bookings/{}/cancel", booking.id);
    let answer = user.send(Method::POST, &path, body, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn a_booking_is_found_by_a_part_of_its_reference() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let booking = buyer.confirms(&app, "k1", &buyer.pays_with(CARD)).await.booking();
    let stranger = GuestBuyer::holds(&app, &event, &seats(&[2])).await;
    stranger.confirms(&app, "k2", &stranger.pays_from(CARD, "eve@example.org")).await;

    let letters = booking.reference.strip_prefix("HF-").expect("a reference");
    let guest = app.as_guest(&buyer.token);
    for typed in [
        booking.reference.clone(),
        letters.to_owned(),
        letters.to_lowercase(),
        format!("hf%20{}", &letters[..4].to_lowercase()),
        format!("HF{letters}"),
        letters[3..].to_owned(),
        letters.replace('0', "o").replace('1', "l"),
    ] {
        for part in ["", "&when=upcoming"] {
            let found = listed(&guest, &format!("reference={typed}{part}")).await;
            let ids: Vec<Uuid> = found.items.iter().map(|booking| booking.id).collect();
            assert_eq!(ids, [booking.id], "{typed}");
        }
        let past = listed(&guest, &format!("when=past&reference={typed}")).await;
        assert_eq!(past.items, []);
    }
    let other = if letters.starts_with('7') { "8" } else { "7" };
    let changed = format!("{other}{}", &letters[1..]);
    assert_eq!(listed(&guest, &format!("reference={changed}")).await.items, []);
    app.finish().await;
}

#[tokio::test]
async fn a_wrong_parameter_of_the_list_is_named() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    for (query, field) in [
        ("when=yesterday", "when"),
        ("when=", "when"),
        ("reference=", "reference"),
        ("reference=%25", "reference"),
        ("reference=_", "reference"),
        ("reference=HF-7K2M9QXAB", "reference"),
    ] {
        let refused = buyer.gets(&app, &format!("/bookings/me?{query}")).await;
        refused.assert_problem(400, "/problems/invalid-request");
        refused.assert_field(field);
    }
    app.finish().await;
}
