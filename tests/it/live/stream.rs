//! The event stream: viewers of every node see a sale on any node, and no viewer misses a change.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::StreamExt;
use holdfast::kernel::db::Sql as _;
use holdfast_contract::{
    catalogue::SeatStatus,
    live::{Change, stream_events},
};

use crate::support::{
    fixture::{self, Event, Like, seats, some_seats},
    harness::TestApp,
};

/// The maximum time until a change reaches a viewer, with a reserve for a busy test machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Reads the stream until `enough` returns true. Returns the changes.
async fn watch(
    app: &TestApp,
    event: &Event,
    after: Option<i64>,
    mut enough: impl FnMut(&Change) -> bool,
) -> Vec<Change> {
    let path = match after {
        Some(after) => event.path(&format!("/stream?after={after}")),
        None => event.path("/stream"),
    };
    let response = app.client().get(app.url(&path)).send().await.expect("the stream opens");
    assert_eq!(response.status(), 200);
    assert!(
        response.headers()["content-type"].to_str().expect("text").starts_with("text/event-stream")
    );
    let mut bytes = response.bytes_stream();
    let (mut text, mut changes) = (String::new(), Vec::new());
    loop {
        let chunk = tokio::time::timeout(PATIENCE, bytes.next()).await.expect("a change in time");
        text.push_str(std::str::from_utf8(&chunk.expect("open").expect("readable")).expect("text"));
        while let Some((message, rest)) = text.split_once("\n\n") {
            let change = parse(message);
            text = rest.to_owned();
            if let Some(change) = change {
                let done = enough(&change);
                changes.push(change);
                if done {
                    return changes;
                }
            }
        }
    }
}

fn parse(message: &str) -> Option<Change> {
    assert!(!message.contains("event: reset"), "the stream was reset");
    let line = |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if line("event:")? == stream_events::HEARTBEAT {
        return None;
    }
    let change: Change = serde_json::from_str(line("data:")?).expect("a change");
    assert_eq!(line("id:"), Some(change.seq.to_string().as_str()));
    Some(change)
}

/// A hold that may be partial never shares a transaction, so each hold is a separate change.
async fn hold_alone(app: &TestApp, event: &Event, seat: i32) {
    let held = app.post(&event.reservations(), &some_seats(&[seat])).await;
    assert_eq!(held.status, 201, "{}", held.text);
}

async fn hold(app: &TestApp, event: &Event, seat: i32) {
    let held = app.post(&event.reservations(), &seats(&[seat])).await;
    assert_eq!(held.status, 201, "{}", held.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_of_another_node_sees_a_hold_and_what_becomes_of_it() {
    let seller = TestApp::start().await;
    let viewer = seller.another_node().await;
    let event = fixture::event(&seller, Like::default()).await;
    let begun = seller.app.base.db.now().await.expect("the clock") / 1000;
    let (changes, ()) =
        tokio::join!(watch(&viewer, &event, Some(0), |_| true), hold(&seller, &event, 3));
    let held = changes[0].seats[0];
    assert_eq!((held.0, held.1, held.2), (3, SeatStatus::Held, 2));
    let until = held.3.expect("a held seat says until when");
    assert!((600..=602).contains(&(until - begun)), "held at {begun}, until {until}");
    let expiring = async {
        seller.advance(Duration::from_secs(600)).await;
        seller.app.slices.reservations.expire_pass().await.expect("a pass");
    };
    let watching = watch(&viewer, &event, Some(changes[0].seq), |_| true);
    let (changes, ()) = tokio::join!(watching, expiring);
    let free = changes[0].seats[0];
    assert_eq!((free.0, free.1, free.2, free.3), (3, SeatStatus::Available, 3, None));
    viewer.stop().await;
    seller.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_misses_anything_of_two_thousand_changes_begun_on_two_nodes() {
    const HOLDS: i32 = 1_000;
    let first = TestApp::start().await;
    let second = first.another_node().await;
    let event = fixture::event(&first, Like { seats: HOLDS, ..Like::default() }).await;
    let nodes = [Arc::new(first), Arc::new(second)];
    let selling = {
        let (nodes, event) = (nodes.clone(), event.clone());
        async move {
            let holds = futures_util::stream::iter(1..=HOLDS).map(|seat| {
                let (node, event) = (Arc::clone(&nodes[(seat % 2) as usize]), event.clone());
                async move { hold_alone(&node, &event, seat).await }
            });
            holds.buffer_unordered(32).collect::<Vec<()>>().await;
            nodes[0].advance(Duration::from_secs(600)).await;
            nodes[0].app.slices.reservations.expire_pass().await.expect("a pass");
        }
    };
    // The viewer connects three times, alternating between the nodes, each time with the number of its last change. The
    // nodes merge the changes into other frames. When the viewer came, the log may have ended inside of a frame, and the
    // viewer gets that frame whole; every other frame begins where the one before it ended.
    let watching = async {
        let mut seen: BTreeMap<i32, SeatStatus> = BTreeMap::new();
        let (mut last, mut merged) = (0, 0);
        for (stretch, node) in [&nodes[0], &nodes[1], &nodes[0]].into_iter().enumerate() {
            let changes = watch(node, &event, Some(last), |change| {
                for seat in &change.seats {
                    seen.insert(seat.0, seat.1);
                }
                let all_free = seen.len() == HOLDS as usize
                    && seen.values().all(|status| *status == SeatStatus::Available);
                all_free || (stretch < 2 && change.seq >= [300, 900][stretch])
            })
            .await;
            let mut whole = 0;
            for change in &changes {
                let has_no_gap = (1..=last + 1).contains(&change.first);
                assert!(has_no_gap && change.seq > last, "after {last}: {change:?}");
                whole += usize::from(change.first <= last);
                last = change.seq;
                merged += usize::from(change.first < change.seq);
            }
            assert!(whole <= 1, "{whole} frames overlap: {changes:?}");
        }
        assert!(merged > 0, "no frame has several changes");
        assert_eq!(seen.len(), HOLDS as usize);
        assert!(seen.values().all(|status| *status == SeatStatus::Available));
    };
    tokio::join!(selling, watching);
    for node in nodes {
        Arc::into_inner(node).expect("alone").finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_goes_on_from_the_middle_of_a_frame_on_another_node() {
    let first = TestApp::start().await;
    let second = first.another_node().await;
    let event = fixture::event(&first, Like::default()).await;
    for seat in 1..=6 {
        hold_alone(&first, &event, seat).await;
    }
    let all = watch(&first, &event, Some(0), |change| change.seq == 6).await;
    // The changes that were there before the viewer are one frame.
    assert_eq!((all[0].first, all[0].seats.len()), (1, all[0].seq as usize), "{all:?}");
    for seen in 0..6 {
        let rest = watch(&second, &event, Some(seen), |change| change.seq == 6).await;
        assert_eq!(rest[0].first, seen + 1);
        let brought: Vec<i32> = rest.iter().flat_map(|it| it.seats.iter().map(|it| it.0)).collect();
        assert_eq!(brought, Vec::from_iter(seen as i32 + 1..=6));
    }
    second.stop().await;
    first.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_comes_back_too_late_is_told_to_read_everything_again() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    hold(&app, &event, 1).await;
    watch(&app, &event, Some(0), |change| change.seq == 1).await;
    app.advance(Duration::from_secs(2 * 3600)).await;
    holdfast::live::relay::retention_pass(&app.app.base.db).await.expect("a pass");
    for after in [0, 99] {
        let path = event.path(&format!("/stream?after={after}"));
        let text = tokio::time::timeout(PATIENCE, app.get(&path)).await.expect("it ends").text;
        assert!(text.contains("event: reset"), "{text}");
        // The browser reconnects with the number of that message, from which the stream goes on.
        let id = text.lines().find_map(|line| line.strip_prefix("id:")).map(str::trim);
        assert_eq!(id, Some("1"), "{text}");
    }
    let goes_on = event.path("/stream?after=1");
    app.watch(&goes_on, "\"seq\":2", async { hold(&app, &event, 2).await }).await;
    app.get(&event.path("/stream?after=x")).await.assert_field("after");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_has_missed_thousands_of_changes_reads_the_state() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let log = "WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < 6000) \
               INSERT INTO changes (event_id, seq, payload, created_at) \
               SELECT $1, seq, '{}', {now} FROM n";
    let end = "INSERT INTO event_sequences (event_id, last_seq) VALUES ($1, 6000) \
               ON CONFLICT (event_id) DO UPDATE SET last_seq = 6000";
    let of_event = || vec![event.id.into()];
    app.app
        .base
        .db
        .run("DELETE FROM changes WHERE event_id = $1", of_event())
        .await
        .expect("empty");
    for text in [log, end] {
        app.app.base.db.run(text, of_event()).await.expect("a long log");
    }
    let missed = app.get(&event.path("/stream?after=999")).await.text;
    assert!(missed.contains("event: reset") && missed.contains("id: 5500"), "{missed}");
    // Fewer changes are sent, in frames that are not too long.
    let sent = watch(&app, &event, Some(1_000), |change| change.seq == 6_000).await;
    assert_eq!((sent[0].first, sent[0].seq, sent.len()), (1_001, 1_500, 10));
    app.finish().await;
}
