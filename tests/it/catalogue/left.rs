//! Prices, reasons and names speak of the places that are there and that can be bought.

use std::time::Duration;

use holdfast::http::time;
use holdfast_contract::{
    catalogue::{Eligibility, Inventory},
    money::PriceRange,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::CatalogueStage;
use crate::support::fixture::{euros, seats};

const LAPSE: Duration = Duration::from_secs(601);

async fn range(stage: &CatalogueStage, id: Uuid) -> Option<PriceRange> {
    stage.app.get(&format!("/events/{id}/inventory")).await.read::<Inventory>().price_range
}

fn between(min: i64, max: i64) -> Option<PriceRange> {
    Some(PriceRange { min: euros(min), max: euros(max) })
}

/// A price of which no place is left is not shown, until a place is free again.
#[tokio::test]
async fn prices_are_those_of_the_places_that_are_left() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let (caller, reservations) = (stage.organizer(), format!("/events/{id}/reservations"));
    assert_eq!(range(&stage, id).await, between(500, 3_000));
    let own = json!({ "price_minor": 9_000 });
    assert_eq!(caller.patch(&format!("/events/{id}/seats/1"), &own).await.status, 200);
    assert_eq!(range(&stage, id).await, between(500, 9_000));
    assert_eq!(stage.section(id, "Stalls").await.from, Some(euros(1_000)));
    // The seat with a price of its own, and the only seat of the box.
    assert_eq!(stage.app.post(&reservations, &seats(&[1, 7])).await.status, 201);
    assert_eq!(range(&stage, id).await, between(500, 1_000));
    assert_eq!(stage.section(id, "Box").await.from, None);
    let floor = stage.section(id, "Floor").await.id;
    for _ in 0..3 {
        let wish = json!({ "general": [{ "section_id": floor, "quantity": 4 }] });
        stage.app.post(&reservations, &wish).await;
    }
    let wish = json!({ "general": [{ "section_id": floor, "quantity": 2 }] });
    assert_eq!(stage.app.post(&reservations, &wish).await.status, 201);
    assert_eq!(range(&stage, id).await, between(1_000, 1_000));
    for seat in 2..=6 {
        let blocked = json!({ "blocked": true, "reason": "press" });
        let path = format!("/events/{id}/seats/{seat}");
        assert_eq!(caller.patch(&path, &blocked).await.status, 200);
    }
    assert_eq!(range(&stage, id).await, None);
    stage.app.advance(LAPSE).await;
    assert_eq!(range(&stage, id).await, between(500, 9_000));
    assert_eq!(stage.section(id, "Stalls").await.from, Some(euros(9_000)));
    stage.finish().await;
}

#[tokio::test]
async fn an_event_whose_offers_are_all_closed_says_so() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let offers = stage.app.get(&format!("/events/{id}/offers")).await.body;
    let now = stage.app.number("SELECT MIN(created_at) FROM offers").await;
    for offer in offers["items"].as_array().expect("offers") {
        let path = format!("/offers/{}", offer["id"].as_str().expect("an id"));
        let closed =
            json!({ "version": offer["version"], "sale_ends_at": time::rfc3339(now - 1_000) });
        assert_eq!(caller.patch(&path, &closed).await.status, 200);
    }
    let asked = stage.app.get(&format!("/events/{id}/purchase-eligibility")).await;
    let asked: Eligibility = asked.read();
    assert_eq!((asked.can_purchase, asked.reasons), (false, vec!["offer_not_on_sale".to_owned()]));
    let refused = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[1])).await;
    refused.assert_problem(409, "/problems/not-on-sale");
    stage.finish().await;
}

/// A draft may get its offers first. An event on sale gets none that nobody could use.
#[tokio::test]
async fn an_offer_on_sale_is_for_places_that_exist() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let (caller, path) = (stage.organizer(), format!("/events/{id}/offers"));
    let stalls = stage.section(id, "Stalls").await.id;
    let offer = |section: Option<Uuid>, category: &str| json!({ "section_id": section, "category": category, "name": "X", "price_minor": 5 });
    caller.post(&path, &offer(None, "Balcony")).await.assert_field("category");
    // The category exists, but only in another section.
    caller.post(&path, &offer(Some(stalls), "Box")).await.assert_field("category");
    assert_eq!(caller.post(&path, &offer(None, "Box")).await.status, 201);
    assert_eq!(caller.post(&path, &offer(Some(stalls), "Stalls")).await.status, 201);
    stage.finish().await;
}

/// An offer of a section and a category keeps seats that have both.
#[tokio::test]
async fn a_plan_keeps_the_category_in_the_section_of_its_offer() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let (plan, stalls) = (format!("/events/{id}/plan"), stage.section(id, "Stalls").await.id);
    let mut mixed = caller.get(&plan).await.body;
    // One seat of the box has the category of the stalls, too.
    let categories = |plan: &mut Value, zone: usize, category: &str| {
        for row in plan["zones"][zone]["rows"].as_array_mut().expect("rows") {
            for seat in row["seats"].as_array_mut().expect("seats") {
                seat["category"] = category.into();
            }
        }
    };
    categories(&mut mixed, 1, "Stalls");
    assert_eq!(caller.put(&plan, &mixed).await.status, 200);
    let offer =
        json!({ "section_id": stalls, "category": "Stalls", "name": "X", "price_minor": 5 });
    assert_eq!(caller.post(&format!("/events/{id}/offers"), &offer).await.status, 201);
    let mut moved = mixed.clone();
    categories(&mut moved, 0, "Box");
    let refused = caller.put(&plan, &moved).await;
    refused.assert_problem(409, "/problems/plan-in-use");
    refused.assert_field("category.Stalls");
    stage.finish().await;
}

/// Two sections that people could not tell apart on a ticket.
#[tokio::test]
async fn no_section_is_named_as_another_one_looks() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let (caller, path) = (stage.organizer(), format!("/events/{id}/sections"));
    for name in ["Floor", "Floor\u{200d}", "Flo\u{fe0f}or", "Stalls\u{200d}"] {
        let section = json!({ "name": name, "capacity": 1 });
        caller.post(&path, &section).await.assert_field("name");
        let box_office = format!("{path}/{}", stage.section(id, "Box").await.id);
        let renamed = caller.patch(&box_office, &json!({ "name": name })).await;
        renamed.assert_field("name");
    }
    let mut plan = caller.get(&format!("/events/{id}/plan")).await.body;
    plan["zones"][0]["name"] = "Floor\u{200d}".into();
    caller.put(&format!("/events/{id}/plan"), &plan).await.assert_field("zones[0].name");
    stage.finish().await;
}

/// An offer of a stranger's draft looks like an offer that does not exist.
#[tokio::test]
async fn an_offer_of_a_draft_is_no_offer_for_strangers() {
    let stage = CatalogueStage::start().await;
    let id = stage.draft(|_| ()).await;
    let offer = json!({ "name": "X", "price_minor": 5 });
    let offer = stage.organizer().post(&format!("/events/{id}/offers"), &offer).await.id();
    let stranger = stage.app.as_user(&stage.stranger);
    let there = stranger.delete(&format!("/offers/{offer}")).await;
    let nowhere = stranger.delete(&format!("/offers/{}", Uuid::nil())).await;
    there.assert_problem(404, "/problems/not-found");
    assert_eq!(there.problem().detail, nowhere.problem().detail);
    stage.finish().await;
}
