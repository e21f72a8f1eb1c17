//! A held or sold seat keeps its printed place, and zones keep their sections with their offers.

use std::time::Duration;

use holdfast::kernel::db::Sql as _;
use holdfast_contract::{
    catalogue::{OfferPage, PlanAccepted, Section, SectionPage},
    words::SeatRefusal,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::CatalogueStage;
use crate::support::{answer::Answer, buyer::GuestBuyer, fixture::seats};

/// An event on sale whose seat 1 (`Stalls · A · 1`) is sold, and its plan.
struct Sold {
    stage: CatalogueStage,
    id: Uuid,
    plan: Value,
}

impl Sold {
    async fn start() -> Self {
        let stage = CatalogueStage::start().await;
        let id = stage.on_sale().await;
        let held = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[1])).await;
        let buyer = GuestBuyer::of(&held);
        let paid = buyer.confirms(&stage.app, "sold", &buyer.pays_with("pm_card_visa")).await;
        assert_eq!(paid.status, 201, "{}", paid.text);
        let plan = stage.organizer().get(&format!("/events/{id}/plan")).await.body;
        Self { stage, id, plan }
    }

    async fn put(&self, edit: impl FnOnce(&mut Value)) -> Answer {
        let mut plan = self.plan.clone();
        edit(&mut plan);
        self.stage.organizer().put(&format!("/events/{}/plan", self.id), &plan).await
    }

    /// Expects that the change is refused because seat 1 is sold.
    async fn refused(&self, answer: &Answer) {
        answer.assert_problem(409, "/problems/plan-in-use");
        answer.assert_refused(&[(1, SeatRefusal::Sold)]);
        answer.assert_field("seats[1]");
        let now = self.stage.organizer().get(&format!("/events/{}/plan", self.id)).await.body;
        assert_eq!(now, self.plan, "nothing of a refused plan stays");
    }
}

fn row(plan: &mut Value) -> &mut Value {
    &mut plan["zones"][0]["rows"][0]
}

#[tokio::test]
async fn nothing_gives_a_sold_seat_another_place() {
    let sold = Sold::start().await;
    // Two seats exchange their numbers: a second ticket would name the place of the first ticket.
    let swapped = sold.put(|plan| {
        row(plan)["seats"][0]["seat_number"] = "2".into();
        row(plan)["seats"][1]["seat_number"] = "1".into();
    });
    sold.refused(&swapped.await).await;
    let row_renamed = sold.put(|plan| row(plan)["row_number"] = "Z".into());
    sold.refused(&row_renamed.await).await;
    let zone_renamed = sold.put(|plan| plan["zones"][0]["name"] = "Front".into());
    sold.refused(&zone_renamed.await).await;
    // The label stays the same, but its parts do not.
    let relabelled = sold.put(|plan| {
        plan["zones"][0]["name"] = "Stalls · A".into();
        row(plan)["row_number"] = "1".into();
        for (at, seat) in row(plan)["seats"].as_array_mut().expect("seats").iter_mut().enumerate() {
            seat["seat_number"] = format!("{at}x").into();
        }
    });
    sold.refused(&relabelled.await).await;
    let stalls = sold.stage.section(sold.id, "Stalls").await.id;
    let section = format!("/events/{}/sections/{stalls}", sold.id);
    let caller = sold.stage.organizer();
    sold.refused(&caller.patch(&section, &json!({ "name": "Front" })).await).await;
    let unchanged = caller.patch(&section, &json!({ "name": "Stalls" })).await;
    assert_eq!(unchanged.status, 200, "{}", unchanged.text);
    // Free seats may get any place, and sold seats may be drawn anywhere.
    let others = sold.put(|plan| {
        row(plan)["seats"][1]["seat_number"] = "3".into();
        row(plan)["seats"][2]["seat_number"] = "2".into();
        row(plan)["seats"][0]["position"]["x"] = 7.into();
    });
    assert_eq!(others.await.status, 200);
    sold.stage.finish().await;
}

#[tokio::test]
async fn a_held_place_in_general_admission_keeps_the_name_of_its_section() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let floor = stage.section(id, "Floor").await.id;
    let path = format!("/events/{id}/sections/{floor}");
    let wish = json!({ "general": [{ "section_id": floor, "quantity": 1 }] });
    assert_eq!(stage.app.post(&format!("/events/{id}/reservations"), &wish).await.status, 201);
    let rename = json!({ "name": "Pit" });
    caller.patch(&path, &rename).await.assert_problem(409, "/problems/illegal-transition");
    stage.app.advance(Duration::from_secs(601)).await;
    assert_eq!(caller.patch(&path, &rename).await.read::<Section>().name, "Pit");
    stage.finish().await;
}

#[tokio::test]
async fn the_check_finds_a_place_that_is_not_the_one_sold() {
    let sold = Sold::start().await;
    let db = &sold.stage.app.app.base.db;
    let breach = async |text: &str| {
        assert_eq!(db.run(text, vec![sold.id.into()]).await.ok(), Some(1), "{text}");
        let found = sold.stage.app.breaches().await;
        found.into_iter().map(|breach| breach.invariant).collect::<Vec<_>>()
    };
    let taken = "a held, paying or sold seat has the printed place under which it was taken";
    let line = "a live ticket names the place of its line";
    let text = "UPDATE seats SET seat_label = '9' WHERE event_id = $1 AND seat_id = 1";
    assert_eq!(breach(text).await, [taken]);
    let text = "UPDATE tickets SET label = 'Stalls · A · 9' WHERE event_id = $1";
    assert_eq!(breach(text).await, [taken, line]);
    sold.stage.app.stop().await;
}

#[tokio::test]
async fn a_zone_keeps_its_section_and_offers_when_it_is_renamed() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let path = format!("/events/{id}/plan");
    let sections = async || {
        let page: SectionPage = stage.app.get(&format!("/events/{id}/sections")).await.read();
        page.items.into_iter().map(|section| (section.id, section.name)).collect::<Vec<_>>()
    };
    let before = sections().await;
    let offers: OfferPage = stage.app.get(&format!("/events/{id}/offers")).await.read();
    let mut plan = caller.get(&path).await.body;
    // Both zones exchange their names, so the name alone would identify the wrong section.
    plan["zones"][0]["name"] = "Box".into();
    plan["zones"][1]["name"] = "Stalls".into();
    assert_eq!(caller.put(&path, &plan).await.read::<PlanAccepted>().sections, 2);
    let renamed: Vec<_> =
        [(before[0].0, "Box"), (before[1].0, "Stalls"), (before[2].0, "Floor")].into();
    let after = sections().await;
    assert_eq!(after.iter().map(|(id, name)| (*id, name.as_str())).collect::<Vec<_>>(), renamed);
    let kept: OfferPage = stage.app.get(&format!("/events/{id}/offers")).await.read();
    assert_eq!(kept, offers);
    // A section that was renamed separately keeps its name when the exported plan is imported again.
    let section = format!("/events/{id}/sections/{}", before[0].0);
    assert_eq!(caller.patch(&section, &json!({ "name": "Front" })).await.status, 200);
    let plan = caller.get(&path).await.body;
    assert_eq!(plan["zones"][0]["name"], "Front");
    assert_eq!(caller.put(&path, &plan).await.status, 200);
    assert_eq!(sections().await[0], (before[0].0, "Front".to_owned()));
    caller.patch(&section, &json!({ "name": "Stalls" })).await.assert_field("name");
    stage.finish().await;
}

#[tokio::test]
async fn a_plan_that_loses_what_an_offer_is_for_is_refused() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let path = format!("/events/{id}/plan");
    let plan = caller.get(&path).await.body;
    let mut without = plan.clone();
    without["zones"].as_array_mut().expect("zones").remove(1);
    let refused = caller.put(&path, &without).await;
    refused.assert_problem(409, "/problems/plan-in-use");
    refused.assert_field("section.Box");
    let offers: OfferPage = stage.app.get(&format!("/events/{id}/offers")).await.read();
    let of_box = offers.items.iter().find(|offer| offer.price.amount == 3_000).expect("an offer");
    assert_eq!(caller.delete(&format!("/offers/{}", of_box.id)).await.status, 204);
    assert_eq!(caller.put(&path, &without).await.status, 200);

    let by_category = json!({ "category": "Stalls", "name": "Cheap", "price_minor": 5 });
    let made = caller.post(&format!("/events/{id}/offers"), &by_category).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let text = without.to_string().replace("\"category\":\"Stalls\"", "\"category\":\"Box\"");
    let other: Value = serde_json::from_str(&text).expect("JSON");
    caller.put(&path, &other).await.assert_field("category.Stalls");
    stage.finish().await;
}

/// Sections are renamed while buyers hold, on two nodes: every hold has the name that the section then has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_section_that_is_renamed_under_buyers_is_held_under_its_name() {
    const ROUNDS: i32 = 20;
    let stage = CatalogueStage::start().await;
    let other = stage.app.another_node().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let section = format!("/events/{id}/sections/{}", stage.section(id, "Stalls").await.id);
    for round in 0..ROUNDS {
        let rename = json!({ "name": format!("Stalls {round}") });
        let seat = seats(&[1 + round % 6]);
        let reservations = format!("/events/{id}/reservations");
        let (renamed, held) =
            tokio::join!(caller.patch(&section, &rename), other.post(&reservations, &seat));
        assert!(matches!(renamed.status, 200 | 409), "{}", renamed.text);
        assert!(matches!(held.status, 201 | 409), "{}", held.text);
        assert_eq!(stage.app.breaches().await, []);
        stage.app.advance(Duration::from_secs(601)).await;
        let reservations = &stage.app.app.slices.reservations;
        reservations.expire_pass().await.expect("the holds lapse");
    }
    other.finish().await;
    stage.finish().await;
}
