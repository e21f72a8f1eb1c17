//! The real program is killed with SIGKILL while it creates an event, a section or an offer. Afterwards nothing is
//! half there, and the same key creates the object once.

use super::*;
use crate::support::process::Node;

/// The tables that must contain all rows of the object or none. (The relay empties the outbox at its own pace, so the
/// outbox is not among them.)
const TABLES: [&str; 6] = ["events", "sections", "seats", "offers", "audit", "idempotency_keys"];

async fn counts(app: &TestApp) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in TABLES {
        counts.push(count(app, table).await);
    }
    counts
}

/// Whether a program that is killed at this point has created the object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Killed {
    Before,
    After,
}

const POINTS: [(&str, Killed); 4] = [
    ("make.before_effect", Killed::Before),
    ("make.after_effect", Killed::Before),
    ("make.before_record", Killed::Before),
    ("make.after_record", Killed::After),
];

/// Kills a program at this point while it creates an object. Then sends the same request with the same key to another
/// program.
async fn check_killed(
    app: &TestApp,
    (point, killed): (&str, Killed),
    token: &str,
    path: &str,
    body: &impl Serialize,
) -> Answer {
    let before = counts(app).await;
    let failpoint = [("HOLDFAST_FAILPOINT", point)];
    let mut doomed = Node::start_with(&app.app.config, &failpoint).await;
    let key = format!("{point}{}", path.replace('/', "-"));
    let request = reqwest::Client::new()
        .post(doomed.url(path))
        .bearer_auth(token)
        .header("Idempotency-Key", &key)
        .json(body)
        .send();
    let asked = tokio::spawn(request);
    doomed.halts_at(point).await;
    doomed.kill().await;
    assert!(asked.await.expect("a task").is_err(), "{point}: nobody is told anything");
    let left = counts(app).await;
    assert_eq!(left == before, killed == Killed::Before, "{point} {path}: {before:?} {left:?}");
    let node = Node::start(&app.app.config).await;
    app.talks_to(node.address);
    let caller = app.as_user(token);
    let made = asks_until_told(&caller, path, &key, body).await;
    assert_eq!(made.status, 201, "{point} {path}: {}", made.text);
    let replayed = made.header("idempotency-replayed").is_some();
    assert_eq!(replayed, killed == Killed::After, "{point} {path}");
    let after = counts(app).await;
    if killed == Killed::After {
        assert_eq!(after, left, "{point} {path}: made twice");
    }
    let again = asks(&caller, path, &key, body).await;
    assert_eq!((again.status, &again.text), (201, &made.text));
    assert_eq!(counts(app).await, after, "{point} {path}: made again");
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_point_of_making_something_it_is_made_once_or_not_at_all() {
    let app = TestApp::apart().await;
    let node = Node::start(&app.app.config).await;
    app.talks_to(node.address);
    let token = organizer(&app).await;
    // The first program has filled the empty store with its demo.
    let shown = counts(&app).await;
    let grid = json!({ "name": "Stalls", "rows": 2, "seats_per_row": 3 });
    let offer = json!({ "name": "Standard", "price_minor": 1_000 });
    for (at, point) in POINTS.into_iter().enumerate() {
        let event = check_killed(&app, point, &token, "/events", &new_event(&app).await).await;
        let id = event.id();
        check_killed(&app, point, &token, &format!("/events/{id}/sections"), &grid).await;
        check_killed(&app, point, &token, &format!("/events/{id}/offers"), &offer).await;
        let times = i64::try_from(at).expect("few points") + 1;
        let made: Vec<i64> =
            counts(&app).await.iter().zip(&shown).map(|(now, then)| now - then).collect();
        // An event, a section with six seats, and an offer. Each has an entry in the audit log and a key.
        assert_eq!(made, [1, 1, 6, 1, 3, 3].map(|each| each * times), "{point:?}");
    }
    app.finish().await;
}
