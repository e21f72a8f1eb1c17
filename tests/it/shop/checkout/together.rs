//! Steps of the tests in which buyers pay at the same time.

use std::time::Duration;

use holdfast_contract::bookings::BookingStatus;
use serde_json::Value;

use crate::support::{
    answer::{Answer, is_in_flight},
    buyer::GuestBuyer,
    harness::{LOOK_EVERY, TestApp},
    process::Node,
};

/// A time longer than the lease of a dead worker.
const LEASE: Duration = Duration::from_secs(6);
/// The key of every attempt. The buyers are different, so they may use the same key.
pub const KEY: &str = "k1";

/// The node's counters with these names; 0 for a counter that was never raised.
pub async fn counters<const N: usize>(app: &TestApp, names: [&str; N]) -> [u64; N] {
    let metrics = app.get("/metrics").await.text;
    names.map(|name| {
        let of_name = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok();
        metrics.lines().find_map(of_name).unwrap_or(0)
    })
}

/// The answer to a repeated request, which asks again while the checkout goes on for longer than such a request waits.
pub async fn repeated(app: &TestApp, buyer: &GuestBuyer, body: &Value) -> Answer {
    loop {
        let told = buyer.confirms(app, KEY, body).await;
        if !is_in_flight(&told.text) {
            return told;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Lets all buyers pay, and kills the node when it halts at the failpoint. After a restart, each of them gets a booking with
/// three tickets.
pub async fn killed_while_they_pay(
    app: TestApp,
    mut doomed: Node,
    point: &str,
    paying: &[(&GuestBuyer, &Value)],
) {
    let asked = paying.iter().map(|(buyer, body)| {
        let request = app.client().post(doomed.url("/bookings/confirm"));
        let request = request.header("X-Guest-Token", &buyer.token);
        tokio::spawn(request.header("Idempotency-Key", KEY).json(body).send())
    });
    let asked: Vec<_> = asked.collect();
    doomed.halts_at(point).await;
    doomed.kill().await;
    for one in asked {
        // Some of them may have been answered before.
        one.await.expect("a task").ok();
    }
    app.advance(LEASE).await;
    let next = Node::start(&app.app.config).await;
    app.talks_to(next.address);
    for (buyer, body) in paying {
        let told = repeated(&app, buyer, body).await;
        let booking = match told.status {
            201 => told.booking(),
            _ => buyer.settled(&app, told.id()).await,
        };
        assert_eq!((booking.status, booking.tickets.len()), (BookingStatus::Confirmed, 3));
    }
    app.finish().await;
}
