//! The security headers, as they stand on every kind of answer.

use holdfast::{
    http::cors::Origins,
    kernel::{settings::WebAddress, telemetry},
};
use reqwest::{Method, Response, header::HeaderMap};

use crate::support::{
    fixture::{self, Like},
    harness::TestApp,
};

/// A request and the status of its answer: method, path, headers, body, status.
type Kind<'a> = (&'a Method, &'a str, &'a [(&'a str, &'a str)], &'a str, u16);

const ORIGIN: &str = "https://shop.example.org";

async fn send(
    app: &TestApp,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    let root = app.url("/healthz");
    let url = format!("{}{path}", root.trim_end_matches("/healthz"));
    let mut request = app.client().request(method, url).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer")
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().expect("text")
}

fn assert_secure(what: &str, headers: &HeaderMap, is_by_tls: bool) {
    let policy = text(headers, "Content-Security-Policy");
    for directive in
        ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(directive), "{what}: {policy}");
    }
    let scripts =
        policy.split("; ").find(|it| it.starts_with("script-src")).unwrap_or("default-src");
    assert!(!scripts.contains("unsafe-inline"), "{what}: {scripts}");
    for (name, value) in [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ] {
        assert_eq!(text(headers, name), value, "{what}");
        assert_eq!(headers.get_all(name).iter().count(), 1, "{what}: {name} stands once");
    }
    let permissions = text(headers, "Permissions-Policy");
    assert!(
        permissions.contains("camera=()") && permissions.contains("payment=()"),
        "{what}: {permissions}"
    );
    let by_tls = headers.get("Strict-Transport-Security").map(|it| it.to_str().expect("text"));
    assert_eq!(by_tls, is_by_tls.then_some("max-age=31536000"), "{what}");
}

#[tokio::test]
async fn every_kind_of_answer_has_them() {
    let app = TestApp::with(|config| {
        config.network.cors_origins = Origins::parse(ORIGIN).expect("an origin");
        config.limits.registrations = 1;
    })
    .await;
    telemetry::count();
    let event = fixture::event(&app, Like::default()).await;
    let json = ("Content-Type", "application/json");
    let inventory = format!("/api/v1/events/{}/inventory", event.id);
    let tag = send(&app, Method::GET, &inventory, &[], "").await;
    let tag = text(tag.headers(), "ETag").to_owned();
    let stream = format!("/api/v1/events/{}/stream", event.id);
    let large = format!("\"{}\"", "x".repeat(4 << 20));
    let (get, post) = (Method::GET, Method::POST);
    let kinds: [Kind<'_>; 19] = [
        (&get, "/healthz", &[], "", 200),
        (&get, "/readyz", &[], "", 200),
        (&get, "/metrics", &[], "", 200),
        (&get, "/api/docs", &[], "", 200),
        (&get, "/api/v1/openapi.json", &[], "", 200),
        (&get, "/api/v1/events", &[], "", 200),
        (&get, &inventory, &[("If-None-Match", &tag)], "", 304),
        (&get, &stream, &[], "", 200),
        (&Method::HEAD, "/api/v1/events", &[], "", 200),
        (&get, "/", &[], "", 404),
        (&get, "/a/page", &[], "", 404),
        (&get, "/api/v1/nothing", &[], "", 404),
        (&get, "/api/v1/auth/profile", &[], "", 401),
        (&Method::DELETE, "/api/v1/events", &[], "", 405),
        (&post, "/api/v1/auth/login", &[json], "{", 400),
        (&post, "/api/v1/auth/login", &[json], &large, 413),
        (&post, "/api/v1/auth/login", &[("Content-Type", "text/plain")], "x", 415),
        (&post, "/api/v1/auth/register", &[json], "{}", 400),
        (&post, "/api/v1/auth/register", &[json], "{}", 429),
    ];
    for (method, path, headers, body, status) in kinds {
        let answer = send(&app, method.clone(), path, headers, body).await;
        let what = format!("{method} {path}");
        assert_eq!(answer.status(), status, "{what}");
        assert_secure(&what, answer.headers(), false);
    }
    let asks = [("Origin", ORIGIN), ("Access-Control-Request-Method", "POST")];
    let preflight = send(&app, Method::OPTIONS, "/api/v1/events", &asks, "").await;
    assert_eq!(preflight.status(), 204);
    assert_secure("a preflight request", preflight.headers(), false);
    app.finish().await;
}

#[tokio::test]
async fn a_shop_behind_tls_asks_browsers_to_come_by_tls() {
    let app = TestApp::with(|config| {
        config.network.public_url =
            WebAddress::parse("https://tickets.example.org").expect("an address");
    })
    .await;
    for path in ["/api/v1/events", "/a/page", "/healthz"] {
        let answer = send(&app, Method::GET, path, &[], "").await;
        assert_secure(path, answer.headers(), true);
    }
    app.finish().await;
}
