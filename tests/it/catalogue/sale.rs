//! The remaining places, their prices, and the callers who may buy them.

use std::time::Duration;

use holdfast::catalogue::seed;
use holdfast_contract::{
    accounts::Session,
    catalogue::{Counts, Eligibility, EventPage, Inventory, Offer, OfferPage, Seat, SeatStatus},
    live::{SeatState, SeatStates},
    seat_map::SeatMap,
    words::SeatRefusal,
};
use serde_json::json;

use super::{CatalogueStage, with_tag};
use crate::support::{
    buyer::GuestBuyer,
    fixture::{euros, seats},
    harness::TestApp,
};

#[tokio::test]
async fn what_is_left_is_seen_at_once_and_kept_by_its_tag() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let nobody = stage.app.as_nobody();
    let (inventory, states) =
        (format!("/events/{id}/inventory"), format!("/events/{id}/seats?state=only"));
    let before: Inventory = nobody.get(&inventory).await.read();
    let all = Counts { capacity: 17, available: 17, held: 0, sold: 0, blocked: 0 };
    assert_eq!(before.counts, all);
    let range = before.price_range.expect("an offer is on sale");
    assert_eq!((range.min, range.max), (euros(500), euros(3_000)));
    assert_eq!(nobody.get(&states).await.read::<SeatStates>().seats, []);
    let tags: Vec<String> = {
        let mut tags = Vec::new();
        for path in [&inventory, &states] {
            tags.push(nobody.get(path).await.header("etag").expect("a tag").to_owned());
        }
        tags
    };
    assert_eq!(with_tag(&nobody, &inventory, &tags[0]).await.status, 304);
    assert_eq!(with_tag(&nobody, &states, &tags[1]).await.status, 304);

    let floor = stage.section(id, "Floor").await.id;
    let wish = json!({ "seats": [{ "seat_id": 1 }, { "seat_id": 3 }],
                       "general": [{ "section_id": floor, "quantity": 2 }] });
    let held = stage.app.post(&format!("/events/{id}/reservations"), &wish).await;
    assert_eq!(held.status, 201, "{}", held.text);
    let after = with_tag(&nobody, &inventory, &tags[0]).await;
    assert_eq!(after.read::<Inventory>().counts.held, 4, "{}", after.text);
    let after = with_tag(&nobody, &states, &tags[1]).await;
    let listed: SeatStates = after.read();
    let SeatState(seat, status, _, until) = listed.seats[0];
    assert_eq!((listed.seats.len(), seat, status), (2, 1, SeatStatus::Held));
    let left = until.expect("a time") - listed.now;
    assert!((595..=601).contains(&left), "{left} seconds");

    // The moment at which the holds lapse. No pass has run.
    let tag = after.header("etag").expect("a tag").to_owned();
    assert_eq!(with_tag(&nobody, &states, &tag).await.status, 304);
    stage.app.advance(Duration::from_secs(601)).await;
    assert_eq!(with_tag(&nobody, &states, &tag).await.read::<SeatStates>().seats, []);
    assert_eq!(nobody.get(&inventory).await.read::<Inventory>().counts, all);
    stage.finish().await;
}

#[tokio::test]
async fn seats_are_kept_back_freed_and_priced_unless_somebody_has_them() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let (caller, seat) = (stage.organizer(), |n: i32| format!("/events/{id}/seats/{n}"));
    caller.patch(&seat(1), &json!({ "blocked": true })).await.assert_field("reason");
    let blocked = caller.patch(&seat(1), &json!({ "blocked": true, "reason": "press" })).await;
    assert_eq!(blocked.read::<Seat>().status, SeatStatus::Blocked);
    let refused = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[1])).await;
    refused.assert_refused(&[(1, SeatRefusal::Blocked)]);
    let freed = caller.patch(&seat(1), &json!({ "blocked": false })).await;
    assert_eq!(freed.read::<Seat>().status, SeatStatus::Available);

    let priced = caller.patch(&seat(2), &json!({ "price_minor": 250 })).await;
    assert_eq!(priced.read::<Seat>().price, Some(euros(250)));
    let held = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[1, 2])).await;
    assert_eq!(held.reservation().total, euros(1_250));
    for change in [json!({ "blocked": true, "reason": "no" }), json!({ "price_minor": 1 })] {
        let refused = caller.patch(&seat(2), &change).await;
        refused.assert_problem(409, "/problems/seats-unavailable");
        refused.assert_refused(&[(2, SeatRefusal::Held)]);
    }
    // A later price applies only to later buyers.
    let offers: OfferPage = caller.get(&format!("/events/{id}/offers")).await.read();
    let offer = format!("/offers/{}", offers.items[0].id);
    let dearer = caller.patch(&offer, &json!({ "version": 1, "price_minor": 9_900 })).await;
    let dearer: Offer = dearer.read();
    assert_eq!((dearer.price, dearer.version), (euros(9_900), 2));
    // An author who has not read that price changes nothing.
    let stale = caller.patch(&offer, &json!({ "version": 1, "price_minor": 100 })).await;
    stale.assert_problem(409, "/problems/stale-version");
    caller.patch(&offer, &json!({ "price_minor": 100 })).await.assert_field("version");
    let kept: OfferPage = caller.get(&format!("/events/{id}/offers")).await.read();
    assert_eq!((&kept.items[0].price, kept.items[0].version), (&euros(9_900), 2));
    let read = GuestBuyer::of(&held).reads_reservation(&stage.app).await;
    assert_eq!(read.total, euros(1_250));
    let next = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[3])).await;
    assert_eq!(next.reservation().total, euros(9_900));
    caller
        .patch(&seat(99), &json!({ "blocked": false }))
        .await
        .assert_problem(404, "/problems/not-found");
    stage.finish().await;
}

#[tokio::test]
async fn offers_are_found_across_events_and_withdrawn() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let path = format!("/events/{id}/offers");
    let family = json!({ "name": "Family", "price_minor": 0, "admits": 4, "refundable": true });
    let family = caller.post(&path, &family).await;
    let family: Offer = family.read();
    assert_eq!(family.admits, 4);
    let offer = format!("/offers/{}", family.id);
    let found = async || stage.app.get("/offers?persons=4").await.read::<OfferPage>().items;
    assert_eq!(found().await, [family]);
    let free: EventPage = stage.app.get("/events?status=free").await.read();
    assert_eq!(free.items[0].id, id);
    let two: OfferPage = stage.app.get("/offers?limit=2").await.read();
    let rest = format!("/offers?limit=2&after={}", two.next.expect("a second page"));
    let rest: OfferPage = stage.app.get(&rest).await.read();
    assert_eq!((rest.items.len(), rest.next), (2, None));
    assert_eq!(caller.delete(&offer).await.status, 204);
    caller.delete(&offer).await.assert_problem(404, "/problems/not-found");
    assert_eq!(found().await, []);
    for (offer, field) in [
        (json!({ "name": "", "price_minor": 5 }), "name"),
        (json!({ "name": "X", "price_minor": -1 }), "price_minor"),
        (json!({ "name": "X", "price_minor": 5, "admits": 21 }), "admits"),
        (json!({ "name": "X", "price_minor": 5, "section_id": uuid::Uuid::nil() }), "section_id"),
    ] {
        caller.post(&path, &offer).await.assert_field(field);
    }
    stage.finish().await;
}

#[tokio::test]
async fn eligibility_names_every_reason() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let path = format!("/events/{id}/purchase-eligibility");
    let free: Eligibility = stage.app.get(&path).await.read();
    let nothing = Vec::new();
    assert_eq!(
        free,
        Eligibility {
            can_purchase: true,
            reasons: Vec::new(),
            remaining: 4,
            pending_reservations: nothing
        }
    );
    let held = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[1, 2, 3, 4])).await;
    let guest: Eligibility = stage.app.as_guest(&held.guest_token()).get(&path).await.read();
    let reasons = vec!["limit_reached".to_owned()];
    let [pending] = guest.pending_reservations.as_slice() else { panic!("{guest:?}") };
    assert_eq!((pending.id, pending.persons), (held.reservation().id, 4));
    assert!(
        pending.expires_in_seconds.is_some_and(|left| (1..=600).contains(&left)),
        "{pending:?}"
    );
    assert_eq!((guest.can_purchase, guest.reasons, guest.remaining), (false, reasons, 0));
    // While it is paid for, it does not expire; a booking is no longer pending, and a lapsed hold is gone.
    let buyer = GuestBuyer::of(&held);
    let body = buyer.pays_with("pm_card_authenticationRequired");
    let waits = buyer.confirms(&stage.app, "waits", &body).await;
    assert_eq!(waits.status, 202, "{}", waits.text);
    let paying: Eligibility = buyer.gets(&stage.app, &path).await.read();
    assert_eq!(paying.pending_reservations[0].expires_in_seconds, None);
    stage
        .app
        .post(
            &format!("/payments/simulated/{}/complete", waits.client_secret()),
            &json!({ "outcome": "success" }),
        )
        .await;
    buyer.settled(&stage.app, waits.id()).await;
    let booked: Eligibility = buyer.gets(&stage.app, &path).await.read();
    assert_eq!((booked.pending_reservations.len(), booked.remaining), (0, 0));
    stage.organizer().post(&format!("/events/{id}/cancel"), &json!({})).await;
    let cancelled: Eligibility = stage.app.get(&path).await.read();
    assert_eq!(cancelled.reasons, ["cancelled"]);
    stage.finish().await;
}

#[tokio::test]
async fn the_demo_is_made_once() {
    let app = TestApp::start().await;
    let holds = app.app.slices.catalogue.holds;
    seed::seed(&app.app.slices.accounts, holds).await.expect("a demo");
    let events: EventPage = app.get("/events?status=on_sale").await.read();
    let shown: Vec<(&str, i64)> =
        events.items.iter().map(|event| (event.slug.as_str(), event.available)).collect();
    let wanted =
        [("erfurt-handball", 1_500), ("theatre-premiere", 1_065), ("arena-concert", 22_000)];
    assert_eq!(shown, wanted);
    seed::seed(&app.app.slices.accounts, holds).await.expect("the same demo");
    assert_eq!(app.get("/events").await.read::<EventPage>(), events);
    let map: SeatMap = app.get("/events/arena-concert/seats").await.read();
    assert_eq!(map.sections.len(), 40);
    let credentials = json!({ "email": "organizer@demo.test", "password": seed::PASSWORD });
    let session: Session = app.post("/auth/login", &credentials).await.read();
    assert_eq!(session.profile.organizations[0].name, "Holdfast Demo");
    app.finish().await;
}
