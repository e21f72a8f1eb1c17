//! Pages of other sites: which of them may call the API, and which headers the browser gets.

use holdfast::http::cors::Origins;
use reqwest::Method;

use crate::support::harness::TestApp;

const KNOWN: &str = "https://shop.example.org";

async fn app() -> TestApp {
    TestApp::with(|config| config.network.cors_origins = Origins::parse(KNOWN).expect("an origin"))
        .await
}

#[tokio::test]
async fn a_listed_origin_may_call_and_its_browser_is_told_so() {
    let app = app().await;
    let asked = [
        ("Origin", KNOWN),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "idempotency-key"),
    ];
    let told = app.as_nobody().send(Method::OPTIONS, "/bookings/confirm", None, &asked).await;
    assert_eq!(told.status, 204, "{}", told.text);
    assert_eq!(told.header("Access-Control-Allow-Origin"), Some(KNOWN));
    let headers = told.header("Access-Control-Allow-Headers").expect("headers");
    assert!(headers.contains("idempotency-key") && headers.contains("x-guest-token"), "{headers}");
    let read = app.as_nobody().send(Method::GET, "/events", None, &[("Origin", KNOWN)]).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.header("Access-Control-Allow-Origin"), Some(KNOWN));
    assert!(read.header("Access-Control-Expose-Headers").is_some_and(|it| it.contains("etag")));
    // The page can read a problem, too.
    let path = "/bookings/reference/HF-00000000";
    let refused = app.as_nobody().send(Method::GET, path, None, &[("Origin", KNOWN)]).await;
    refused.assert_problem(401, "/problems/unauthorized");
    assert_eq!(refused.header("Access-Control-Allow-Origin"), Some(KNOWN));
    app.finish().await;
}

#[tokio::test]
async fn an_origin_that_is_not_listed_is_told_nothing() {
    let app = app().await;
    for origin in ["https://shop.example.org.evil.example", "http://shop.example.org", "null"] {
        let asked = [("Origin", origin), ("Access-Control-Request-Method", "POST")];
        for (method, headers) in [(Method::OPTIONS, &asked[..]), (Method::GET, &asked[..1])] {
            let told = app.as_nobody().send(method, "/events", None, headers).await;
            assert_eq!(told.header("Access-Control-Allow-Origin"), None, "{origin}");
            assert!(told.header("Vary").is_some(), "caches keep origins apart");
        }
    }
    app.finish().await;
}
