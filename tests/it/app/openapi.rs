//! The OpenAPI document is the contract. This test makes every change to it visible.

use std::{fs, path::Path};

use holdfast::app::App;
use serde_json::Value;

use crate::support::{harness::TestApp, process::program};

/// `make openapi` writes the document anew.
#[tokio::test]
async fn the_document_is_the_one_in_docs() {
    let app = TestApp::start().await;
    let served = App::document((*app.app.config).clone()).await.expect("a document");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let kept = fs::read_to_string(path).expect("docs/openapi.json is kept");
    assert!(served.trim() == kept.trim(), "the document has changed: run `make openapi` and look");
    let over_http = app.get("/openapi.json").await;
    assert_eq!(over_http.status, 200);
    assert_eq!(over_http.body, serde_json::from_str::<Value>(&kept).expect("JSON"));
    app.finish().await;
}

#[tokio::test]
async fn a_reader_that_stops_early_is_no_fault() {
    let app = TestApp::start().await;
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut document = program(&app.app.config, "openapi");
    document.stdout(writer);
    let ended = tokio::task::spawn_blocking(move || document.output());
    let ended = ended.await.expect("a thread").expect("the program runs");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    app.finish().await;
}
