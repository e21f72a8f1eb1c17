//! Checkouts that begin at the same time share a transaction. Each of them begins, or is refused, as it would alone.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use holdfast::kernel::db::{Dialect, Sql as _, StoreError};
use holdfast_contract::reservations::ReservationStatus;
use serde_json::{Value, json};
use tokio::sync::Notify;
use uuid::Uuid;

use super::together::{KEY, counters, killed_while_they_pay, repeated};
use crate::support::{
    answer::{Answer, is_in_flight},
    buyer::GuestBuyer,
    fixture::{self, Event, Like, another_event, seats, seats_and_places},
    harness::TestApp,
    process::Node,
};

/// The number of transactions that begin checkouts at once, on one node.
const UNDER_WAY: i32 = 4;
const BUYERS: i32 = 8;
const MAX_CROWDS: usize = 10;
/// The time in which requests reach the node.
const ARRIVE: Duration = Duration::from_millis(400);

/// A request to pay.
struct PayRequest {
    buyer: GuestBuyer,
    body: Value,
}

impl PayRequest {
    fn of(buyer: GuestBuyer) -> Self {
        let body = buyer.pays_from("pm_card_visa", &format!("{}@example.org", buyer.reservation));
        Self { buyer, body }
    }

    async fn sent(&self, app: &TestApp) -> Answer {
        self.buyer.confirms(app, KEY, &self.body).await
    }
}

/// A node in a process of its own, with this failpoint, and an event whose buyers come to it.
async fn node(failpoint: &str) -> (TestApp, Event, Node) {
    let app = TestApp::apart().await;
    let like = Like { seats: 100, places: 100, ..Like::default() };
    let event = fixture::event(&app, like).await;
    let node = Node::start_with(&app.app.config, &[("HOLDFAST_FAILPOINT", failpoint)]).await;
    app.talks_to(node.address);
    (app, event, node)
}

/// Buyers with two seats and a place each. The first has the seat `first` and the next one.
async fn buyers(app: &TestApp, event: &Event, first: i32, count: i32) -> Vec<PayRequest> {
    let mut buyers = Vec::new();
    for number in 0..count {
        let seat = first + 2 * number;
        let wish = seats_and_places(event, &[seat, seat + 1], 1);
        buyers.push(PayRequest::of(GuestBuyer::holds(app, event, &wish).await));
    }
    buyers
}

/// Sends requests that arrive while all transactions of their kind are under way, so that they wait and begin together.
async fn meet(app: &TestApp, event: &Event, first: i32, requests: &[PayRequest]) -> Vec<Answer> {
    let decoys = buyers(app, event, first, UNDER_WAY).await;
    let (locked, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let lock = {
        let ids: Vec<Uuid> = decoys.iter().map(|decoy| decoy.buyer.reservation).collect();
        let (db, locked, release) =
            (app.app.base.db.clone(), Arc::clone(&locked), Arc::clone(&release));
        let transaction = async move {
            db.transact::<_, StoreError, _>(|tx| {
                let (ids, locked, release) =
                    (ids.clone(), Arc::clone(&locked), Arc::clone(&release));
                Box::pin(async move {
                    for id in ids {
                        let lock = "UPDATE reservations SET version = version WHERE id = $1";
                        assert_eq!(tx.run(lock, vec![id.into()]).await?, 1);
                    }
                    locked.notify_one();
                    release.notified().await;
                    Ok(())
                })
            })
            .await
        };
        tokio::spawn(transaction)
    };
    locked.notified().await;
    let all = async {
        let decoys = join_all(decoys.iter().map(|decoy| decoy.sent(app)));
        let others = async {
            tokio::time::sleep(ARRIVE).await;
            join_all(requests.iter().map(|request| request.sent(app))).await
        };
        let end = async {
            tokio::time::sleep(ARRIVE * 2).await;
            release.notify_one();
        };
        tokio::join!(decoys, others, end)
    };
    let (decoys, others, ()) = all.await;
    lock.await.expect("a task").expect("a commit");
    assert!(decoys.iter().all(|paid| paid.status == 201), "{decoys:?}");
    others
}

/// How many checkouts have begun, and in how many transactions.
async fn begun(app: &TestApp) -> (u64, u64) {
    let names = ["holdfast_checkout_begins_checkouts_total", "holdfast_checkout_begins_total"];
    counters(app, names).await.into()
}

fn paid(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status == 201).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_checkouts_begin_together_and_each_gets_what_it_holds() {
    let (app, event, _node) = node("").await;
    for round in 0..MAX_CROWDS {
        let event = if round == 0 {
            event.clone()
        } else {
            fixture::event(&app, Like { seats: 100, ..Like::default() }).await
        };
        let requests = buyers(&app, &event, 1, BUYERS).await;
        let before = begun(&app).await;
        let answers = meet(&app, &event, 51, &requests).await;
        assert_eq!(paid(&answers), requests.len());
        for (request, answer) in requests.iter().zip(answers) {
            let held = request.buyer.reads_reservation(&app).await;
            let mut held: Vec<_> = held.items.into_iter().map(|item| item.label).collect();
            let mut bought: Vec<_> =
                answer.booking().lines.into_iter().map(|line| line.label).collect();
            held.sort();
            bought.sort();
            assert_eq!((held.len(), &held), (3, &bought));
        }
        let (checkouts, transactions) = begun(&app).await;
        let (checkouts, transactions) = (checkouts - before.0, transactions - before.1);
        assert_eq!(checkouts, u64::try_from(BUYERS + UNDER_WAY).expect("few"));
        // On a busy machine, the requests can come too late to meet.
        if transactions == u64::try_from(UNDER_WAY + 1).expect("few") {
            return app.finish().await;
        }
    }
    panic!("no crowd began together");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_is_left_out_and_the_others_begin() {
    let (app, event, _node) = node("").await;
    let mut requests = buyers(&app, &event, 1, BUYERS + 1).await;
    let stranger = requests[1].buyer.reservation;
    requests[0].body["reservation_ids"] = json!([stranger]);
    requests[2].body["payment"] = Value::Null;
    let path = format!("/reservations/{}", requests[3].buyer.reservation);
    let gone = app.as_guest(&requests[3].buyer.token).delete(&path).await;
    assert_eq!(gone.status, 204);
    // The seat of the fifth is taken away by hand, which only the last statement notices.
    let broken = "UPDATE seats SET status = 'blocked', block_reason = 'broken', reservation_id = NULL, \
                  expires_at = NULL WHERE event_id = $1 AND seat_id = 9";
    let changed = app.app.base.db.run(broken, vec![event.id.into()]).await;
    assert_eq!(changed.expect("a seat"), 1);
    // The sixth has paid before, and its key comes again with another body.
    assert_eq!(requests[5].sent(&app).await.status, 201);
    requests[5].body["email"] = json!("other@example.org");
    // The seventh repeats its request.
    let first = requests[6].sent(&app).await;
    // The place of the ninth is taken away: it is noticed when its seats are paying.
    let ninth = requests[8].buyer.reservation;
    let set_place = async |state: &str| {
        let set = "UPDATE reservation_items SET state = $2 WHERE reservation_id = $1 AND kind = 'general'";
        let changed = app.app.base.db.run(set, vec![ninth.into(), state.into()]).await;
        assert_eq!(changed.expect("a place"), 1);
    };
    set_place("released").await;

    let before = begun(&app).await;
    let answers = meet(&app, &event, 51, &requests).await;
    // Nobody begins anew for a neighbour: each request takes part in one transaction.
    let (after, sent) = (begun(&app).await, UNDER_WAY + BUYERS + 1);
    assert_eq!(after.0 - before.0, u64::try_from(sent).expect("few"), "{before:?} {after:?}");
    answers[0].assert_problem(404, "/problems/not-found");
    assert_eq!(answers[1].status, 201, "{}", answers[1].text);
    answers[2].assert_field("payment");
    answers[3].assert_problem(409, "/problems/reservation-not-active");
    answers[4].assert_problem(409, "/problems/reservation-expired");
    answers[5].assert_problem(422, "/problems/idempotency-key-reused");
    assert_eq!((answers[6].status, &answers[6].text), (201, &first.text));
    assert_eq!(answers[7].status, 201, "{}", answers[7].text);
    answers[8].assert_problem(409, "/problems/reservation-expired");
    set_place("held").await;
    let held = requests[8].buyer.reads_reservation(&app).await;
    assert_eq!((held.items.len(), held.status), (3, ReservationStatus::Active));
    assert_eq!(requests[8].sent(&app).await.status, 201);
    // A refusal leaves the key free, and the hold as it was.
    requests[2].body["payment"] = json!({ "method": "pm_card_visa" });
    assert_eq!(requests[2].sent(&app).await.status, 201);
    // The broken seat is given back, so that the books are whole.
    let mended = "UPDATE seats SET status = 'held', block_reason = NULL, reservation_id = $2, \
                  expires_at = (SELECT expires_at FROM reservations WHERE id = $2) \
                  WHERE event_id = $1 AND seat_id = 9";
    let reservation = requests[4].buyer.reservation;
    let changed = app.app.base.db.run(mended, vec![event.id.into(), reservation.into()]).await;
    assert_eq!(changed.expect("a seat"), 1);
    assert_eq!(requests[4].sent(&app).await.status, 201);
    app.finish().await;
}

/// A reservation that changes between the look and the payment's change is refused to its buyer alone. SQLite has one
/// writer, so nothing changes in between.
#[tokio::test(flavor = "multi_thread")]
async fn whose_reservation_changes_meanwhile_is_refused_alone() {
    let (app, event, _node) = node("").await;
    let db = &app.app.base.db;
    if db.writing().dialect() == Dialect::Sqlite {
        return app.finish().await;
    }
    let requests = buyers(&app, &event, 1, BUYERS).await;
    let changed = &requests[2].buyer;
    let kept = db.begin().await.expect("a transaction");
    let keep = "UPDATE buyers SET touched_at = touched_at WHERE buyer_id = (\
                SELECT buyer_id FROM reservations WHERE id = $1)";
    assert_eq!(kept.run(keep, vec![changed.reservation.into()]).await.expect("a lock"), 1);
    let gives_up = async {
        // By then the group has looked, and waits for the row of this buyer.
        tokio::time::sleep(ARRIVE * 3).await;
        let path = format!("/reservations/{}", changed.reservation);
        assert_eq!(app.as_guest(&changed.token).delete(&path).await.status, 204);
        kept.rollback().await.expect("the end");
    };
    let (answers, ()) = tokio::join!(meet(&app, &event, 51, &requests), gives_up);
    for (place, answer) in answers.iter().enumerate() {
        match place {
            2 => answer.assert_problem(409, "/problems/reservation-not-active"),
            _ => assert_eq!(answer.status, 201, "{place}: {}", answer.text),
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_begin_apart_and_a_booking_of_several_begins_alone() {
    let (app, event, _node) = node("").await;
    let other = another_event(&app, &event).await;
    let mut requests = buyers(&app, &event, 1, 3).await;
    requests.extend(buyers(&app, &other, 1, 3).await);
    // One guest holds seats of both events.
    let guest = GuestBuyer::holds(&app, &event, &seats(&[40])).await;
    let more = app.as_guest(&guest.token).post(&other.reservations(), &seats(&[10])).await;
    let mut both = PayRequest::of(guest);
    both.body["reservation_ids"] = json!([both.buyer.reservation, more.reservation().id]);
    requests.push(both);
    // The first two of the group do not begin here: one has no method, one repeats its request.
    let refused = buyers(&app, &event, 21, 2).await;
    let first = refused[1].sent(&app).await;
    requests.splice(0..0, refused);
    requests[0].body["payment"] = Value::Null;

    let answers = meet(&app, &event, 51, &requests).await;
    answers[0].assert_field("payment");
    assert_eq!(answers[1].text, first.text);
    assert_eq!(paid(&answers), requests.len() - 1, "{answers:?}");
    assert_eq!(answers[8].booking().lines.len(), 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_begins_once_in_whatever_groups_its_requests_come() {
    let (app, event, _node) = node("").await;
    let requests = buyers(&app, &event, 1, BUYERS).await;
    let twins: Vec<PayRequest> = requests
        .iter()
        .map(|one| {
            let buyer =
                GuestBuyer { token: one.buyer.token.clone(), reservation: one.buyer.reservation };
            PayRequest { buyer, body: one.body.clone() }
        })
        .collect();
    let all: Vec<PayRequest> = requests.into_iter().chain(twins).collect();
    let answers = meet(&app, &event, 51, &all).await;
    let (first, again) = answers.split_at(answers.len() / 2);
    for (request, both) in all.iter().zip(first.iter().zip(again)) {
        let settled = repeated(&app, &request.buyer, &request.body).await;
        assert_eq!(settled.status, 201, "{}", settled.text);
        for told in [both.0, both.1] {
            let is_same = told.text == settled.text || is_in_flight(&told.text);
            assert!(is_same, "{} is not {}", told.text, settled.text);
        }
    }
    let bookings = "SELECT COUNT(*) AS found FROM bookings";
    assert_eq!(app.number(bookings).await, i64::from(BUYERS + UNDER_WAY));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_killed_while_beginning_together_loses_nothing() {
    for point in ["begin.before_record", "begin.after_record"] {
        // The first four begin alone; the sixth is in the middle of those who begin together.
        let (app, event, doomed) = node(&format!("{point}:6")).await;
        let requests = buyers(&app, &event, 1, BUYERS).await;
        let paying: Vec<_> = requests.iter().map(|it| (&it.buyer, &it.body)).collect();
        killed_while_they_pay(app, doomed, point, &paying).await;
    }
}
