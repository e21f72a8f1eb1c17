//! The page of the API documentation. poem-openapi makes one page with everything inline; here its script and its
//! style are files of their own, so that no policy has to allow what is inline.

use poem::{Endpoint, Response, Route, endpoint::make_sync};
use poem_openapi::{OpenApi, OpenApiService};

/// Where the page expects the document.
pub(super) const DOCUMENT: &str = "/api/v1/openapi.json";
/// How long browsers keep the script and the style.
const KEPT: &str = "public, max-age=3600";

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

/// The routes below `/api/docs`.
pub(super) fn routes<T: OpenApi>(service: &OpenApiService<T, ()>) -> impl Endpoint + use<T> {
    let inline = service.swagger_ui_html();
    let style = between(&inline, "<style charset=\"UTF-8\">", "</style>").to_owned();
    let script = between(&inline, "<script charset=\"UTF-8\">", "</script>").to_owned();
    Route::new()
        .at("/", file("text/html; charset=utf-8", "no-cache", PAGE.to_owned()))
        .at("/start.js", file("text/javascript; charset=utf-8", KEPT, START.to_owned()))
        .at("/ui.js", file("text/javascript; charset=utf-8", KEPT, script))
        .at("/ui.css", file("text/css; charset=utf-8", KEPT, style))
}

fn file(kind: &'static str, kept: &'static str, text: String) -> impl Endpoint {
    make_sync(move |_| {
        Response::builder().content_type(kind).header("Cache-Control", kept).body(text.clone())
    })
}

/// The text between two marks of poem-openapi's page.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let from =
        text.find(begin).map(|at| at + begin.len()).expect("poem-openapi's page has its mark");
    let length = text[from..].find(end).expect("poem-openapi's page has its mark");
    &text[from..from + length]
}
