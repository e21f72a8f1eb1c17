//! Tests of seating plans, maps of halls, and sections.

use std::time::Duration;

use holdfast::catalogue::plan_files;
use holdfast_contract::{
    catalogue::{
        Counts, Eligibility, Event, PlanAccepted, Seat, SeatKind, SeatPage, SeatStatus, Section,
    },
    problem::Problem,
    seat_map::{MapSeat, SeatMap},
    words::SeatRefusal,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CatalogueStage, with_tag};
use crate::support::fixture::seats;

const ERFURT: &str = include_str!("../../../src/catalogue/plans/riethsporthalle-erfurt.json");

#[tokio::test]
async fn an_imported_plan_comes_back_and_is_on_the_map() {
    let stage = CatalogueStage::start().await;
    let id = stage.draft(|_| ()).await;
    let plan: Value = serde_json::from_str(ERFURT).expect("JSON");
    let path = format!("/events/{id}/plan");
    stage.organizer().get(&path).await.assert_problem(404, "/problems/not-found");
    let accepted = stage.organizer().put(&path, &plan).await;
    let expected = PlanAccepted { plan_version: 1, sections: 6, seats: 1252, warnings: Vec::new() };
    assert_eq!(accepted.read::<PlanAccepted>(), expected);
    assert_eq!(stage.organizer().get(&path).await.body, plan);
    let exported = plan_files::export(&stage.app.app.base, &id.to_string()).await.expect("a plan");
    assert_eq!(serde_json::from_str::<Value>(&exported).expect("JSON"), plan);

    let seats = format!("/events/{id}/seats");
    let map = stage.organizer().get(&seats).await;
    let tag = map.header("etag").expect("a tag").to_owned();
    let map: SeatMap = map.read();
    let on_map: Vec<MapSeat> = map
        .sections
        .iter()
        .flat_map(|section| &section.rows)
        .flat_map(holdfast_contract::seat_map::MapRow::seats)
        .collect();
    assert_eq!((map.sections.len(), on_map.len()), (6, 1252));
    assert_eq!((on_map[0].seat_id, on_map[0].guid.as_str()), (1, "D-14-1"));
    let caller = stage.organizer();
    assert_eq!(with_tag(&caller, &seats, &tag).await.status, 304);
    let wheelchair = caller.patch(&format!("{seats}/7"), &json!({ "kind": "wheelchair" })).await;
    assert_eq!(wheelchair.read::<Seat>().kind, SeatKind::Wheelchair);
    let map = with_tag(&caller, &seats, &tag).await;
    let map: SeatMap = map.read();
    assert_eq!(map.plan_version, 2);
    assert_eq!(map.sections[0].rows[0].seats()[6].kind, SeatKind::Wheelchair);
    assert_eq!(caller.get(&path).await.body, plan, "a kind is none of the plan's business");
    stage.finish().await;
}

#[tokio::test]
async fn a_faulty_plan_is_refused_with_every_path_and_nothing_of_it_stays() {
    let stage = CatalogueStage::start().await;
    let id = stage.draft(|_| ()).await;
    let path = format!("/events/{id}/plan");
    let mut plan: Value = serde_json::from_str(ERFURT).expect("JSON");
    plan["zones"][0]["rows"][0]["seats"][0]["category"] = "Nowhere".into();
    plan["zones"][0]["rows"][0]["seats"][1]["seat_guid"] = "D-14-3".into();
    plan["zones"][1]["rows"][0]["seats"][0]["position"]["x"] = "left".into();
    let refused = stage.organizer().put(&path, &plan).await;
    refused.assert_problem(422, "/problems/invalid-plan");
    refused.assert_field("zones[0].rows[0].seats[0].category");
    refused.assert_field("zones[0].rows[0].seats[2].seat_guid");
    refused.assert_field("zones[1].rows[0].seats[0].position.x");
    let client = reqwest::Client::new();
    for (body, status, kind) in [
        ("[".repeat(50_000), 422, "/problems/invalid-plan"),
        (" ".repeat(50_000_000), 413, "/problems/body-too-large"),
        (String::new(), 422, "/problems/invalid-plan"),
    ] {
        let answer = client
            .put(stage.app.url(&path))
            .bearer_auth(&stage.organizer)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), status);
        let problem: Problem = answer.json().await.expect("a problem");
        assert_eq!((problem.kind.as_str(), problem.errors[0].field.as_str()), (kind, "$"));
    }
    let event: Event = stage.organizer().get(&format!("/events/{id}")).await.read();
    assert_eq!((event.has_plan, event.capacity), (false, 0));
    stage.finish().await;
}

#[tokio::test]
async fn a_new_plan_keeps_what_somebody_has() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let (path, caller) = (format!("/events/{id}/plan"), stage.organizer());
    let held = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[2])).await;
    assert_eq!(held.status, 201, "{}", held.text);
    let plan = caller.get(&path).await.body;

    let mut without = plan.clone();
    without["zones"][0]["rows"][0]["seats"].as_array_mut().expect("seats").remove(1);
    let refused = caller.put(&path, &without).await;
    refused.assert_problem(409, "/problems/plan-in-use");
    refused.assert_refused(&[(2, SeatRefusal::Held)]);

    // The held seat moves on the drawing and stays held. Another seat disappears.
    let mut moved = plan.clone();
    moved["zones"][0]["rows"][0]["seats"][1]["position"]["x"] = 300.into();
    moved["zones"][0]["rows"][0]["seats"].as_array_mut().expect("seats").remove(0);
    let accepted = caller.put(&path, &moved).await;
    assert_eq!(accepted.read::<PlanAccepted>().seats, 6);
    let stalls = stage.section(id, "Stalls").await;
    let counts = Counts { capacity: 5, available: 4, held: 1, sold: 0, blocked: 0 };
    assert_eq!(stalls.counts, counts);
    let seats_of = async |section: Uuid| {
        let listed = stage.app.get(&format!("/events/{id}/sections/{section}/seats")).await;
        listed.read::<SeatPage>().items
    };
    let held = seats_of(stalls.id).await.remove(0);
    assert_eq!((held.seat_id, held.status), (2, SeatStatus::Held));
    assert_eq!((held.row.as_str(), held.label.as_str()), ("A", "2"));

    // A seat of the old plan that returns is a new seat, with an id that was never used.
    assert_eq!(caller.put(&path, &plan).await.status, 200);
    let stalls = seats_of(stage.section(id, "Stalls").await.id).await;
    let ids: Vec<i32> = stalls.iter().map(|seat| seat.seat_id).collect();
    assert_eq!(ids, [2, 3, 4, 5, 6, 8]);
    stage.finish().await;
}

#[tokio::test]
async fn a_lapsed_hold_keeps_no_seat_in_the_plan() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let path = format!("/events/{id}/plan");
    stage.app.post(&format!("/events/{id}/reservations"), &seats(&[1])).await;
    let mut plan = stage.organizer().get(&path).await.body;
    plan["zones"][0]["rows"][0]["seats"].as_array_mut().expect("seats").remove(0);
    stage.organizer().put(&path, &plan).await.assert_problem(409, "/problems/plan-in-use");
    stage.app.advance(Duration::from_secs(600)).await;
    assert_eq!(stage.organizer().put(&path, &plan).await.status, 200);
    stage.finish().await;
}

#[tokio::test]
async fn general_admission_never_shrinks_below_what_is_taken() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let floor = stage.section(id, "Floor").await.id;
    let path = format!("/events/{id}/sections/{floor}");
    let wish = json!({ "general": [{ "section_id": floor, "quantity": 3 }] });
    assert_eq!(stage.app.post(&format!("/events/{id}/reservations"), &wish).await.status, 201);
    caller
        .patch(&path, &json!({ "capacity": 2 }))
        .await
        .assert_problem(409, "/problems/illegal-transition");
    let shrunk = caller.patch(&path, &json!({ "capacity": 3 })).await;
    assert_eq!(shrunk.read::<Section>().counts.available, 0);
    caller.delete(&path).await.assert_problem(409, "/problems/illegal-transition");
    let taken = json!({ "name": "Stalls", "capacity": 5 });
    caller.post(&format!("/events/{id}/sections"), &taken).await.assert_field("name");
    let both = json!({ "name": "Both", "capacity": 5, "rows": 2, "seats_per_row": 2 });
    caller.post(&format!("/events/{id}/sections"), &both).await.assert_field("capacity");
    let stalls = stage.section(id, "Stalls").await.id;
    let stalls = format!("/events/{id}/sections/{stalls}");
    caller.delete(&stalls).await.assert_problem(409, "/problems/illegal-transition");
    let spare = caller
        .post(&format!("/events/{id}/sections"), &json!({ "name": "Spare", "capacity": 1 }))
        .await;
    let spare = format!("/events/{id}/sections/{}", spare.id());
    assert_eq!(caller.delete(&spare).await.status, 204);
    caller.delete(&spare).await.assert_problem(404, "/problems/not-found");
    stage.finish().await;
}

/// Buyers hold seats while the plan is replaced, on two nodes at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_is_replaced_under_buyers_neither_deadlocks_nor_loses_a_seat() {
    const ROUNDS: usize = 12;
    const BUYERS: i32 = 24;
    let stage = CatalogueStage::start().await;
    let other = stage.app.another_node().await;
    let id = stage.draft(|_| ()).await;
    let caller = stage.organizer();
    let section = json!({ "name": "Stalls", "rows": 4, "seats_per_row": 10 });
    let made = caller.post(&format!("/events/{id}/sections"), &section).await;
    let offer = json!({ "name": "Standard", "price_minor": 100 });
    caller.post(&format!("/events/{id}/offers"), &offer).await;
    caller.post(&format!("/events/{id}/publish"), &json!({})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let path = format!("/events/{id}/plan");
    let whole = caller.get(&path).await.body;
    let mut other_way = whole.clone();
    let rows = other_way["zones"][0]["rows"].as_array_mut().expect("rows");
    rows.reverse();
    rows[0]["seats"].as_array_mut().expect("seats").truncate(7);

    let replace = async {
        let mut taken = 0;
        for round in 0..ROUNDS {
            let plan = if round % 2 == 0 { &other_way } else { &whole };
            let answer = caller.put(&path, plan).await;
            assert!(matches!(answer.status, 200 | 409), "{}", answer.text);
            taken += u32::from(answer.status == 200);
        }
        taken
    };
    let hold = futures_util::future::join_all((0..BUYERS).map(|buyer| {
        let app = if buyer % 2 == 0 { &stage.app } else { &other };
        let id = &id;
        async move {
            let mut held = 0;
            for try_at in 0..4 {
                let wish =
                    seats(&[1 + (buyer * 7 + try_at * 3) % 40, 1 + (buyer * 5 + try_at) % 40]);
                let answer = app.post(&format!("/events/{id}/reservations"), &wish).await;
                assert!(answer.status < 500, "{}", answer.text);
                held += u32::from(answer.status == 201);
            }
            held
        }
    }));
    let (taken, held) = tokio::join!(replace, hold);
    assert!(taken > 0, "no plan was ever taken");
    assert!(held.iter().sum::<u32>() > 0, "nothing was ever held");
    other.finish().await;
    stage.finish().await;
}

#[tokio::test]
async fn a_plan_that_pretix_takes_is_taken_with_warnings_and_drawn_without_overlaps() {
    let stage = CatalogueStage::start().await;
    let id = stage.draft(|_| ()).await;
    let path = format!("/events/{id}/plan");
    let seat = |n: i32, x: i32, radius: Option<i32>| {
        let mut seat = json!({ "seat_guid": format!("g{n}"), "seat_number": n.to_string(),
            "category": "", "position": { "x": x, "y": 0 } });
        if let Some(radius) = radius {
            seat["radius"] = radius.into();
        }
        seat
    };
    let area = json!({ "shape": "circle", "uuid": "same", "circle": { "radius": 4 } });
    let plan = json!({ "name": "Hall", "size": { "width": 100, "height": 100 },
        "categories": [{ "name": "A", "color": "#112233" }],
        "zones": [{ "name": "Z", "position": { "x": 0, "y": 0 }, "areas": [area, area],
            "rows": [{ "row_number": "1", "seats": [
                seat(1, 0, Some(4)), seat(2, 12, None), seat(3, 12, Some(30)), seat(4, 200, Some(30))] }] }] });
    let answer = reqwest::Client::new()
        .put(stage.app.url(&path))
        .bearer_auth(&stage.organizer)
        .header("content-type", "application/json")
        .body(format!("\u{feff}{plan}"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    let accepted: PlanAccepted = answer.json().await.expect("accepted");
    let warned: Vec<_> = accepted.warnings.iter().map(|warning| warning.field.as_str()).collect();
    assert_eq!(warned, ["zones[0].rows[0].seats[0].category", "zones[0].areas[1].uuid", "zones"]);
    let map: SeatMap = stage.organizer().get(&format!("/events/{id}/seats")).await.read();
    let drawn = map.sections[0].rows[0].seats();
    assert_eq!(drawn.iter().map(|seat| seat.radius).collect::<Vec<_>>(), [40, 60, 60, 300]);
    // Seats without a category do not get the plan's first category, which has another price.
    let category = &map.categories[drawn[0].category];
    assert_eq!((category.name.as_str(), map.categories.len()), ("", 2));
    stage.finish().await;
}

#[tokio::test]
async fn an_event_that_can_sell_nothing_is_not_published_and_says_why() {
    let stage = CatalogueStage::start().await;
    let caller = stage.organizer();
    let id = stage.draft(|_| ()).await;
    let path = format!("/events/{id}");
    let refused = async |reasons: &[&str], field: &str| {
        let answer = caller.post(&format!("{path}/publish"), &json!({})).await;
        answer.assert_problem(409, "/problems/illegal-transition");
        assert_eq!(answer.problem().reasons, reasons);
        answer.assert_field(field);
    };
    let eligible = async || {
        let asked = caller.get(&format!("{path}/purchase-eligibility")).await;
        asked.read::<Eligibility>().reasons
    };
    refused(&["no_places", "no_offers"], "sections").await;
    assert_eq!(eligible().await, ["draft", "no_places", "no_offers"]);
    let section = json!({ "name": "Stalls", "rows": 1, "seats_per_row": 2 });
    assert_eq!(caller.post(&format!("{path}/sections"), &section).await.status, 201);
    refused(&["no_offers"], "offers").await;
    let offer = json!({ "name": "Balcony", "category": "Balcony", "price_minor": 5 });
    let balcony = caller.post(&format!("{path}/offers"), &offer).await.id();
    refused(&["no_offer_fits", "offer_without_places"], &format!("offers[{balcony}]")).await;
    assert_eq!(eligible().await, ["draft", "no_offer_fits"]);
    let offer = json!({ "name": "Stalls", "category": "Stalls", "price_minor": 5 });
    assert_eq!(caller.post(&format!("{path}/offers"), &offer).await.status, 201);
    refused(&["offer_without_places"], &format!("offers[{balcony}]")).await;
    assert_eq!(eligible().await, ["draft"]);
    assert_eq!(caller.delete(&format!("/offers/{balcony}")).await.status, 204);
    assert_eq!(caller.post(&format!("{path}/publish"), &json!({})).await.status, 200);
    stage.finish().await;
}
