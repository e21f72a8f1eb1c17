//! The changes that an organizer may still make once somebody has booked, and the times at which an offer is sold.

use std::time::Duration;

use holdfast::http::time;
use holdfast_contract::money::PriceRange;
use holdfast_contract::{
    catalogue::{Event, EventPage, EventStatus, Inventory, Offer, OfferPage},
    operators::AuditPage,
};
use serde_json::json;
use uuid::Uuid;

use super::{CatalogueStage, DAY, with_tag};
use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    fixture::{edit, euros},
    harness::TestApp,
};

const HOUR_MS: i64 = 3_600_000;

async fn books(app: &TestApp, event: Uuid, section: Uuid) {
    let path = format!("/events/{event}/reservations");
    let wish = json!({ "general": [{ "section_id": section, "quantity": 3 }] });
    let buyer = GuestBuyer::of(&app.post(&path, &wish).await);
    let paid = buyer.confirms(app, "k", &buyer.pays_with("pm_card_visa")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
}

fn promised(answer: &Answer, field: &str) {
    answer.assert_problem(409, "/problems/illegal-transition");
    answer.assert_field(field);
}

#[tokio::test]
async fn what_was_promised_to_those_who_booked_stays() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let (caller, path) = (stage.organizer(), format!("/events/{id}"));
    let event: Event = caller.get(&path).await.read();
    let began = time::read(&event.starts_at).expect("a time");
    let moved = |hours: i64| {
        let at = |ms: i64| time::rfc3339(began + ms);
        json!({ "starts_at": at(hours * HOUR_MS), "ends_at": at((hours + 24 * 5) * HOUR_MS) })
    };
    // Nobody has booked, so every change is possible.
    let free = edit(&caller, &path, moved(24 * 10)).await;
    assert_eq!(free.status, 200, "{}", free.text);
    assert_eq!(edit(&caller, &path, json!({ "place": "Weimar" })).await.status, 200);
    assert_eq!(edit(&caller, &path, moved(0)).await.status, 200);

    let floor = stage.section(id, "Floor").await.id;
    books(&stage.app, id, floor).await;
    promised(&edit(&caller, &path, json!({ "place": "Jena" })).await, "place");
    promised(&edit(&caller, &path, moved(49)).await, "starts_at");
    assert_eq!(edit(&caller, &path, moved(47)).await.status, 200);
    // The limit of two days counts from the promised beginning, not from the last change.
    promised(&edit(&caller, &path, moved(49)).await, "starts_at");
    promised(&edit(&caller, &path, moved(-49)).await, "starts_at");
    assert_eq!(edit(&caller, &path, moved(-48)).await.status, 200);
    let same = json!({ "place": "Weimar", "description": "More to say." });
    assert_eq!(edit(&caller, &path, same).await.status, 200);
    edit(&caller, &path, json!({ "currency": "CHF" })).await.assert_field("currency");

    // Three of ten places are sold, so three is the smallest capacity.
    let section = format!("{path}/sections/{floor}");
    let small = caller.patch(&section, &json!({ "capacity": 2 })).await;
    small.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(caller.patch(&section, &json!({ "capacity": 3 })).await.status, 200);
    let admin = stage.app.as_user(&stage.admin);
    admin.delete(&path).await.assert_problem(409, "/problems/illegal-transition");

    let seat = json!({ "blocked": true, "reason": "stage" });
    assert_eq!(caller.patch(&format!("{path}/seats/1"), &seat).await.status, 200);
    let plan = caller.get(&format!("{path}/plan")).await.body;
    assert_eq!(caller.put(&format!("{path}/plan"), &plan).await.status, 200);

    // The audit log contains the actor of every change. Refused changes left no entry.
    let me = caller.get("/auth/profile").await.id();
    let done = async |subject: Uuid| {
        let path = format!("/admin/audit?limit=100&subject_id={subject}&actor_id={me}");
        let listed = admin.get(&path).await;
        let entries = listed.read::<AuditPage>().items.into_iter();
        let mut actions: Vec<String> = entries.map(|entry| entry.action).collect();
        actions.reverse();
        (actions, listed.text)
    };
    let (actions, told) = done(id).await;
    let (made, edits) = (["event.create", "event.publish"], ["event.edit"; 6]);
    let seats = ["seat.change", "plan.replace"];
    assert_eq!(actions, [&made[..], &edits, &seats].concat(), "{told}");
    assert!(told.contains("Weimar") && !told.contains("Jena"), "{told}");
    assert_eq!(done(floor).await.0, ["section.add", "section.edit"]);
    let first = admin.get(&format!("/admin/audit?limit=5&subject_id={id}")).await;
    let next = first.read::<AuditPage>().next.expect("a second page");
    let rest = admin.get(&format!("/admin/audit?limit=5&subject_id={id}&after={next}")).await;
    let rest: AuditPage = rest.read();
    assert_eq!((rest.items.len(), rest.next), (5, None));
    stage.finish().await;
}

#[tokio::test]
async fn what_is_free_stays_free_and_what_is_paid_stays_paid_once_somebody_booked() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let offers: OfferPage = caller.get(&format!("/events/{id}/offers")).await.read();
    let offer = format!("/offers/{}", offers.items[2].id);
    for (version, price) in [(1, 0), (2, 700)] {
        let edited =
            caller.patch(&offer, &json!({ "version": version, "price_minor": price })).await;
        assert_eq!(edited.read::<Offer>().price, euros(price));
    }
    let floor = stage.section(id, "Floor").await.id;
    books(&stage.app, id, floor).await;
    let to = |price: i64| json!({ "version": 3, "price_minor": price });
    promised(&caller.patch(&offer, &to(0)).await, "price_minor");
    assert_eq!(caller.patch(&offer, &to(900)).await.status, 200);
    stage.finish().await;
}

#[tokio::test]
async fn an_offer_is_sold_in_its_own_window_and_says_what_comes_with_it() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let floor = stage.section(id, "Floor").await.id;
    let now = stage.app.app.base.db.now().await.expect("the clock");
    let at = |days: i64| time::rfc3339(now + days * 24 * HOUR_MS);
    let early = json!({ "section_id": floor, "name": "Late", "price_minor": 900,
        "benefits": ["A drink", " A seat at the bar "],
        "sale_starts_at": at(2), "sale_ends_at": at(4) });
    let path = format!("/events/{id}/offers");
    let made = caller.post(&path, &early).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made: Offer = made.read();
    assert_eq!(made.benefits, ["A drink", "A seat at the bar"]);
    assert_eq!(made.sale_starts_at, Some(at(2)));
    let hold = async || {
        let wish = json!({ "general": [
            { "section_id": floor, "offer_id": made.id, "quantity": 1 }] });
        stage.app.post(&format!("/events/{id}/reservations"), &wish).await
    };
    let refused = async || {
        let answer = hold().await;
        answer.assert_problem(409, "/problems/not-on-sale");
        assert_eq!(answer.problem().reasons, ["offer_not_on_sale"]);
        answer.assert_field("general[0].offer_id");
    };
    refused().await;
    // The price range contains the lowest and the highest price while places at these prices are available, also for
    // a client that sends the earlier tag.
    let inventory = format!("/events/{id}/inventory");
    let shown = async |offer: Option<(i64, i64)>, tag: &str| {
        let seen = with_tag(&stage.app.as_nobody(), &inventory, tag).await;
        assert_eq!(seen.status, 200, "what is shown has changed");
        let (min, max) = offer.unwrap_or((500, 3_000));
        let range = Some(PriceRange { min: euros(min), max: euros(max) });
        assert_eq!(seen.read::<Inventory>().price_range, range);
        let event: Event = stage.app.get(&format!("/events/{id}")).await.read();
        assert_eq!(event.price_range, range);
        assert_eq!(stage.section(id, "Floor").await.from, Some(euros(min)));
        seen.header("etag").expect("a tag").to_owned()
    };
    let cheap = json!({ "section_id": floor, "name": "Cheap", "price_minor": 200,
        "sale_starts_at": at(2), "sale_ends_at": at(4) });
    let dear = json!({ "section_id": floor, "name": "Dear", "price_minor": 9_000,
        "sale_starts_at": at(2), "sale_ends_at": at(4) });
    for offer in [&cheap, &dear] {
        assert_eq!(caller.post(&path, offer).await.status, 201);
    }
    let before = shown(None, "").await;
    stage.app.advance(2 * DAY + Duration::from_secs(60)).await;
    let during = shown(Some((200, 9_000)), &before).await;
    let held = hold().await;
    assert_eq!((held.status, held.reservation().total), (201, euros(900)));
    stage.app.advance(2 * DAY).await;
    refused().await;
    shown(None, &during).await;
    // Without a chosen offer, the place is sold under the offer that is on sale now.
    let wish = json!({ "general": [{ "section_id": floor, "quantity": 1 }] });
    let standard = stage.app.post(&format!("/events/{id}/reservations"), &wish).await;
    assert_eq!(standard.reservation().total, euros(500));

    for (body, field) in [
        (
            json!({ "name": "X", "price_minor": 1, "sale_starts_at": at(4), "sale_ends_at": at(2) }),
            "sale_ends_at",
        ),
        (json!({ "name": "X", "price_minor": 1, "sale_starts_at": "soon" }), "sale_starts_at"),
        (json!({ "name": "X", "price_minor": 1, "benefits": ["fine", ""] }), "benefits[1]"),
        (json!({ "name": "X", "price_minor": 1, "benefits": vec!["b"; 21] }), "benefits"),
    ] {
        let refused = caller.post(&path, &body).await;
        refused.assert_problem(400, "/problems/invalid-request");
        refused.assert_field(field);
    }
    let offer = format!("/offers/{}", made.id);
    let shorter = json!({ "version": 1, "sale_ends_at": at(1) });
    caller.patch(&offer, &shorter).await.assert_field("sale_ends_at");
    let longer = json!({ "version": 1, "sale_ends_at": at(9), "benefits": [] });
    let edited = caller.patch(&offer, &longer).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    assert_eq!(edited.read::<Offer>().benefits, Vec::<String>::new());
    assert_eq!(hold().await.status, 201);
    stage.finish().await;
}

#[tokio::test]
async fn the_list_finds_what_is_sold_out_at_the_moment() {
    let stage = CatalogueStage::start().await;
    let sold_out = async |stage: &CatalogueStage| {
        let listed: EventPage = stage.app.get("/events?status=sold_out").await.read();
        let events = listed.items;
        assert!(events.iter().all(|event| event.status == EventStatus::SoldOut), "{events:?}");
        events.iter().map(|event| event.id).collect::<Vec<_>>()
    };
    let id = stage.on_sale().await;
    assert!(sold_out(&stage).await.is_empty());
    let caller = stage.organizer();
    // Seven seats and ten places: the organizer blocks the seats, and buyers hold the places.
    for seat in 1..=7 {
        let path = format!("/events/{id}/seats/{seat}");
        let kept = caller.patch(&path, &json!({ "blocked": true, "reason": "stage" })).await;
        assert_eq!(kept.status, 200, "{}", kept.text);
    }
    let floor = stage.section(id, "Floor").await.id;
    for quantity in [4, 4, 2] {
        let wish = json!({ "general": [{ "section_id": floor, "quantity": quantity }] });
        assert!(sold_out(&stage).await.is_empty());
        let held = stage.app.post(&format!("/events/{id}/reservations"), &wish).await;
        assert_eq!(held.status, 201, "{}", held.text);
    }
    assert_eq!(sold_out(&stage).await, [id]);
    // The holds lapse, and the response shows this before any pass has cleared them.
    stage.app.advance(Duration::from_secs(601)).await;
    assert!(sold_out(&stage).await.is_empty());
    stage.finish().await;
}
