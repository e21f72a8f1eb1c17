//! The routes for operators: where metrics and documentation are served, and the route that moves the clock.

use holdfast::kernel::{environment::Environment, telemetry};
use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::harness::TestApp;

const INTERNALS: [&str; 5] =
    ["/metrics", "/api/docs", "/api/docs/ui.js", "/api/docs/start.js", "/api/v1/openapi.json"];
const HEALTH: [&str; 2] = ["/healthz", "/readyz"];

/// The statuses of these paths at this address.
async fn statuses(app: &TestApp, base: &str, paths: &[&str]) -> Vec<StatusCode> {
    let mut statuses = Vec::new();
    for path in paths {
        let answer = app.client().get(format!("{base}{path}")).send().await.expect("an answer");
        statuses.push(answer.status());
    }
    statuses
}

/// Where `app` serves everybody.
fn base(app: &TestApp) -> String {
    app.url("/healthz").trim_end_matches("/healthz").to_owned()
}

#[tokio::test]
async fn production_closes_what_is_for_operators_and_development_does_not() {
    telemetry::count();
    for (environment, status) in [
        (Environment::Development, StatusCode::OK),
        (Environment::Production, StatusCode::NOT_FOUND),
    ] {
        let app = TestApp::with(|config| config.node.environment = environment).await;
        let found = statuses(&app, &base(&app), &INTERNALS).await;
        assert_eq!(found, [status; 5], "{environment:?}");
        assert_eq!(statuses(&app, &base(&app), &HEALTH).await, [StatusCode::OK; 2]);
        app.finish().await;
    }
}

#[tokio::test]
async fn an_internal_address_serves_operators_and_the_other_address_does_not() {
    telemetry::count();
    for environment in [Environment::Development, Environment::Production] {
        let app = TestApp::with(|config| {
            config.node.environment = environment;
            config.node.internal_bind = Some(([127, 0, 0, 1], 0).into());
        })
        .await;
        let internal = format!("http://{}", app.internal_address().expect("an address"));
        assert_eq!(statuses(&app, &internal, &INTERNALS).await, [StatusCode::OK; 5]);
        assert_eq!(statuses(&app, &internal, &HEALTH).await, [StatusCode::OK; 2]);
        let shop = ["/api/v1/events", "/", "/api/development/clock"];
        assert_eq!(statuses(&app, &internal, &shop).await, [StatusCode::NOT_FOUND; 3]);
        assert_eq!(statuses(&app, &base(&app), &INTERNALS).await, [StatusCode::NOT_FOUND; 5]);
        assert_eq!(statuses(&app, &base(&app), &HEALTH).await, [StatusCode::OK; 2]);
        app.finish().await;
    }
}

#[tokio::test]
async fn the_page_of_documentation_has_nothing_inline() {
    let app = TestApp::start().await;
    let page = app.client().get(format!("{}/api/docs", base(&app))).send().await.expect("a page");
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(!policy.contains("unsafe"), "{policy}");
    let html = page.text().await.expect("text");
    assert!(!html.contains("<style") && !html.contains(" style="), "{html}");
    for script in html.split("<script").skip(1) {
        assert!(script.starts_with(" src=\"/api/docs/"), "{script}");
    }
    let load = |path: &str| app.client().get(format!("{}{path}", base(&app))).send();
    let script = load("/api/docs/ui.js").await.expect("a script").text().await.expect("text");
    assert!(script.contains("SwaggerUIBundle") && script.len() > 100_000, "{}", script.len());
    let style = load("/api/docs/ui.css").await.expect("a style").text().await.expect("text");
    assert!(style.contains(".swagger-ui") && style.len() > 10_000, "{}", style.len());
    app.finish().await;
}

/// The status of a request that moves the clock by nothing, sent to this host.
async fn clock_under(app: &TestApp, host: &str) -> String {
    let address = base(app).trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "POST /api/development/clock HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: 16\r\n\r\n{{\"advance_ms\":0}}"
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer[9..12].to_owned()
}

#[tokio::test]
async fn the_clock_is_moved_under_a_name_of_this_machine_alone() {
    let app = TestApp::start().await;
    for host in ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080"] {
        assert_eq!(clock_under(&app, host).await, "200", "{host}");
    }
    for host in ["evil.test", "localhost.evil.test:8080", "", "127.0.0.1@evil.test"] {
        assert_eq!(clock_under(&app, host).await, "403", "{host}");
    }
    app.finish().await;
}
