//! A program that may open no further file, so that the system gives it no connection.

use std::{
    fs,
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::support::{harness::TestApp, process::Node};

/// The files that the program may still open.
const SPARE: usize = 12;
/// For how long the program has no file left, and how much of a core it may use meanwhile.
const WITHOUT_FILES: Duration = Duration::from_secs(3);
const MAX_BUSY: Duration = Duration::from_secs(1);
/// The maximum number of errors in that time: the pauses between them grow to a second.
const MAX_ERRORS: u64 = 50;
/// The time in which the program notices on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The clock ticks of a second in `/proc/<id>/stat` (proc(5)).
const TICKS: u64 = 100;

/// Lets the program open only this many files more.
fn limit_files(node: &Node, more: usize) {
    let open = fs::read_dir(format!("/proc/{}/fd", node.id())).expect("its files").count();
    let (id, limit) = (node.id().to_string(), format!("--nofile={}:", open + more));
    let limited = Command::new("prlimit").args(["--pid", &id, &limit]).status();
    assert!(limited.expect("prlimit runs").success());
}

/// The time for which the program has used a core.
fn used(node: &Node) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", node.id())).expect("its times");
    // The fields after the name, which may contain spaces; 14 and 15 are the times.
    let (_, fields) = stat.rsplit_once(") ").expect("a name");
    let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>());
    let ticks: u64 = ticks.sum::<Result<_, _>>().expect("times");
    Duration::from_millis(ticks * 1000 / TICKS)
}

async fn becomes(what: &str, is_so: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what}");
        sleep(LOOK_EVERY).await;
    }
}

/// Whether a new connection is served soon.
async fn is_served(node: &Node) -> bool {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(1)).build();
    let health = client.expect("a client").get(format!("http://{}/healthz", node.address)).send();
    health.await.is_ok_and(|answer| answer.status() == 200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_without_a_file_left_says_so_rests_and_recovers() {
    let app = TestApp::apart().await;
    let node = Node::start(&app.app.config).await;
    app.talks_to(node.address);
    // The connection of this client stays open.
    assert_eq!(app.get("/healthz").await.status, 200);
    limit_files(&node, SPARE);
    let connects = || TcpStream::connect(node.address).expect("the system accepts");
    let held: Vec<TcpStream> = (0..4 * SPARE).map(|_| connects()).collect();
    becomes("the log tells nothing", async || {
        node.log().contains("the system gives no connection")
    })
    .await;
    assert!(!is_served(&node).await, "a file was left");
    let before = used(&node);
    sleep(WITHOUT_FILES).await;
    let busy = used(&node) - before;
    assert!(busy < MAX_BUSY, "busy for {busy:?} of {WITHOUT_FILES:?}");
    // The connections that are open are served.
    let metrics = app.get("/metrics").await;
    assert_eq!(metrics.status, 200, "{}", metrics.text);
    let errors = metrics.text.lines().find(|line| line.starts_with("holdfast_accept_errors_total"));
    let errors = errors.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    let is_seldom = errors.is_some_and(|errors| (2..=MAX_ERRORS).contains(&errors));
    assert!(is_seldom, "{errors:?} errors: {}", metrics.text);
    drop(held);
    becomes("it answers nobody any more", async || is_served(&node).await).await;
    app.finish().await;
}
