//! Takes one checkout to a fault, starts the program again, and lets the buyer ask until there is a final response.

use std::time::{Duration, Instant};

use holdfast::kernel::db::Sql;
use reqwest::RequestBuilder;
use serde_json::Value;
use uuid::Uuid;

use super::{
    cells::{Drive, ProgramFate},
    ending::{self, BuyerResponse},
};
use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    fixture::{Event, seats_and_places},
    harness::TestApp,
    process::Node,
};

/// A time longer than the lease of a dead worker.
const LEASE: Duration = Duration::from_secs(6);
/// The maximum time for which a buyer asks for the result.
const PATIENCE: Duration = Duration::from_secs(45);
/// The maximum time after a response in which a checkout meets the rest of its faults. An undo that failed is tried
/// again after some seconds.
const MEETS_WITHIN: Duration = Duration::from_secs(12);
/// The wait between two questions of a buyer.
const ASKS_EVERY: Duration = Duration::from_millis(50);
/// The key of the attempt. Cells have different buyers, so they may use the same key.
const KEY: &str = "the-attempt";

/// Performs the cell and returns its ending in words.
pub async fn cell(app: &TestApp, event: &Event, drive: &Drive) -> Result<String, String> {
    let first = [("HOLDFAST_FAULTS", drive.faults), ("HOLDFAST_FAILPOINT", point(drive.then))];
    let mut node = Node::start_with(&app.app.config, &first).await;
    app.talks_to(node.address);
    let wish = seats_and_places(event, &[1, 2], 1);
    let buyer = GuestBuyer::holds(app, event, &wish).await;
    let body = buyer.pays_with(drive.method);
    let confirm = tokio::spawn(confirm(&node, &buyer, &body).send());
    let first_told = match drive.then {
        ProgramFate::Answers => {
            let answer = confirm.await.expect("a task").expect("the server answers");
            let status = answer.status().as_u16();
            let told = BuyerResponse { status, text: answer.text().await.expect("a text") };
            // A buyer whose request waited for too long asks again below.
            told.is_final().then_some(told)
        }
        ProgramFate::KilledAt(point) => {
            node.halts_at(point).await;
            None
        }
        ProgramFate::OvertakenAt(point) => {
            node.halts_at(point).await;
            return overtaken(app, event, drive, (node, confirm), (&buyer, &body)).await;
        }
    };
    // A buyer whose request waited for too long got a response before the checkout met its faults.
    planned(drive.faults, &node).await?;
    node.kill().await;
    if drive.cancelled {
        // The request of a node that the buyer reaches would keep the same wish. It would also drive the saga, if the dead
        // worker's lease has lapsed meanwhile, and leave nothing to the program that has to meet the next fault.
        let stop = "UPDATE sagas SET wakes = wakes + 1, due_at = {now}, cancel_requested = 1 \
            WHERE subject_id = $1 AND status IN ('running', 'waiting', 'undoing')";
        let booking = booking_of(app, &buyer).await;
        let stopped = app.app.base.db.run(stop, vec![booking.into()]).await;
        assert_eq!(stopped.expect("the wish is kept"), 1, "there is nothing to stop");
    }
    app.advance(LEASE).await;
    if !drive.again.is_empty() {
        let mut next =
            Node::start_with(&app.app.config, &[("HOLDFAST_FAILPOINT", drive.again)]).await;
        next.halts_at(drive.again).await;
        next.kill().await;
        app.advance(LEASE).await;
    }
    let again = Node::start_with(&app.app.config, &[("HOLDFAST_FAULTS", drive.later)]).await;
    app.talks_to(again.address);
    let told = told(app, &buyer, &body).await;
    if let Some(first) = first_told.filter(|first| *first != told) {
        return Err(format!("told {first:?} at first and {told:?} after the restart"));
    }
    planned(drive.later, &again).await?;
    ending::check(app, event, &buyer, &told, drive.ends).await
}

/// Waits until every planned fault has happened: a cell that passes without its fault proves nothing.
async fn planned(faults: &str, node: &Node) -> Result<(), String> {
    let mut wanted: Vec<String> = Vec::new();
    for part in faults.split(',').filter(|part| !part.is_empty()) {
        let (step, words) = part.split_once('=').expect("step=fault");
        wanted.extend(words.split('/').map(|word| format!("{step}={word}")));
    }
    wanted.sort();
    let started = Instant::now();
    loop {
        let met = node.met();
        if met == wanted {
            return Ok(());
        }
        if met.len() >= wanted.len() || started.elapsed() > MEETS_WITHIN {
            return Err(format!("met {met:?}, planned were {wanted:?}:\n{}", node.log()));
        }
        tokio::time::sleep(ASKS_EVERY).await;
    }
}

/// Another program finishes the checkout of the halted program. Then the halted program continues, and changes
/// nothing.
async fn overtaken(
    app: &TestApp,
    event: &Event,
    drive: &Drive,
    (mut halted, answer): (Node, PendingResponse),
    (buyer, body): (&GuestBuyer, &Value),
) -> Result<String, String> {
    app.advance(LEASE).await;
    let other = Node::start_with(&app.app.config, &[("HOLDFAST_FAULTS", drive.later)]).await;
    app.talks_to(other.address);
    let told_by_other = told(app, buyer, body).await;
    let ended = ending::check(app, event, buyer, &told_by_other, drive.ends).await?;
    halted.goes_on();
    answer.await.expect("a task").expect("the halted one answers after all");
    app.talks_to(halted.address);
    let told_by_halted = told(app, buyer, body).await;
    if told_by_halted != told_by_other {
        return Err(format!("told {told_by_other:?} by one and {told_by_halted:?} by the other"));
    }
    let still = ending::check(app, event, buyer, &told_by_halted, drive.ends).await?;
    assert_eq!(still, ended);
    halted.kill().await;
    Ok(ended)
}

type PendingResponse = tokio::task::JoinHandle<Result<reqwest::Response, reqwest::Error>>;

fn point(then: ProgramFate) -> &'static str {
    match then {
        ProgramFate::Answers => "",
        ProgramFate::KilledAt(point) | ProgramFate::OvertakenAt(point) => point,
    }
}

pub fn confirm(node: &Node, buyer: &GuestBuyer, body: &Value) -> RequestBuilder {
    reqwest::Client::new()
        .post(node.url("/bookings/confirm"))
        .header("X-Guest-Token", &buyer.token)
        .header("Idempotency-Key", KEY)
        .json(body)
}

/// Asks with the same key until the response is final.
pub async fn told(app: &TestApp, buyer: &GuestBuyer, body: &Value) -> BuyerResponse {
    let started = Instant::now();
    loop {
        let Answer { status, text, .. } = buyer.confirms(app, KEY, body).await;
        let told = BuyerResponse { status, text };
        if told.is_final() {
            return told;
        }
        assert!(started.elapsed() < PATIENCE, "nobody tells what came of it: {told:?}");
        tokio::time::sleep(ASKS_EVERY).await;
    }
}

/// The booking that pays for the buyer's reservation.
pub async fn booking_of(app: &TestApp, buyer: &GuestBuyer) -> Uuid {
    let row = app
        .app
        .base
        .db
        .one(
            "SELECT booking_id FROM booking_reservations WHERE reservation_id = $1",
            vec![buyer.reservation.into()],
        )
        .await;
    let row = row.expect("the store answers").expect("a booking");
    row.try_get("", "booking_id").expect("an id")
}
