//! Many checkouts are in the middle of a call when the program is killed. After a restart, all of them end soon.

use std::time::{Duration, Instant};

use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Like, seats},
    harness::TestApp,
    process::Node,
};

const SAGAS: i32 = 40;
/// Draws the call in which each checkout hangs, and whether it hangs before or after the effect.
const HANGS: &str = "hang:4711";
/// The lease of a worker, plus the time for the remaining steps.
const RECOVERED_IN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(60);

const LIVE: &str =
    "SELECT COUNT(*) AS found FROM sagas WHERE status IN ('running', 'waiting', 'undoing')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkouts_killed_in_mid_flight_are_over_ten_seconds_after_the_restart() {
    let app = TestApp::apart().await;
    let event = fixture::event(&app, Like { seats: SAGAS, ..Like::default() }).await;
    let config = &app.app.config;
    let mut node = Node::start_with(config, &[("HOLDFAST_FAULTS", HANGS)]).await;
    app.talks_to(node.address);
    let mut buyers = Vec::new();
    let mut asked = Vec::new();
    for seat in 1..=SAGAS {
        let buyer = GuestBuyer::holds(&app, &event, &seats(&[seat])).await;
        let body = buyer.pays_from("pm_card_visa", &format!("ada{seat}@example.org"));
        let request = app.client().post(app.url("/bookings/confirm"));
        let request = request
            .header("X-Guest-Token", &buyer.token)
            .header("Idempotency-Key", "k")
            .json(&body);
        asked.push(tokio::spawn(request.send()));
        buyers.push((buyer, body));
    }
    all_hang(&app).await;
    node.kill().await;
    for answer in asked {
        // Buyers whose request waited for 8 s were told that the result is not known yet. The other buyers got no
        // response.
        if let Ok(answer) = answer.await.expect("a task") {
            assert_eq!(answer.status(), 202);
        }
    }
    let restarted = Instant::now();
    let node = Node::start(config).await;
    app.talks_to(node.address);
    while app.number(LIVE).await > 0 {
        assert!(restarted.elapsed() < RECOVERED_IN, "still under way:\n{}", node.log());
        tokio::time::sleep(LOOK_EVERY).await;
    }
    println!("{SAGAS} checkouts were over {:?} after the restart", restarted.elapsed());
    for (buyer, body) in &buyers {
        let told = buyer.confirms(&app, "k", body).await;
        assert_eq!(told.status, 201, "{}", told.text);
    }
    app.finish().await;
}

/// Waits until every saga hangs in a call, so that no step is recorded any more.
async fn all_hang(app: &TestApp) {
    let started = Instant::now();
    let mut before = -1;
    loop {
        let sagas = app.number(LIVE).await;
        let records = "SELECT CAST(COALESCE(SUM(version), 0) AS bigint) AS found FROM sagas";
        let records = app.number(records).await;
        if sagas == i64::from(SAGAS) && records == before {
            break;
        }
        before = records;
        assert!(started.elapsed() < PATIENCE, "{sagas} sagas");
        tokio::time::sleep(LOOK_EVERY * 10).await;
    }
    // A payment is authorized as soon as it is prepared, and only then stored.
    let unstored = "SELECT COUNT(*) AS found FROM sagas g LEFT JOIN simulated_payments m \
        ON replace(m.saga, '-', '') = lower(replace({uuid_text}(g.id), '-', '')) WHERE g.state LIKE '%\"at\":\"preparing\"%' AND";
    for (when, found) in [
        ("before the payment is prepared", format!("{unstored} m.id IS NULL")),
        ("before it is authorized", format!("{unstored} m.status = 'requires_confirmation'")),
        ("after it is authorized", format!("{unstored} m.status = 'requires_capture'")),
        (
            "while it is captured",
            "SELECT COUNT(*) AS found FROM sagas WHERE state LIKE '%\"at\":\"capturing\"%'"
                .to_owned(),
        ),
    ] {
        assert!(app.number(&found).await > 0, "none hangs {when}");
    }
}
