//! How old the shown state may be during a busy sale, and that nothing is missing from it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use holdfast::kernel::db::Sql as _;
use holdfast_contract::{
    catalogue::{self, Inventory},
    live::{SeatState, SeatStates},
};
use holdfast_domain::access::Role;
use serde_json::{Value, json};

use crate::support::{
    fixture::{self, Event, Like, account, edit, seats},
    harness::TestApp,
};

/// The maximum age of what these nodes show.
const OLDEST: Duration = Duration::from_millis(250);
/// The answer of a node to a request that it got within the age.
const LATEST: Duration = Duration::from_millis(400);

/// Two nodes, and an event with this many seats.
async fn two_nodes(seats: i32) -> (TestApp, TestApp, Event) {
    let app = node().await;
    let other = app.another_node().await;
    let event = fixture::event(&app, Like { seats, ..Like::default() }).await;
    (app, other, event)
}

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

/// Waits until every change has its number, and for a quiet time after that. On a busy machine, the numbers of the last
/// changes may take a while, and each of them makes the readers read the state again.
async fn is_quiet(app: &TestApp) {
    while app.number("SELECT COUNT(*) AS found FROM outbox").await > 0 {
        tokio::time::sleep(OLDEST / 10).await;
    }
    tokio::time::sleep(OLDEST * 2).await;
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

/// Readers who ask all the time make the kept state current again and again. A change of this node is shown at once
/// all the same.
#[tokio::test(flavor = "multi_thread")]
async fn readers_who_ask_all_the_time_delay_no_change_of_their_node() {
    let app = Arc::new(node().await);
    let event = fixture::event(&app, Like::default()).await;
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (app, event) = (Arc::clone(&app), event.clone());
            tokio::spawn(async move {
                loop {
                    shown(&app, &event).await;
                }
            })
        })
        .collect();
    for seat in 1..=5 {
        // On a busy machine, the first of the readers may come late.
        shown(&app, &event).await;
        is_quiet(&app).await;
        hold(&app, &event, seat).await;
        assert!(ids(&shown(&app, &event).await.seats).contains(&seat), "seat {seat}");
    }
    readers.iter().for_each(tokio::task::JoinHandle::abort);
    for reader in readers {
        reader.await.expect_err("a reader ends when it is told");
    }
    Arc::into_inner(app).expect("alone").finish().await;
}

/// A page reads the event again because of a change of the stream, and must not get the event as it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_who_reads_the_event_because_of_a_change_gets_the_change() {
    let app = TestApp::with(|config| config.events.state_age = Duration::from_secs(1)).await;
    let other = app.another_node().await;
    let event = fixture::event(&app, Like::default()).await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    for round in 1..=5 {
        let name = format!("Gala {round}");
        let edit_it = async {
            for _ in 0..20 {
                other.get(&event.path("")).await;
            }
            let change = json!({ "name": name });
            let edited = edit(&app.as_user(&admin), &event.path(""), change).await;
            assert_eq!(edited.status, 200, "{}", edited.text);
            other.get(&event.path("")).await;
        };
        other.watch(&event.path("/stream"), "\"event\":true", edit_it).await;
        let read = other.get(&event.path("")).await.read::<catalogue::Event>();
        assert_eq!(read.name, name);
    }
    other.stop().await;
    app.finish().await;
}

#[tokio::test]
async fn every_node_shows_every_change_within_its_age() {
    let (app, other, event) = two_nodes(30).await;
    let mut last = SeatStates { seq: 0, plan_version: 0, now: 0, seats: Vec::new() };
    for seat in 1..=30 {
        hold(&app, &event, seat).await;
        let next = shown(&other, &event).await;
        // A node does not take a state back that it has shown.
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
    let (app, other, event) = two_nodes(20).await;
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
    let (app, other, event) = two_nodes(10).await;
    for seat in 1..=10 {
        shown(&other, &event).await;
        hold(&app, &event, seat).await;
        let refused = other.post(&event.reservations(), &seats(&[seat])).await;
        refused.assert_problem(409, "/problems/seats-unavailable");
    }
    other.stop().await;
    app.finish().await;
}
