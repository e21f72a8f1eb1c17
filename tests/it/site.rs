//! The shells of the pages: the program, the status and the head for each address.

use std::{fs, path::Path};

use holdfast::{kernel::db::Sql, site::Pages};
use holdfast_contract::{
    legal::LegalDocuments,
    pages::{Page, Program},
};
use reqwest::header::HeaderMap;
use rust_embed::{EmbeddedFile, RustEmbed};
use serde_json::Value;
use strum::VariantArray as _;
use uuid::Uuid;

use crate::support::{
    fixture::{self, Event, Like, account, new_event},
    harness::TestApp,
};
use holdfast_domain::access::Role;

/// A shell for each program, which contains only the place of the head and the program's name.
#[derive(RustEmbed)]
#[folder = "tests/it/site"]
struct Shells;

fn shell(name: &str) -> Option<EmbeddedFile> {
    Shells::get(name)
}

struct ShownPage {
    status: u16,
    headers: HeaderMap,
    html: String,
}

impl ShownPage {
    fn head(&self) -> &str {
        self.html.split("</head>").next().unwrap_or_default()
    }

    fn program(&self) -> &str {
        let after = self.html.split("data-program=\"").nth(1).unwrap_or_default();
        after.split('"').next().unwrap_or_default()
    }

    /// The content of a `<meta>` element of the head, as the HTML contains it.
    fn meta(&self, name: &str) -> Option<&str> {
        let tag = self.head().split("<meta ").find(|tag| tag.contains(&format!("=\"{name}\" ")))?;
        tag.split("content=\"").nth(1)?.split('"').next()
    }

    /// The event in the terms of schema.org.
    fn data(&self) -> Option<Value> {
        let json = self.head().split("<script type=\"application/ld+json\">").nth(1)?;
        serde_json::from_str(json.split("</script>").next()?).ok()
    }
}

async fn show_with(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> ShownPage {
    let root = app.url("/healthz");
    let mut request = app.client().get(format!("{}{path}", root.trim_end_matches("/healthz")));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.expect("the server answers");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    ShownPage { status, headers, html: answer.text().await.expect("text") }
}

async fn show(app: &TestApp, path: &str) -> ShownPage {
    show_with(app, path, &[]).await
}

async fn started() -> (TestApp, Event, String) {
    let app = TestApp::with_pages(Pages(shell)).await;
    let event = fixture::event(&app, Like::default()).await;
    let path = format!("/events/event-{}", event.id.simple());
    (app, event, path)
}

/// Changes a column of the event in a way that is impossible over HTTP.
async fn write(app: &TestApp, event: &Event, column: &str, value: &str) {
    let text = format!("UPDATE events SET {column} = $2, version = version + 1 WHERE id = $1");
    let changed = app.app.base.db.run(&text, vec![event.id.into(), value.into()]).await;
    assert_eq!(changed.expect("the event changes"), 1);
}

#[tokio::test]
async fn each_address_has_the_shell_of_its_program_and_its_status() {
    let (app, event, path) = started().await;
    let by_id = format!("/events/{}", event.id);
    let nobody = Uuid::now_v7();
    for (path, program, status) in [
        ("/", "shop", 200),
        (path.as_str(), "shop", 200),
        (by_id.as_str(), "shop", 200),
        // Personal pages reveal nothing about the objects that they name.
        (&format!("/checkout/{nobody}"), "shop", 200),
        ("/bookings/HF-NOBODYS", "shop", 200),
        ("/login", "account", 200),
        ("/login?next=/", "account", 200),
        ("/register", "account", 200),
        ("/terms/of/sale", "shop", 404),
        ("/desk", "desk", 200),
        ("/desk/attention", "desk", 200),
        ("/nowhere", "shop", 404),
        ("/desk/nowhere", "shop", 404),
        ("/events", "shop", 404),
        ("/events/never-made", "shop", 404),
        ("/events/Not%20a%20slug", "shop", 404),
        (&format!("/events/{nobody}"), "shop", 404),
    ] {
        let shown = show(&app, path).await;
        assert_eq!((shown.status, shown.program()), (status, program), "{path}");
        assert_eq!(shown.headers["content-type"], "text/html; charset=utf-8", "{path}");
        assert_eq!(shown.headers["cache-control"], "no-cache", "{path}");
        let is_public = path == "/" || path.starts_with("/events/") && status == 200;
        assert_eq!(shown.meta("robots"), (!is_public).then_some("noindex"), "{path}");
    }
    for file in ["/shop.html", "/assets/none-1a2b3c4d.js", "/favicon.ico"] {
        let missing = show(&app, file).await;
        assert_eq!((missing.status, missing.html.as_str()), (404, ""), "{file}");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_event_tells_of_itself_before_any_program_runs() {
    let (app, event, path) = started().await;
    write(&app, &event, "description", "Two  teams,\none ball.").await;
    let shown = show(&app, &path).await;
    let address = format!("http://127.0.0.1{path}");
    assert!(shown.head().contains("<title>Match · Holdfast</title>"), "{}", shown.html);
    assert!(shown.head().contains(&format!("<link rel=\"canonical\" href=\"{address}\">")));
    assert_eq!(shown.meta("description"), Some("Two teams, one ball."));
    assert_eq!(shown.meta("og:title"), Some("Match"));
    assert_eq!(shown.meta("og:description"), Some("Two teams, one ball."));
    assert_eq!(shown.meta("og:url"), Some(address.as_str()));
    let data = shown.data().expect("the event for search engines");
    assert_eq!(data["@type"], "Event");
    assert_eq!(data["location"]["name"], "Hall");
    assert_eq!(data["eventStatus"], "https://schema.org/EventScheduled");
    assert_eq!(data["offers"]["lowPrice"], "20.00");
    assert_eq!(data["offers"]["highPrice"], "45.00");
    assert_eq!(data["offers"]["priceCurrency"], "EUR");
    assert_eq!(data["offers"]["availability"], "https://schema.org/InStock");
    // The address with the id leads to the same page, which search engines list once.
    let by_id = show(&app, &format!("/events/{}", event.id)).await;
    assert!(by_id.head().contains(&format!("href=\"{address}\"")));
    // The first requests of the page are paths to which the API responds.
    let first: Vec<&str> = by_id.meta("holdfast-first").expect("requests").split(' ').collect();
    assert_eq!(first.len(), 4, "{first:?}");
    assert_eq!(first[0], format!("/events/{}", event.id));
    for path in first {
        assert_eq!(app.get(path).await.status, 200, "{path}");
    }
    fixture::call_off(&app, &event).await;
    let called_off = show(&app, &path).await;
    assert_eq!(called_off.status, 200);
    let data = called_off.data().expect("the event for search engines");
    assert_eq!(data["eventStatus"], "https://schema.org/EventCancelled");
    app.stop().await;
}

#[tokio::test]
async fn a_legal_document_is_a_public_page_and_every_page_names_the_documents() {
    let (app, _, path) = started().await;
    let documents: LegalDocuments = app.get("/legal").await.read();
    let named: Vec<String> =
        documents.items.iter().map(|it| format!("{}={}", it.kind.as_str(), it.version)).collect();
    assert_eq!(named.len(), 4, "{named:?}");
    let named = named.join(" ");
    for path in ["/terms", "/imprint/", "/", "/login", "/desk", "/nowhere", path.as_str()] {
        assert_eq!(show(&app, path).await.meta("holdfast-legal"), Some(named.as_str()), "{path}");
    }
    let terms = show(&app, "/terms").await;
    assert_eq!((terms.status, terms.program()), (200, "account"));
    assert!(terms.head().contains("<title>Terms of sale · Holdfast</title>"), "{}", terms.html);
    assert_eq!(terms.meta("og:url"), Some("http://127.0.0.1/terms"));
    app.finish().await;
}

#[tokio::test]
async fn a_hostile_title_is_told_and_ends_nothing() {
    const HOSTILE: &str = "\"'><script>alert(1)</script><!-- \u{2028}\u{2029} &quot; \\";
    let (app, event, path) = started().await;
    for column in ["name", "description", "place"] {
        write(&app, &event, column, HOSTILE).await;
    }
    let shown = show(&app, &path).await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.html.matches("<script").count(), 1, "{}", shown.html);
    assert_eq!(shown.html.matches("</script").count(), 1, "{}", shown.html);
    assert!(!shown.html.contains("<!--"), "{}", shown.html);
    let escaped = "&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;!-- ";
    assert!(shown.meta("og:title").is_some_and(|title| title.starts_with(escaped)));
    assert!(shown.head().contains(&format!("<title>{escaped}")));
    let data = shown.data().expect("JSON");
    assert_eq!(data["name"], HOSTILE);
    assert_eq!(data["location"]["name"], HOSTILE);
    let json = shown.head().split("ld+json").nth(1).expect("the event");
    assert!(!json.contains(['\u{2028}', '\u{2029}']), "{json}");
    app.finish().await;
}

#[tokio::test]
async fn a_draft_is_no_page_until_it_is_published() {
    let app = TestApp::with_pages(Pages(shell)).await;
    let organizer = account(&app, "organizer", Role::Organizer, Some("club")).await;
    let made = app.as_user(&organizer).post("/events", &new_event(&app).await).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made: holdfast_contract::catalogue::Event = made.read();
    let (id, slug) = (made.id.to_string(), made.slug);
    for path in [format!("/events/{slug}"), format!("/events/{id}")] {
        let draft = show(&app, &path).await;
        assert_eq!(draft.status, 404, "{path}");
        assert!(!draft.html.contains("Gala") && !draft.html.contains(&id), "{}", draft.html);
        assert!(draft.head().contains("<title>Holdfast</title>"));
        assert_eq!((draft.meta("holdfast-first"), draft.data()), (None, None));
    }
    let event = app.as_user(&organizer);
    let section = event
        .post(
            &format!("/events/{id}/sections"),
            &serde_json::json!({ "name": "Floor", "capacity": 10 }),
        )
        .await;
    assert_eq!(section.status, 201, "{}", section.text);
    let offer = serde_json::json!({ "name": "Standard", "price_minor": 1500 });
    assert_eq!(event.post(&format!("/events/{id}/offers"), &offer).await.status, 201);
    let published = event.post(&format!("/events/{id}/publish"), &serde_json::json!({})).await;
    assert_eq!(published.status, 200, "{}", published.text);
    let shown = show(&app, &format!("/events/{slug}")).await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.meta("og:title"), Some("Gala"));
    app.finish().await;
}

#[tokio::test]
async fn a_shell_is_kept_until_its_event_changes() {
    let (app, event, path) = started().await;
    let first = show(&app, &path).await;
    let etag = first.headers["etag"].to_str().expect("an ETag").to_owned();
    let again = show_with(&app, &path, &[("if-none-match", &etag)]).await;
    assert_eq!((again.status, again.html.as_str()), (304, ""));
    write(&app, &event, "name", "Final").await;
    let changed = show_with(&app, &path, &[("if-none-match", &etag)]).await;
    assert_eq!((changed.status, changed.meta("og:title")), (200, Some("Final")));
    // A missing page is missing, whatever the browser has cached.
    let gone = show(&app, "/nowhere").await;
    let etag = gone.headers["etag"].to_str().expect("an ETag").to_owned();
    assert_eq!(show_with(&app, "/nowhere", &[("if-none-match", &etag)]).await.status, 404);
    app.finish().await;
}

#[tokio::test]
async fn a_store_that_fails_hides_no_event() {
    let (app, _, path) = started().await;
    let renamed = app.app.base.db.run("ALTER TABLE events RENAME TO elsewhere", vec![]).await;
    renamed.expect("the table is gone");
    let shown = show(&app, &path).await;
    assert_eq!((shown.status, shown.program()), (500, "shop"));
    assert_eq!(shown.meta("robots"), Some("noindex"));
    app.stop().await;
}

#[test]
fn each_program_draws_the_addresses_that_the_server_gives_it() {
    let mut drawn = 0;
    for program in Program::VARIANTS {
        let main = format!("frontend/{}/src/main.rs", program.name());
        let main = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(main));
        for route in main.expect("a program").split("path!(\"").skip(1) {
            let pattern = route.split('"').next().expect("an address");
            let address: Vec<&str> = pattern
                .split('/')
                .map(|part| if part.starts_with(':') { "named" } else { part })
                .collect();
            let address = address.join("/");
            let page = Page::at(&address).unwrap_or_else(|| panic!("{address} is in no table"));
            assert_eq!(page.program(), *program, "{address}");
            drawn += 1;
        }
    }
    // Each page has one route. A new page changes this number.
    assert_eq!(drawn, 25);
}
