//! Names from public registries: zones of the tz database, currencies of ISO 4217. Also prices in each currency.

use holdfast::kernel::db::Sql as _;
use holdfast_contract::catalogue::{Event, EventPage, Offer, Seat};
use holdfast_domain::money::Currency;
use serde_json::json;

use super::CatalogueStage;
use crate::support::fixture::{edit, new_event};

#[tokio::test]
async fn a_zone_that_is_not_in_the_tz_database_is_refused_and_mended() {
    let stage = CatalogueStage::start().await;
    let caller = stage.organizer();
    let mut event = new_event(&stage.app).await;
    event.time_zone = "Europe/Berln".to_owned();
    let refused = caller.post("/events", &event).await;
    refused.assert_problem(400, "/problems/invalid-request");
    refused.assert_field("time_zone");

    // An event from before the check of zones.
    let id = stage.on_sale().await;
    let text = "UPDATE events SET time_zone = 'Europe/Berln', version = version + 1 WHERE id = $1";
    assert_eq!(stage.app.app.base.db.run(text, vec![id.into()]).await.ok(), Some(1));
    let path = format!("/events/{id}");
    let refused = edit(&caller, &path, json!({ "time_zone": "Mars/Olympus" })).await;
    refused.assert_field("time_zone");
    let mended = edit(&caller, &path, json!({ "time_zone": "Europe/Berlin" })).await;
    assert_eq!(mended.read::<Event>().time_zone, "Europe/Berlin");
    stage.finish().await;
}

#[tokio::test]
async fn an_event_has_a_currency_in_use_and_an_older_one_stays_readable() {
    let stage = CatalogueStage::start().await;
    for code in ["XXX", "ABC"] {
        let mut event = new_event(&stage.app).await;
        event.currency = code.to_owned();
        stage.organizer().post("/events", &event).await.assert_field("currency");
    }
    let id = stage.on_sale().await;
    let text = "UPDATE events SET currency = 'ABC', version = version + 1 WHERE id = $1";
    assert_eq!(stage.app.app.base.db.run(text, vec![id.into()]).await.ok(), Some(1));
    let listed: EventPage = stage.app.get("/events").await.read();
    assert_eq!((listed.items.len(), listed.items[0].currency.as_str()), (1, "ABC"));
    stage.finish().await;
}

#[tokio::test]
async fn every_way_to_a_price_keeps_the_limits_of_its_currency() {
    let stage = CatalogueStage::start().await;
    let caller = stage.organizer();
    for (code, taken, refused) in [
        ("EUR", 100_000_000, 100_000_001),
        ("IDR", 150_000_000, 10_000_000_001),
        ("HUF", 1_500_000, -1),
        ("KWD", 4_510, 4_501),
    ] {
        let id = stage.draft(|event| event.currency = code.to_owned()).await;
        let section = json!({ "name": "Stalls", "rows": 1, "seats_per_row": 1 });
        let made = caller.post(&format!("/events/{id}/sections"), &section).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let offers = format!("/events/{id}/offers");
        let offer = |price: i64| json!({ "name": "Standard", "price_minor": price });
        caller.post(&offers, &offer(refused)).await.assert_field("price_minor");
        let made: Offer = caller.post(&offers, &offer(taken)).await.read();
        assert_eq!((made.price.amount, made.price.currency.as_str()), (taken, code));
        let offer = format!("/offers/{}", made.id);
        let change = |price: i64| json!({ "version": made.version, "price_minor": price });
        caller.patch(&offer, &change(refused)).await.assert_field("price_minor");
        assert_eq!(caller.patch(&offer, &change(taken)).await.status, 200);
        let seat = format!("/events/{id}/seats/1");
        let patch = |price: i64| json!({ "price_minor": price });
        caller.patch(&seat, &patch(refused)).await.assert_field("price_minor");
        let priced: Seat = caller.patch(&seat, &patch(taken)).await.read();
        assert_eq!(priced.price.map(|price| price.amount), Some(taken));
    }
    stage.finish().await;
}

#[tokio::test]
async fn an_event_can_be_priced_in_every_currency() {
    let stage = CatalogueStage::start().await;
    for currency in Currency::all() {
        let id = stage
            .draft(|event| {
                event.name = format!("Gala in {currency}");
                event.currency = currency.to_string();
            })
            .await;
        let offer = json!({ "name": "Standard", "price_minor": currency.price_step_minor() });
        let made = stage.organizer().post(&format!("/events/{id}/offers"), &offer).await;
        assert_eq!(made.status, 201, "{currency}: {}", made.text);
    }
    stage.finish().await;
}
