//! The legal documents of the shop, and who has accepted which version of its terms.

mod checkouts;
mod documents;
mod registrations;

use std::fs;

use holdfast::{
    kernel::{
        db::Sql as _,
        settings::{SettingsSection as _, Values},
    },
    legal::settings::LegalSettings,
    settings::Config,
};
use serde_json::{Value, json};

use crate::support::{answer::Answer, harness::TestApp};

const OLD: &str = "2026-06-01";
const PRESENT: &str = "2026-11-01";

/// A shop whose terms have this version.
fn with_terms(version: &str) -> impl FnOnce(&mut Config) {
    let terms = |title: &str| format!("---\nversion: {version}\ntitle: {title}\n---\n# {title}");
    let files = [("terms.en.md", terms("Terms")), ("terms.fr.md", terms("Conditions"))];
    move |config| config.legal = of_files(&files)
}

/// The settings of a shop with these files.
fn of_files(files: &[(&str, String)]) -> LegalSettings {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let path = folder.path().display().to_string();
    LegalSettings::read(&Values::of([("HOLDFAST_LEGAL_DIR", path)])).expect("documents")
}

/// A body that says this about the terms.
fn saying(mut body: Value, accepted: Value) -> Value {
    body["accepted"] = accepted;
    body
}

fn accepting(body: Value, version: &str) -> Value {
    saying(body, json!({ "terms": version }))
}

/// What requests say that do not accept the present terms.
fn wrong() -> [Option<Value>; 3] {
    [None, Some(json!({})), Some(json!({ "terms": OLD }))]
}

/// Expects that the request is refused because it does not accept the present terms.
fn assert_asked(answer: &Answer) {
    answer.assert_problem(400, "/problems/invalid-request");
    answer.assert_field("accepted.terms");
    assert!(answer.problem().errors[0].message.contains(PRESENT), "{}", answer.text);
}

/// The subject, the version and the language of each acceptance of this table's rows, with its time before its cause.
async fn acceptances(app: &TestApp, of: &str) -> Vec<String> {
    let text = format!(
        "SELECT a.subject_kind || ' ' || a.document || ' ' || a.version || ' ' || a.language || ' ' \
         || CAST(s.created_at - a.accepted_at AS text) \
         FROM acceptances a JOIN {of} s ON s.id = a.subject_id ORDER BY a.id"
    );
    app.app.base.db.values(&text, vec![]).await.expect("the acceptances")
}

async fn recorded(app: &TestApp) -> i64 {
    app.number("SELECT COUNT(*) FROM acceptances").await
}
