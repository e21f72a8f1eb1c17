//! How old the shown state may be during a busy sale, and that nothing is missing from it.

use std::{collections::BTreeSet, time::Duration};

use holdfast::kernel::db::Sql as _;
use holdfast_contract::{
    catalogue::Inventory,
    live::{SeatState, SeatStates},
};
use serde_json::Value;

use crate::support::{
    fixture::{self, Event, Like, seats},
    harness::TestApp,
};

/// The maximum age of what these nodes show.
const OLDEST: Duration = Duration::from_millis(250);
/// The answer of a node to a request that it got within the age.
const LATEST: Duration = Duration::from_millis(400);

async fn node() -> TestApp {
    TestApp::with(|config| config.events.state_age = OLDEST).await
}

async fn hold(app: &TestApp, event: &Event, seat: i32) {
    let held = app.post(&event.reservations(), &seats(&[seat])).await;
    assert_eq!(held.status, 201, "{}", held.text);
}

async fn shown(app: &TestApp, event: &Event) -> SeatStates {
    app.get(&event.path("/seats?state=only")).await.read()
}

async fn held(app: &TestApp, event: &Event) -> i64 {
    app.get(&event.path("/inventory")).await.read::<Inventory>().counts.held
}

fn ids(states: &[SeatState]) -> BTreeSet<i32> {
    states.iter().map(|SeatState(id, ..)| *id).collect()
}

#[tokio::test]
async fn a_node_shows_its_own_change_at_once_after_a_quiet_time() {
    let app = node().await;
    let event = fixture::event(&app, Like::default()).await;
    for seat in 1..=3 {
        assert_eq!(shown(&app, &event).await.seats.len(), usize::try_from(seat - 1).expect("few"));
        tokio::time::sleep(OLDEST).await;
        hold(&app, &event, seat).await;
    }
    assert_eq!(held(&app, &event).await, 3);
    app.finish().await;
}

#[tokio::test]
async fn every_node_shows_every_change_within_its_age() {
    let app = node().await;
    let other = app.another_node().await;
    let event = fixture::event(&app, Like { seats: 30, ..Like::default() }).await;
    let mut last = SeatStates { seq: 0, plan_version: 0, now: 0, seats: Vec::new() };
    for seat in 1..=30 {
        hold(&app, &event, seat).await;
        let next = shown(&other, &event).await;
        // What a node has shown, it does not take back.
        assert!(next.seq >= last.seq && ids(&next.seats).is_superset(&ids(&last.seats)));
        last = next;
    }
    tokio::time::sleep(LATEST).await;
    for node in [&app, &other] {
        assert_eq!(shown(node, &event).await.seats.len(), 30);
        assert_eq!(held(node, &event).await, 30);
    }
    other.stop().await;
    app.finish().await;
}

/// A page reads the state, and then the stream from the number that the state names.
#[tokio::test]
async fn a_state_and_the_changes_after_its_number_lack_nothing() {
    let app = node().await;
    let other = app.another_node().await;
    let event = fixture::event(&app, Like { seats: 20, ..Like::default() }).await;
    let mut read = Vec::new();
    for seat in 1..=20 {
        hold(&app, &event, seat).await;
        read.push((seat, shown(&other, &event).await));
    }
    while app.number("SELECT COUNT(*) FROM outbox").await > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for (so_far, state) in read {
        let later = "SELECT payload FROM changes WHERE event_id = $1 AND seq > $2";
        let later: Vec<String> = app
            .app
            .base
            .db
            .values(later, vec![event.id.into(), state.seq.into()])
            .await
            .expect("the changes");
        let mut seen = ids(&state.seats);
        for change in later {
            let change: Value = serde_json::from_str(&change).expect("JSON");
            let changed = change["seats"].as_array().into_iter().flatten();
            seen.extend(
                changed.map(|seat| i32::try_from(seat[0].as_i64().expect("an id")).expect("small")),
            );
        }
        assert!(seen.is_superset(&(1..=so_far).collect()), "{so_far}: {seen:?}");
    }
    other.stop().await;
    app.finish().await;
}

/// Nothing that decides uses what is shown.
#[tokio::test]
async fn a_hold_is_decided_by_the_present_state() {
    let app = node().await;
    let other = app.another_node().await;
    let event = fixture::event(&app, Like::default()).await;
    for seat in 1..=10 {
        shown(&other, &event).await;
        hold(&app, &event, seat).await;
        let refused = other.post(&event.reservations(), &seats(&[seat])).await;
        refused.assert_problem(409, "/problems/seats-unavailable");
    }
    other.stop().await;
    app.finish().await;
}
