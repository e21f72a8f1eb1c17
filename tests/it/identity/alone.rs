//! A crowd at the sign-in.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::support::harness::TestApp;

/// How many passwords a node hashes, or keeps waiting, for each of its cores.
const PLACES_PER_CORE: usize = 65;
/// A request waits at most 4 s for its turn, and then hashes. The rest is for the machine, on which the clients run, too.
const LONGEST: Duration = Duration::from_secs(8);
/// The longest time of a check of the node's health, on a machine whose cores all hash.
const HEALTHY: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn more_sign_ins_than_a_node_can_hash_are_told_to_come_again_and_nothing_else_waits() {
    let app = TestApp::start().await;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // For an unknown address, the node does the same work.
    let credentials = |at: usize| json!({ "email": format!("nobody{at}@example.org"), "password": "Demo-pass-1" });
    let crowd = (0..2 * cores * PLACES_PER_CORE).map(async |at| {
        let begun = Instant::now();
        let answer = app.post("/auth/login", &credentials(at)).await;
        (answer, begun.elapsed())
    });
    let health = async {
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            let begun = Instant::now();
            assert_eq!(app.get("/healthz").await.status, 200);
            longest = longest.max(begun.elapsed());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        longest
    };
    let (answers, health) = tokio::join!(join_all(crowd), health);
    let (mut hashed, mut refused) = (0, 0);
    for (answer, took) in &answers {
        assert!(*took < LONGEST, "{} after {took:?}", answer.status);
        if answer.status == 401 {
            answer.assert_problem(401, "/problems/invalid-credentials");
            hashed += 1;
        } else {
            answer.assert_problem(503, "/problems/unavailable");
            assert_eq!(answer.header("Retry-After"), Some("3"));
            refused += 1;
        }
    }
    assert!(hashed >= cores && refused > 0, "{hashed} were served, {refused} were refused");
    assert!(health < HEALTHY, "the health took {health:?}");
    // The crowd has gone, and the next request is served.
    let next = app.post("/auth/login", &credentials(0)).await;
    next.assert_problem(401, "/problems/invalid-credentials");
    app.finish().await;
}
