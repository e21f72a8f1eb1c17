//! A node is killed between two batches of messages. Another node writes the rest, and every booking is told once.

use futures_util::future::join_all;

use super::*;
use crate::support::{fixture::Like, process::Node};

/// More bookings than one transaction tells.
const BOOKINGS: i64 = 120;
/// How many people book at once: few, so that the node has room for each of them on a slow machine, too.
const AT_ONCE: i64 = 6;

#[tokio::test]
async fn killed_between_batches_every_booking_is_told_once() {
    let app = TestApp::apart().await;
    let mut node = Node::start(&app.app.config).await;
    app.talks_to(node.address);
    let event = fixture::event(&app, Like { places: 200, ..Like::default() }).await;
    let stage = Stage::of(app, event).await;
    let (app, event) = (&stage.app, &stage.event);
    let place = json!({ "general": [{ "section_id": event.general, "quantity": 1 }] });
    for _ in 0..BOOKINGS / AT_ONCE {
        join_all((0..AT_ONCE).map(|_| Paid::of(app, event, &place))).await;
    }
    stage.mails_have_left().await;
    stage.moves_to(1).await;
    app.at_rest().await;
    node.kill().await;
    app.advance(FIVE_MINUTES).await;
    let failpoint = [("HOLDFAST_FAILPOINT", "tell_move.after_record")];
    let mut doomed = Node::start_with(&app.app.config, &failpoint).await;
    doomed.halts_at("tell_move.after_record").await;
    doomed.kill().await;
    assert_eq!(stage.told().await, 100);
    assert_eq!(stage.waiting().await, 1);
    pass(app).await;
    assert_eq!((stage.told().await, stage.waiting().await), (BOOKINGS, 0));
    let bookings = "SELECT COUNT(DISTINCT subject_id) FROM messages WHERE kind = 'event_moved'";
    assert_eq!(app.number(bookings).await, BOOKINGS);
    stage.app.finish().await;
}
