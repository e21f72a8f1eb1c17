//! Acceptances at registrations and activations.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    OLD, PRESENT, acceptances, accepting, assert_asked, recorded, saying, with_terms, wrong,
};
use crate::support::{
    answer::Answer,
    harness::TestApp,
    mailbox::{mails, token_of},
};

const ADA: &str = "ada@example.org";
const OVER_A_WEEK: Duration = Duration::from_secs(8 * 24 * 60 * 60);

fn registration() -> Value {
    json!({ "email": ADA, "password": "Demo-pass-1", "first_name": "Ada", "last_name": "",
            "locale": "fr" })
}

async fn registers(app: &TestApp, body: &Value) -> Answer {
    app.post("/auth/register", body).await
}

#[tokio::test]
async fn who_registers_accepts_the_present_terms_and_that_is_recorded() {
    let app = TestApp::with(with_terms(PRESENT)).await;
    for said in wrong() {
        let body = said.map_or_else(registration, |said| saying(registration(), said));
        assert_asked(&registers(&app, &body).await);
    }
    let said = json!({ "terms": PRESENT, "language": "de" });
    registers(&app, &saying(registration(), said)).await.assert_field("accepted.language");
    let unknown = json!({ "terms": PRESENT, "privacy": "1" });
    assert_eq!(registers(&app, &saying(registration(), unknown)).await.status, 400);
    assert_eq!(app.number("SELECT COUNT(*) FROM users").await + recorded(&app).await, 0);

    let body = accepting(registration(), PRESENT);
    assert_eq!(registers(&app, &body).await.status, 204);
    assert_eq!(acceptances(&app, "users").await, [format!("user terms {PRESENT} fr 0")]);
    // Whoever registers again replaces the registration, with what it accepted.
    let said = json!({ "terms": PRESENT, "language": "en" });
    assert_eq!(registers(&app, &saying(registration(), said)).await.status, 204);
    assert_eq!(acceptances(&app, "users").await, [format!("user terms {PRESENT} en 0")]);
    app.finish().await;
}

#[tokio::test]
async fn another_browser_accepts_the_terms_itself() {
    let app = TestApp::with(with_terms(PRESENT)).await;
    let body = accepting(registration(), PRESENT);
    assert_eq!(registers(&app, &body).await.status, 204);
    let mail = mails(&app, ADA, 1).await.remove(0);
    let proof = json!({ "token": token_of(&mail, "/activate"), "password": "correct-Horse7-battery",
                        "first_name": "Ada", "locale": "en" });
    for said in wrong() {
        let body = said.map_or_else(|| proof.clone(), |said| saying(proof.clone(), said));
        assert_asked(&app.post("/auth/activate", &body).await);
    }
    assert_eq!(acceptances(&app, "users").await, [format!("user terms {PRESENT} fr 0")]);
    let accepted = app.post("/auth/activate", &accepting(proof, PRESENT)).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text);
    let found = acceptances(&app, "users").await;
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with(&format!("user terms {PRESENT} en")), "{found:?}");
    app.finish().await;
}

#[tokio::test]
async fn the_browser_that_has_registered_is_not_asked_again() {
    let app = TestApp::with(with_terms(PRESENT)).await;
    let registered = registers(&app, &accepting(registration(), PRESENT)).await;
    let cookie = registered.header("Set-Cookie").and_then(|it| it.split(';').next());
    let cookie = [("Cookie", cookie.expect("a cookie"))];
    let mail = mails(&app, ADA, 1).await.remove(0);
    let proof = json!({ "token": token_of(&mail, "/activate") });
    let nobody = app.as_nobody();
    let activated = nobody.send(reqwest::Method::POST, "/auth/activate", Some(&proof), &cookie);
    assert_eq!(activated.await.status, 200);
    assert_eq!(recorded(&app).await, 1);
    app.finish().await;
}

#[tokio::test]
async fn examples_are_checked_when_named_and_need_not_be() {
    let app = TestApp::start().await;
    registers(&app, &accepting(registration(), OLD)).await.assert_field("accepted.terms");
    assert_eq!(registers(&app, &registration()).await.status, 204);
    assert_eq!(recorded(&app).await, 0);
    app.finish().await;
}

#[tokio::test]
async fn an_account_that_is_never_activated_takes_its_acceptance_along() {
    let app = TestApp::with(with_terms(PRESENT)).await;
    assert_eq!(registers(&app, &accepting(registration(), PRESENT)).await.status, 204);
    assert_eq!(recorded(&app).await, 1);
    app.advance(OVER_A_WEEK).await;
    app.app.slices.accounts.retention_pass().await.expect("the pass runs");
    assert_eq!(app.number("SELECT COUNT(*) FROM users").await, 0);
    assert_eq!(recorded(&app).await, 0);
    app.finish().await;
}
