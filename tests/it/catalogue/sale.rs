//! What is left, at which price, and who may buy it.

use std::time::Duration;

use holdfast::catalogue::seed;
use serde_json::{Value, json};

use super::{Stage, text, with_tag};
use crate::support::{fixture::seats, harness::TestApp};

#[tokio::test]
async fn what_is_left_is_seen_at_once_and_kept_by_its_tag() {
    let stage = Stage::start().await;
    let id = stage.on_sale().await;
    let nobody = stage.app.as_nobody();
    let (inventory, states) =
        (format!("/events/{id}/inventory"), format!("/events/{id}/seats?state=only"));
    let before = nobody.get(&inventory).await;
    assert_eq!(
        before.body["counts"],
        json!({ "capacity": 17, "available": 17, "held": 0, "sold": 0, "blocked": 0 })
    );
    assert_eq!(before.body["price_range"]["min"]["amount"], 500);
    assert_eq!(before.body["price_range"]["max"]["amount"], 3_000);
    assert_eq!(nobody.get(&states).await.body["seats"], json!([]));
    let tags: Vec<String> = {
        let mut tags = Vec::new();
        for path in [&inventory, &states] {
            tags.push(nobody.get(path).await.header("etag").expect("a tag").to_owned());
        }
        tags
    };
    assert_eq!(with_tag(&nobody, &inventory, &tags[0]).await.status, 304);
    assert_eq!(with_tag(&nobody, &states, &tags[1]).await.status, 304);

    let floor = stage.section(&id, "Floor").await["id"].clone();
    let mut wish = seats(&[1, 3]);
    wish["general"] = json!([{ "section_id": floor, "quantity": 2 }]);
    let held = stage.app.post(&format!("/events/{id}/reservations"), &wish).await;
    assert_eq!(held.status, 201, "{}", held.text);
    let after = with_tag(&nobody, &inventory, &tags[0]).await;
    assert_eq!(after.body["counts"]["held"], 4, "{}", after.text);
    let after = with_tag(&nobody, &states, &tags[1]).await;
    let listed = after.body["seats"].as_array().expect("states").clone();
    assert_eq!((listed.len(), &listed[0][0], &listed[0][1]), (2, &json!(1), &json!("held")));
    let until = listed[0][3].as_i64().expect("a time");
    let left = until - after.body["now"].as_i64().expect("a time");
    assert!((595..=601).contains(&left), "{left} seconds");

    // The moment they lapse, nobody having done anything.
    let tag = after.header("etag").expect("a tag").to_owned();
    assert_eq!(with_tag(&nobody, &states, &tag).await.status, 304);
    stage.app.advance(Duration::from_secs(601)).await;
    assert_eq!(with_tag(&nobody, &states, &tag).await.body["seats"], json!([]));
    assert_eq!(nobody.get(&inventory).await.body["counts"]["available"], 17);
    stage.finish().await;
}

#[tokio::test]
async fn seats_are_kept_back_freed_and_priced_unless_somebody_has_them() {
    let stage = Stage::start().await;
    let id = stage.on_sale().await;
    let (caller, seat) = (stage.organizer(), |n: i32| format!("/events/{id}/seats/{n}"));
    caller.patch(&seat(1), &json!({ "blocked": true })).await.assert_field("reason");
    let blocked = caller.patch(&seat(1), &json!({ "blocked": true, "reason": "press" })).await;
    assert_eq!(blocked.body["status"], "blocked", "{}", blocked.text);
    let refused = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[1])).await;
    assert_eq!(refused.body["seats"], json!([{ "seat_id": 1, "reason": "blocked" }]));
    assert_eq!(
        caller.patch(&seat(1), &json!({ "blocked": false })).await.body["status"],
        "available"
    );

    let priced = caller.patch(&seat(2), &json!({ "price_minor": 250 })).await;
    assert_eq!(
        priced.body["price"],
        json!({ "amount": 250, "currency": "EUR" }),
        "{}",
        priced.text
    );
    let held = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[1, 2])).await;
    assert_eq!(held.body["total"]["amount"], 1_250, "{}", held.text);
    for change in [json!({ "blocked": true, "reason": "no" }), json!({ "price_minor": 1 })] {
        let refused = caller.patch(&seat(2), &change).await;
        refused.assert_problem(409, "/problems/seats-unavailable");
        assert_eq!(refused.body["seats"], json!([{ "seat_id": 2, "reason": "held" }]));
    }
    // A later price is for later buyers.
    let offers = caller.get(&format!("/events/{id}/offers")).await.body;
    let offer = format!("/offers/{}", text(&offers["items"][0]["id"]));
    assert_eq!(
        caller.patch(&offer, &json!({ "price_minor": 9_900 })).await.body["price"]["amount"],
        9_900
    );
    let read = stage
        .app
        .as_guest(&text(&held.body["guest_token"]))
        .get(&format!("/reservations/{}", text(&held.body["id"])))
        .await;
    assert_eq!(read.body["total"]["amount"], 1_250);
    let next = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[3])).await;
    assert_eq!(next.body["total"]["amount"], 9_900, "{}", next.text);
    caller
        .patch(&seat(99), &json!({ "blocked": false }))
        .await
        .assert_problem(404, "/problems/not-found");
    stage.finish().await;
}

#[tokio::test]
async fn offers_are_found_across_events_and_withdrawn() {
    let stage = Stage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let path = format!("/events/{id}/offers");
    let family = json!({ "name": "Family", "price_minor": 0, "admits": 4, "refundable": true });
    let family = caller.post(&path, &family).await;
    assert_eq!(family.body["admits"], 4, "{}", family.text);
    let found = stage.app.get("/offers?persons=4").await.body;
    assert_eq!(found["items"], json!([family.body]));
    assert_eq!(stage.app.get("/events?status=free").await.body["items"][0]["id"], *id);
    let two = stage.app.get("/offers?limit=2").await.body;
    let rest = stage.app.get(&format!("/offers?limit=2&after={}", text(&two["next"]))).await.body;
    assert_eq!((rest["items"].as_array().map(Vec::len), &rest["next"]), (Some(2), &Value::Null));
    let offer = format!("/offers/{}", text(&family.body["id"]));
    assert_eq!(caller.delete(&offer).await.status, 204);
    caller.delete(&offer).await.assert_problem(404, "/problems/not-found");
    assert_eq!(stage.app.get("/offers?persons=4").await.body["items"], json!([]));
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
    let stage = Stage::start().await;
    let id = stage.on_sale().await;
    let path = format!("/events/{id}/purchase-eligibility");
    let free = stage.app.get(&path).await.body;
    assert_eq!(free, json!({ "can_purchase": true, "reasons": [], "remaining": 4 }));
    let held = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[1, 2, 3, 4])).await;
    let guest = stage.app.as_guest(&text(&held.body["guest_token"])).get(&path).await.body;
    assert_eq!(
        guest,
        json!({ "can_purchase": false, "reasons": ["limit_reached"], "remaining": 0 })
    );
    stage.organizer().post(&format!("/events/{id}/cancel"), &json!({})).await;
    let cancelled = stage.app.get(&path).await.body;
    assert_eq!(cancelled["reasons"], json!(["cancelled"]));
    stage.finish().await;
}

#[tokio::test]
async fn the_demo_is_made_once() {
    let app = TestApp::start().await;
    let (base, holds) = (&app.app.base, app.app.slices.catalogue.holds);
    seed::seed(base, holds).await.expect("a demo");
    let events = app.get("/events?status=on_sale").await.body;
    let shown: Vec<(String, i64)> = events["items"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| (text(&event["slug"]), event["available"].as_i64().unwrap_or_default()))
        .collect();
    let wanted =
        [("erfurt-handball", 1_500), ("theatre-premiere", 1_065), ("arena-concert", 22_000)];
    assert_eq!(shown, wanted.map(|(slug, places)| (slug.to_owned(), places)));
    seed::seed(base, holds).await.expect("the same demo");
    assert_eq!(app.get("/events").await.body, events);
    let seats = app.get("/events/arena-concert/seats").await;
    assert_eq!(seats.body["sections"].as_array().map(Vec::len), Some(40));
    let credentials = json!({ "email": "organizer@demo.test", "password": seed::PASSWORD });
    let session = app.post("/auth/login", &credentials).await;
    assert_eq!(session.body["profile"]["organizations"][0]["name"], "Holdfast Demo");
    app.finish().await;
}
