//! Checkouts that are at the same step at the same time share a transaction. Each of them ends as it would alone.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use holdfast::kernel::db::{Dialect, Sql as _, StoreError, Writes as _};
use holdfast_contract::bookings::{Booking, BookingStatus};
use serde_json::Value;
use tokio::sync::Notify;

use super::together::{KEY, counters, killed_while_they_pay};
use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Event, Like, seats_and_places},
    harness::TestApp,
    process::Node,
};

const BUYERS: i32 = 8;
const MAX_CROWDS: usize = 20;
/// The lease of a worker.
const LEASE: Duration = Duration::from_secs(5);
/// All authorizations end at about the same moment, so that their records wait for each other.
const TOGETHER: &str = "authorize=slow*8";

/// Buyers with two seats and a place each, and the bodies of their payments.
async fn buyers(app: &TestApp, event: &Event) -> Vec<(GuestBuyer, Value)> {
    let mut buyers = Vec::new();
    for number in 0..BUYERS {
        let wish = seats_and_places(event, &[2 * number + 1, 2 * number + 2], 1);
        let buyer = GuestBuyer::holds(app, event, &wish).await;
        let body = buyer.pays_from("pm_card_visa", &format!("ada{number}@example.org"));
        buyers.push((buyer, body));
    }
    buyers
}

/// A node with these faults, and the event whose buyers come to it.
async fn node(faults: &str, failpoint: &str) -> (TestApp, Event, Node) {
    let app = TestApp::apart().await;
    let like = Like { seats: 2 * BUYERS, places: BUYERS, ..Like::default() };
    let event = fixture::event(&app, like).await;
    let faults = [("HOLDFAST_FAULTS", faults), ("HOLDFAST_FAILPOINT", failpoint)];
    let node = Node::start_with(&app.app.config, &faults).await;
    app.talks_to(node.address);
    (app, event, node)
}

/// How many checkouts and how many transactions the node has recorded by steps that may be shared.
async fn recorded(app: &TestApp) -> (u64, u64) {
    let names = ["holdfast_saga_transactions_sagas_total", "holdfast_saga_transactions_total"];
    counters(app, names).await.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_checkouts_share_transactions_and_each_gets_what_it_paid_for() {
    let (app, event, _node) = node(TOGETHER, "").await;
    let buyers = buyers(&app, &event).await;
    let paid = join_all(buyers.iter().map(|(buyer, body)| buyer.confirms(&app, KEY, body))).await;
    let mut references = Vec::new();
    for ((buyer, body), paid) in buyers.iter().zip(paid) {
        assert_eq!(paid.status, 201, "{}", paid.text);
        let again = buyer.confirms(&app, KEY, body).await;
        assert_eq!((again.status, &again.text), (201, &paid.text));
        let booking = paid.booking();
        assert_eq!((booking.lines.len(), booking.tickets.len()), (3, 3));
        let of_lines: Vec<_> = booking.lines.iter().map(|line| (line.id, &line.label)).collect();
        let of_tickets: Vec<_> = booking.tickets.iter().map(|it| (it.line_id, &it.label)).collect();
        assert_eq!(of_tickets, of_lines);
        references.push(booking.reference);
    }
    references.sort();
    references.dedup();
    assert_eq!(references.len(), buyers.len());
    let (sagas, transactions) = recorded(&app).await;
    // Each checkout sells its seats, and issues its tickets.
    assert_eq!(sagas, 16);
    let (mut shared, mut bookings) = (transactions < sagas, i64::from(BUYERS));
    // Whether steps meet is a matter of moments, so further crowds come until some of them have met.
    for _ in 0..MAX_CROWDS {
        if shared {
            break;
        }
        let like = Like { seats: 2 * BUYERS, places: BUYERS, ..Like::default() };
        let event = fixture::event(&app, like).await;
        let crowd = self::buyers(&app, &event).await;
        let asked = crowd.iter().map(|(buyer, body)| buyer.confirms(&app, KEY, body));
        assert!(join_all(asked).await.iter().all(|paid| paid.status == 201));
        let (sagas, transactions) = recorded(&app).await;
        shared = transactions < sagas;
        bookings += i64::from(BUYERS);
    }
    assert!(shared, "no two steps have shared a transaction");
    for (text, expected) in [
        ("SELECT COUNT(*) AS found FROM payments WHERE status = 'captured'", 8),
        (
            "SELECT COUNT(*) AS found FROM simulated_payments WHERE capture_key LIKE '%:capture:1'",
            8,
        ),
        ("SELECT COUNT(*) AS found FROM ledger_entries", 16),
        ("SELECT CAST(SUM(sold) AS bigint) AS found FROM sections", 8),
    ] {
        assert_eq!(app.number(text).await, expected * bookings / i64::from(BUYERS), "{text}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_eight_is_refused_and_the_others_do_not_notice() {
    let (app, event, _node) = node(&format!("{TOGETHER},confirm_seats=refuse"), "").await;
    let buyers = buyers(&app, &event).await;
    let paid = join_all(buyers.iter().map(|(buyer, body)| buyer.confirms(&app, KEY, body))).await;
    let (paid, refused): (Vec<_>, Vec<_>) = paid.into_iter().partition(|it| it.status == 201);
    assert_eq!((paid.len(), refused.len()), (7, 1));
    refused[0].assert_problem(409, "/problems/seats-unavailable");
    let void = "SELECT COUNT(*) AS found FROM simulated_payments WHERE status = 'canceled'";
    assert_eq!(app.number(void).await, 1);
    // Nobody else's step was a second try.
    let tries = "SELECT COUNT(*) AS found FROM sagas WHERE last_error IS NOT NULL";
    assert_eq!(app.number(tries).await, 1);
    app.finish().await;
}

/// A step that fails in the database fails for all who share its transaction. Then each is recorded alone, and nobody
/// counts a try.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_a_shared_step_is_nobodys_try() {
    let (app, event, node) = node(&format!("{TOGETHER},issue_tickets=fail"), "").await;
    let buyers = buyers(&app, &event).await;
    let paid = join_all(buyers.iter().map(|(buyer, body)| buyer.confirms(&app, KEY, body))).await;
    for (paid, (buyer, _)) in paid.iter().zip(&buyers) {
        let booking: Booking = match paid.status {
            201 => paid.booking(),
            // The one that failed alone waits for its next try.
            _ => buyer.settled(&app, paid.id()).await,
        };
        assert_eq!(booking.status, BookingStatus::Confirmed);
    }
    assert_eq!(node.met().iter().filter(|fault| *fault == "issue_tickets=fail").count(), 1);
    let tries = "SELECT COUNT(*) AS found FROM sagas WHERE last_error IS NOT NULL";
    assert!(app.number(tries).await <= 1, "a neighbour's failure counts as a try");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_killed_in_a_shared_step_loses_nothing() {
    // The first have a transaction each; the fourth is in one that the rest share.
    for point in [
        "confirm_seats.before_record",
        "confirm_seats.after_record",
        "issue_tickets.before_record",
        "issue_tickets.after_record",
    ] {
        let (app, event, doomed) = node(TOGETHER, &format!("{point}:4")).await;
        let buyers = buyers(&app, &event).await;
        let paying: Vec<_> = buyers.iter().map(|(buyer, body)| (buyer, body)).collect();
        killed_while_they_pay(app, doomed, point, &paying).await;
    }
}

/// While the steps of some checkouts wait for longer than a lease, no other worker takes them.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_waits_for_its_turn_keeps_its_lease() {
    let (app, event, _node) = node(TOGETHER, "").await;
    let db = &app.app.base.db;
    if db.dialect() == Dialect::Sqlite {
        // A store with one writer at a time renews no lease beside a long transaction.
        return app.finish().await;
    }
    let _other = Node::start(&app.app.config).await;
    let buyers = buyers(&app, &event).await;
    let (locked, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let lock = {
        let (db, section) = (db.clone(), event.general);
        let (locked, release) = (Arc::clone(&locked), Arc::clone(&release));
        tokio::spawn(async move {
            db.transact::<_, StoreError, _>(|tx| {
                let (locked, release) = (Arc::clone(&locked), Arc::clone(&release));
                Box::pin(async move {
                    let lock = "UPDATE sections SET version = version WHERE id = $1";
                    assert_eq!(tx.run(lock, vec![section.into()]).await?, 1);
                    locked.notify_one();
                    release.notified().await;
                    Ok(())
                })
            })
            .await
        })
    };
    locked.notified().await;
    let paying = join_all(buyers.iter().map(|(buyer, body)| buyer.confirms(&app, KEY, body)));
    let end = async {
        tokio::time::sleep(LEASE + LEASE / 2).await;
        release.notify_one();
    };
    let (paid, ()) = tokio::join!(paying, end);
    lock.await.expect("a task").expect("a commit");
    for (paid, (buyer, _)) in paid.iter().zip(&buyers) {
        let booking = match paid.status {
            201 => paid.booking(),
            _ => buyer.settled(&app, paid.id()).await,
        };
        assert_eq!(booking.status, BookingStatus::Confirmed);
    }
    let taken = "SELECT COUNT(*) AS found FROM sagas WHERE fence > 1";
    assert_eq!(app.number(taken).await, 0, "another worker has taken a step that waited");
    app.finish().await;
}
