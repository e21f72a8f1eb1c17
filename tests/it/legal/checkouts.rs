//! Acceptances at checkouts.

use futures_util::future::join_all;
use holdfast_contract::reservations::ReservationStatus;
use serde_json::json;

use super::{
    OLD, PRESENT, acceptances, accepting, assert_asked, recorded, saying, with_terms, wrong,
};
use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Event, Like, seats},
    harness::TestApp,
};

const KEY: &str = "legal-1";
const BUYERS: i32 = 8;

async fn shop(version: &str) -> (TestApp, Event) {
    let app = TestApp::with(with_terms(version)).await;
    let event = fixture::event(&app, Like::default()).await;
    (app, event)
}

#[tokio::test]
async fn who_pays_accepts_the_present_terms_and_that_is_recorded_once() {
    let (app, event) = shop(PRESENT).await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let pays = || buyer.pays_with("pm_card_visa");
    for said in wrong() {
        let body = said.map_or_else(pays, |said| saying(pays(), said));
        assert_asked(&buyer.confirms(&app, KEY, &body).await);
        assert_eq!(buyer.reservation_status(&app).await, ReservationStatus::Active);
    }
    let said = json!({ "terms": PRESENT, "language": "de" });
    let refused = buyer.confirms(&app, KEY, &saying(pays(), said)).await;
    refused.assert_field("accepted.language");
    assert_eq!(app.number("SELECT COUNT(*) FROM bookings").await + recorded(&app).await, 0);

    // The refusals have claimed no key, so the same key pays.
    let said = json!({ "terms": PRESENT, "language": "fr" });
    let body = saying(pays(), said);
    let paid = buyer.confirms(&app, KEY, &body).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    let again = buyer.confirms(&app, KEY, &body).await;
    assert_eq!((again.status, &again.text), (201, &paid.text));
    assert_eq!(acceptances(&app, "bookings").await, [format!("booking terms {PRESENT} fr 0")]);
    app.finish().await;
}

#[tokio::test]
async fn a_repetition_is_answered_although_the_terms_have_changed() {
    let (app, event) = shop(OLD).await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = accepting(buyer.pays_with("pm_card_visa"), OLD);
    let paid = buyer.confirms(&app, KEY, &body).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    let later = app.another_node_with(with_terms(PRESENT)).await;
    let again = buyer.confirms(&later, KEY, &body).await;
    assert_eq!((again.status, &again.text), (201, &paid.text));
    let other = GuestBuyer::holds(&later, &event, &seats(&[2])).await;
    let body = accepting(other.pays_with("pm_card_visa"), OLD);
    assert_asked(&other.confirms(&later, KEY, &body).await);
    assert_eq!(acceptances(&app, "bookings").await, [format!("booking terms {OLD} en 0")]);
    later.stop().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_who_accepts_nothing_keeps_no_other_from_paying() {
    let (app, event) = shop(PRESENT).await;
    let mut buyers = Vec::new();
    for seat in 1..=BUYERS {
        buyers.push(GuestBuyer::holds(&app, &event, &seats(&[seat])).await);
    }
    let pay = |number: usize, buyer: &GuestBuyer| {
        let version = if number.is_multiple_of(2) { PRESENT } else { OLD };
        accepting(buyer.pays_from("pm_card_visa", &format!("ada{number}@example.org")), version)
    };
    let bodies: Vec<_> = buyers.iter().enumerate().map(|(at, buyer)| pay(at, buyer)).collect();
    let paid = buyers.iter().zip(&bodies).map(|(buyer, body)| buyer.confirms(&app, KEY, body));
    let paid = join_all(paid);
    for (number, answer) in paid.await.iter().enumerate() {
        if number.is_multiple_of(2) {
            assert_eq!(answer.status, 201, "{}", answer.text);
        } else {
            assert_asked(answer);
        }
    }
    let wanted = format!("booking terms {PRESENT} en 0");
    assert_eq!(acceptances(&app, "bookings").await, vec![wanted; BUYERS as usize / 2]);
    app.finish().await;
}

#[tokio::test]
async fn examples_need_not_be_accepted_and_are_recorded_when_they_are() {
    let (app, event) = fixture::app_with_event().await;
    let first = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let paid = first.confirms(&app, KEY, &first.pays_with("pm_card_visa")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    assert_eq!(recorded(&app).await, 0);
    let second = GuestBuyer::holds(&app, &event, &seats(&[2])).await;
    let pays = || second.pays_with("pm_card_visa");
    let refused = second.confirms(&app, KEY, &accepting(pays(), OLD)).await;
    refused.assert_field("accepted.terms");
    let said = json!(fixture::acceptance(&app).await);
    let paid = second.confirms(&app, KEY, &saying(pays(), said)).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    assert_eq!(recorded(&app).await, 1);
    app.finish().await;
}
