//! Names that people see, slugs that are derived from names, and limits that fit the offers.

use holdfast_contract::catalogue::Event;
use serde_json::json;

use super::CatalogueStage;
use crate::support::fixture::{edit, new_event};

#[tokio::test]
async fn short_and_foreign_titles_have_slugs_of_their_own() {
    let stage = CatalogueStage::start().await;
    for (title, slugs) in [("U2", ["u2", "u2-2"]), ("東京", ["dong-jing", "dong-jing-2"])] {
        for slug in slugs {
            let id = stage.draft(|event| event.name = title.to_owned()).await;
            let shown: Event = stage.organizer().get(&format!("/events/{slug}")).await.read();
            assert_eq!((shown.id, shown.slug.as_str()), (id, slug));
        }
    }
    stage.finish().await;
}

#[tokio::test]
async fn however_many_events_have_one_title_the_next_one_is_made() {
    let stage = CatalogueStage::start().await;
    for _ in 0..102 {
        stage.draft(|_| ()).await;
    }
    stage.finish().await;
}

/// Every text of an event, a section, an offer and a seat that people read.
#[tokio::test]
async fn texts_that_hide_something_are_refused_wherever_people_read_them() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let path = format!("/events/{id}");
    for text in ["\u{3164}", "\u{200b}", "Gala\u{202e}", "Ga\u{200b}la"] {
        for field in ["name", "category", "place"] {
            let mut new = json!(new_event(&stage.app).await);
            new[field] = text.into();
            caller.post("/events", &new).await.assert_field(field);
            edit(&caller, &path, json!({ field: text })).await.assert_field(field);
        }
        let section = json!({ "name": text, "capacity": 1 });
        caller.post(&format!("{path}/sections"), &section).await.assert_field("name");
        let grid = json!({ "name": "G", "category": text, "rows": 1, "seats_per_row": 1 });
        caller.post(&format!("{path}/sections"), &grid).await.assert_field("category");
        let floor = stage.section(id, "Floor").await.id;
        let rename = json!({ "name": text });
        caller.patch(&format!("{path}/sections/{floor}"), &rename).await.assert_field("name");
        let offer = json!({ "name": text, "price_minor": 1 });
        caller.post(&format!("{path}/offers"), &offer).await.assert_field("name");
        let block = json!({ "blocked": true, "reason": text });
        caller.patch(&format!("{path}/seats/1"), &block).await.assert_field("reason");
        let mut plan = caller.get(&format!("{path}/plan")).await.body;
        plan["zones"][0]["rows"][0]["seats"][0]["seat_number"] = text.into();
        let refused = caller.put(&format!("{path}/plan"), &plan).await;
        refused.assert_field("zones[0].rows[0].seats[0].seat_number");
        assert!(refused.problem().detail.contains("1 fault."), "{}", refused.text);
    }
    stage.finish().await;
}

#[tokio::test]
async fn an_offer_admits_no_more_persons_than_one_buyer_may_bring() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let (path, offers) = (format!("/events/{id}"), format!("/events/{id}/offers"));
    let offer = |admits: i32| json!({ "name": "Group", "price_minor": 1, "admits": admits });
    // Both limits of the event are 4 persons.
    caller.post(&offers, &offer(5)).await.assert_field("admits");
    assert_eq!(caller.post(&offers, &offer(4)).await.status, 201);
    for limit in ["max_per_user", "max_per_order"] {
        edit(&caller, &path, json!({ limit: 3 })).await.assert_field(limit);
        assert_eq!(edit(&caller, &path, json!({ limit: 4 })).await.status, 200);
    }
    stage.finish().await;
}
