//! The OpenAPI document and the page that shows it. poem-openapi makes one page with everything inline; here its script and
//! its style are files of their own, so that no policy has to allow what is inline.

use std::sync::{Arc, LazyLock};

use poem::{Endpoint, Response, Route, endpoint::make_sync};
use poem_openapi::{OpenApi, OpenApiService};

use super::document;

/// Where the page expects the document.
const DOCUMENT: &str = "/api/v1/openapi.json";
/// How long browsers keep the script and the style.
const KEPT: &str = "public, max-age=3600";
/// Browsers ask each time whether the page or the document has changed.
const CHECKED: &str = "no-cache";

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Holdfast: API documentation</title>
<link rel="stylesheet" href="/api/docs/ui.css">
</head>
<body>
<div id="ui"></div>
<script src="/api/docs/ui.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
"#;
const START: &str =
    "SwaggerUIBundle({ dom_id: '#ui', url: '/api/v1/openapi.json', deepLinking: true });\n";

/// The texts of the documentation. A text is made when somebody first asks for it, because the texts take longer than all
/// else that a start of the program does.
#[derive(Clone)]
pub(super) struct Documentation {
    document: Lazily<String>,
    page: Lazily<PageFiles>,
}

type Lazily<T> = Arc<LazyLock<T, Box<dyn FnOnce() -> T + Send>>>;

struct PageFiles {
    style: String,
    script: String,
}

fn lazily<T>(make: impl FnOnce() -> T + Send + 'static) -> Lazily<T> {
    Arc::new(LazyLock::new(Box::new(make)))
}

impl Documentation {
    /// The documentation of the service that `make` assembles.
    pub(super) fn of<T: OpenApi + 'static>(
        make: impl Fn() -> OpenApiService<T, ()> + Clone + Send + 'static,
    ) -> Self {
        let again = make.clone();
        Self {
            document: lazily(move || document::rewritten(&make().spec())),
            page: lazily(move || PageFiles::of(&again().swagger_ui_html())),
        }
    }

    pub(super) fn document(&self) -> &str {
        &self.document
    }

    /// Adds the page, its files and the document.
    pub(super) fn mount(&self, routes: Route) -> Route {
        let Self { document, page } = self.clone();
        let (script, style) = (Arc::clone(&page), page);
        let page = Route::new()
            .at("/", file("text/html; charset=utf-8", CHECKED, || PAGE.to_owned()))
            .at("/start.js", file("text/javascript; charset=utf-8", KEPT, || START.to_owned()))
            .at(
                "/ui.js",
                file("text/javascript; charset=utf-8", KEPT, move || script.script.clone()),
            )
            .at("/ui.css", file("text/css; charset=utf-8", KEPT, move || style.style.clone()));
        routes
            .at(DOCUMENT, file("application/json", CHECKED, move || String::clone(&document)))
            .nest("/api/docs", page)
    }
}

impl PageFiles {
    fn of(page: &str) -> Self {
        Self {
            style: between(page, "<style charset=\"UTF-8\">", "</style>").to_owned(),
            script: between(page, "<script charset=\"UTF-8\">", "</script>").to_owned(),
        }
    }
}

fn file(
    kind: &'static str,
    kept: &'static str,
    text: impl Fn() -> String + Send + Sync + 'static,
) -> impl Endpoint {
    make_sync(move |_| {
        Response::builder().content_type(kind).header("Cache-Control", kept).body(text())
    })
}

/// The text between two marks of poem-openapi's page.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let from =
        text.find(begin).map(|at| at + begin.len()).expect("poem-openapi's page has its mark");
    let length = text[from..].find(end).expect("poem-openapi's page has its mark");
    &text[from..from + length]
}
