//! The documents: their list, their languages, their HTML and what a shop without documents does.

use holdfast::kernel::environment::Environment;
use holdfast_contract::legal::{LegalDocuments, LegalKind, LegalText};
use reqwest::Method;
use serde_json::json;

use super::{PRESENT, of_files, with_terms};
use crate::support::harness::TestApp;

#[tokio::test]
async fn documents_are_listed_and_shown_in_the_wanted_language_or_in_english() {
    let imprint = "---\nversion: 7\ntitle: Imprint\n---\nThe shop".to_owned();
    let app = TestApp::with(|config| {
        with_terms(PRESENT)(config);
        let own = config.legal.documents.clone().expect("terms");
        let mut documents = (*own.0).clone();
        let more = of_files(&[("imprint.en.md", imprint)]).documents.expect("an imprint");
        documents.extend((*more.0).clone());
        config.legal.documents.as_mut().expect("terms").0 = documents.into();
    })
    .await;
    for (query, terms, imprint) in [
        ("", ("Terms", "en"), ("Imprint", "en")),
        ("?language=fr", ("Conditions", "fr"), ("Imprint", "en")),
        ("?language=de", ("Terms", "en"), ("Imprint", "en")),
    ] {
        let listed = app.get(&format!("/legal{query}")).await.read::<LegalDocuments>().items;
        let listed: Vec<_> = listed
            .iter()
            .map(|it| ((it.title.as_str(), it.language.as_str()), it.kind, it.must_accept))
            .collect();
        let wanted = [(terms, LegalKind::Terms, true), (imprint, LegalKind::Imprint, false)];
        assert_eq!(listed, wanted, "{query}");
        let shown = app.get(&format!("/legal/terms{query}")).await.read::<LegalText>();
        assert_eq!((shown.title.as_str(), shown.language.as_str()), terms);
        assert_eq!((shown.version.as_str(), shown.kind), (PRESENT, LegalKind::Terms));
        assert_eq!(shown.html.trim_end(), format!("<h2>{}</h2>", terms.0));
    }
    for missing in ["privacy", "cookies", "Terms", "term"] {
        let answer = app.get(&format!("/legal/{missing}")).await;
        answer.assert_problem(404, "/problems/not-found");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_document_cannot_do_more_than_show_a_text() {
    let text = "---\nversion: 1\ntitle: Imprint & more\n---\n<script>alert(1)</script>\n\n\
                [good](https://example.org) [bad](javascript:alert(1)) <b onclick=x>bold</b>";
    let app = TestApp::with(|config| {
        config.legal = of_files(&[("imprint.en.md", text.to_owned())]);
    })
    .await;
    let shown = app.get("/legal/imprint").await.read::<LegalText>();
    assert_eq!(shown.title, "Imprint & more");
    assert!(shown.html.contains("<a href=\"https://example.org\">good</a> bad"), "{}", shown.html);
    for dangerous in ["<script", "<b ", "javascript:"] {
        assert!(!shown.html.contains(dangerous), "{}", shown.html);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_client_that_has_a_document_gets_nothing_again() {
    let app = TestApp::with(with_terms(PRESENT)).await;
    for path in ["/legal", "/legal/terms", "/legal/terms?language=fr"] {
        let first = app.get(path).await;
        assert_eq!(first.header("cache-control"), Some("no-cache"));
        let tag = first.header("etag").expect("a tag").to_owned();
        let known = [("If-None-Match", tag.as_str())];
        let again = app.as_nobody().send(Method::GET, path, None, &known).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn development_has_examples_that_nobody_must_accept() {
    let app = TestApp::start().await;
    let listed = app.get("/legal?language=fr").await.read::<LegalDocuments>().items;
    assert_eq!(listed.iter().map(|it| it.kind).collect::<Vec<_>>(), LegalKind::ALL);
    assert!(listed.iter().all(|it| it.language == "fr" && !it.must_accept), "{listed:?}");
    app.finish().await;
}

#[tokio::test]
async fn production_without_a_folder_has_no_documents_and_asks_for_no_acceptance() {
    let app = TestApp::with(|config| config.node.environment = Environment::Production).await;
    assert_eq!(app.get("/legal").await.read::<LegalDocuments>().items, []);
    app.get("/legal/terms").await.assert_problem(404, "/problems/not-found");
    let mut body = json!({ "email": "ada@example.org", "password": "Demo-pass-1",
                           "first_name": "Ada", "last_name": "" });
    assert_eq!(app.post("/auth/register", &body).await.status, 204);
    body["accepted"] = json!({ "terms": PRESENT });
    app.post("/auth/register", &body).await.assert_field("accepted.terms");
    app.finish().await;
}
