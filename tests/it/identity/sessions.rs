//! Sessions: a cookie with a refresh token, which each renewal replaces.

use std::time::Duration;

use futures_util::future::join_all;
use holdfast::{
    identity::sessions::{Device, Sessions},
    kernel::{
        db::Sql as _,
        keys::{KeyRing, rotation, settings::KeySettings},
        settings::{SettingsSection as _, Values},
    },
};
use holdfast_contract::accounts::{DeviceSession, DeviceSessions, Profile, Session};
use holdfast_domain::{
    access::Role,
    session::{GRACE_MS, SessionLength},
};
use reqwest::Method;
use serde_json::json;

use crate::support::{answer::Answer, fixture::account, harness::TestApp};

const COOKIE: &str = "holdfast-session";
const BEYOND_GRACE: Duration = Duration::from_millis(GRACE_MS as u64 + 1_000);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const OVER: &str = "/problems/unauthorized";

/// A browser with the cookie of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Browser {
    cookie: String,
}

impl Browser {
    /// Signs in as the user of [`app`], with these fields in addition.
    async fn signs_in(app: &TestApp, remember: bool) -> (Self, Answer) {
        let body =
            json!({ "email": "ada@example.org", "password": "Demo-pass-1", "remember": remember });
        let agent = [("User-Agent", "Firefox on Linux")];
        let answer = app.as_nobody().send(Method::POST, "/auth/login", Some(&body), &agent).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        (Self::after(&answer), answer)
    }

    /// The browser after this answer has set its cookie.
    fn after(answer: &Answer) -> Self {
        let set = answer.header("Set-Cookie").expect("a cookie");
        let value = set.strip_prefix(&format!("{COOKIE}=")).expect("our cookie");
        Self { cookie: value.split(';').next().unwrap_or_default().to_owned() }
    }

    async fn posts(&self, app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
        let cookie = format!("other=1; {COOKIE}={}", self.cookie);
        let mut all = vec![("Cookie", cookie.as_str())];
        all.extend(headers);
        app.as_nobody().send(Method::POST, path, None, &all).await
    }

    async fn renews(&self, app: &TestApp) -> Answer {
        self.posts(app, "/auth/refresh", &[]).await
    }

    /// The browser after a renewal that succeeds.
    async fn renewed(&self, app: &TestApp) -> Self {
        let answer = self.renews(app).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Self::after(&answer)
    }
}

/// A server with the user Ada.
async fn app() -> TestApp {
    let app = TestApp::start().await;
    account(&app, "ada", Role::Customer, None).await;
    app
}

fn access(answer: &Answer) -> String {
    answer.read::<Session>().access_token
}

#[tokio::test]
async fn a_session_is_renewed_by_a_cookie_that_no_script_reads() {
    let app = app().await;
    for (remember, lasts) in [(false, ""), (true, "; Max-Age=2592000")] {
        let (browser, answer) = Browser::signs_in(&app, remember).await;
        let rest = format!("; HttpOnly; SameSite=Lax; Path=/{lasts}");
        let set = answer.header("Set-Cookie").expect("a cookie").to_owned();
        assert!(set.ends_with(&rest), "{set}");
        let renewed = browser.renews(&app).await;
        let set = renewed.header("Set-Cookie").expect("a cookie").to_owned();
        assert!(set.ends_with(&rest), "{set}");
        let session: Session = renewed.read();
        assert_eq!(session.expires_in_seconds, 600);
        let profile: Profile = app.as_user(&session.access_token).get("/auth/profile").await.read();
        assert_eq!(profile, session.profile);
        assert_ne!(Browser::after(&renewed), browser);
    }
    app.finish().await;
}

/// An answer may be lost, and two tabs may ask at the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_twice_at_once_gets_the_same_successor_from_any_node() {
    let app = app().await;
    let other = app.another_node().await;
    let (browser, _) = Browser::signs_in(&app, false).await;
    let answers =
        join_all((0..8).map(|n| browser.renewed(if n % 2 == 0 { &app } else { &other }))).await;
    assert!(answers.iter().all(|renewed| *renewed == answers[0]), "{answers:?}");
    assert_eq!(browser.renewed(&other).await, answers[0]);
    // A request that left with the first token before all this is not two replacements late.
    assert_eq!(answers[0].renewed(&app).await, answers[0]);
    assert_eq!(browser.renewed(&other).await, answers[0]);
    app.advance(BEYOND_GRACE).await;
    let next = answers[0].renewed(&app).await;
    assert_ne!(next, answers[0]);
    other.stop().await;
    app.finish().await;
}

#[tokio::test]
async fn a_replaced_token_that_comes_back_ends_the_session() {
    let app = app().await;
    let (stolen, _) = Browser::signs_in(&app, true).await;
    let (bystander, _) = Browser::signs_in(&app, true).await;
    let present = stolen.renewed(&app).await;
    app.advance(BEYOND_GRACE).await;
    stolen.renews(&app).await.assert_problem(401, OVER);
    present.renews(&app).await.assert_problem(401, OVER);
    bystander.renewed(&app).await;
    // A token that is older than the one before the present one has no grace.
    let (first, _) = Browser::signs_in(&app, true).await;
    let second = first.renewed(&app).await;
    app.advance(BEYOND_GRACE).await;
    let third = second.renewed(&app).await;
    first.renews(&app).await.assert_problem(401, OVER);
    third.renews(&app).await.assert_problem(401, OVER);
    app.finish().await;
}

#[tokio::test]
async fn a_cookie_that_was_copied_before_the_sign_out_is_worth_nothing() {
    let app = app().await;
    let (browser, _) = Browser::signs_in(&app, true).await;
    let out = browser.posts(&app, "/auth/logout", &[]).await;
    assert_eq!(out.status, 204, "{}", out.text);
    let set = out.header("Set-Cookie").expect("a cookie");
    assert!(set.starts_with("holdfast-session=;") && set.ends_with("Max-Age=0"), "{set}");
    browser.renews(&app).await.assert_problem(401, OVER);
    for cookie in [String::new(), browser.cookie, "nonsense".to_owned()] {
        let again = Browser { cookie }.posts(&app, "/auth/logout", &[]).await;
        assert_eq!(again.status, 204, "{}", again.text);
    }
    app.post("/auth/refresh", &json!({})).await.assert_problem(401, OVER);
    app.finish().await;
}

#[tokio::test]
async fn pages_of_other_sites_renew_and_end_nothing() {
    let app = app().await;
    let (browser, _) = Browser::signs_in(&app, false).await;
    for header in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        for path in ["/auth/refresh", "/auth/logout"] {
            browser.posts(&app, path, &[header]).await.assert_problem(403, "/problems/forbidden");
        }
    }
    let own = [("Origin", "http://127.0.0.1"), ("Sec-Fetch-Site", "same-origin")];
    let renewed = browser.posts(&app, "/auth/refresh", &own).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);
    app.finish().await;
}

/// Somebody who plants a cookie in a browser does not share the session that its user begins.
#[tokio::test]
async fn a_planted_cookie_is_replaced_at_the_sign_in() {
    let app = app().await;
    let (planted, _) = Browser::signs_in(&app, false).await;
    let body = json!({ "email": "ada@example.org", "password": "Demo-pass-1" });
    let cookie = format!("{COOKIE}={}", planted.cookie);
    let headers = [("Cookie", cookie.as_str())];
    let answer = app.as_nobody().send(Method::POST, "/auth/login", Some(&body), &headers).await;
    let id = |browser: &Browser| browser.cookie.split('.').nth(1).map(str::to_owned);
    assert_ne!(id(&Browser::after(&answer)), id(&planted));
    planted.renews(&app).await.assert_problem(401, OVER);
    app.finish().await;
}

#[tokio::test]
async fn a_session_that_is_not_used_is_over() {
    let app = app().await;
    let (short, _) = Browser::signs_in(&app, false).await;
    let (long, _) = Browser::signs_in(&app, true).await;
    app.advance(DAY / 2 - Duration::from_secs(60)).await;
    let short = short.renewed(&app).await;
    app.advance(DAY / 2 + Duration::from_secs(60)).await;
    short.renews(&app).await.assert_problem(401, OVER);
    app.advance(28 * DAY).await;
    let long = long.renewed(&app).await;
    app.advance(31 * DAY).await;
    long.renews(&app).await.assert_problem(401, OVER);
    let count = "SELECT COUNT(*) FROM sessions";
    let kept = app.number(count).await;
    app.advance(31 * DAY).await;
    let deleted = app.app.slices.sessions.retention_pass().await.expect("the pass runs");
    assert_eq!((app.number(count).await, deleted), (0, u64::try_from(kept).expect("a number")));
    app.finish().await;
}

#[tokio::test]
async fn a_user_who_may_not_sign_in_renews_nothing() {
    let app = app().await;
    let (browser, _) = Browser::signs_in(&app, true).await;
    for status in ["suspended", "inactive", "erased"] {
        let set = "UPDATE users SET status = $1 WHERE email = 'ada@example.org'";
        app.app.base.db.run(set, vec![status.into()]).await.expect("the store takes it");
        browser.renews(&app).await.assert_problem(401, OVER);
    }
    app.finish().await;
}

async fn listed(app: &TestApp, token: &str) -> Vec<DeviceSession> {
    app.as_user(token).get("/auth/sessions").await.read::<DeviceSessions>().items
}

#[tokio::test]
async fn users_see_their_sessions_and_sign_out_elsewhere() {
    let app = app().await;
    let stranger = account(&app, "eve", Role::Customer, None).await;
    let (elsewhere, answer) = Browser::signs_in(&app, true).await;
    let elsewhere_token = access(&answer);
    let (here, answer) = Browser::signs_in(&app, false).await;
    let token = access(&answer);
    // The fixture signed in once, too.
    let shown = listed(&app, &token).await;
    assert_eq!(shown.iter().map(|it| it.is_current).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(shown[0].agent, "Firefox on Linux");
    assert_eq!(shown[0].address.as_deref(), Some("127.0.0.1"));
    let plain = "SELECT COUNT(*) FROM sessions WHERE device LIKE '%Firefox%'";
    assert_eq!(app.number(plain).await, 0, "the device is stored encrypted");

    let path = format!("/auth/sessions/{}", shown[1].id);
    app.as_user(&stranger).delete(&path).await.assert_problem(404, "/problems/not-found");
    elsewhere.clone().renewed(&app).await;
    assert_eq!(app.as_user(&token).delete(&path).await.status, 204);
    app.as_user(&token).delete(&path).await.assert_problem(404, "/problems/not-found");
    elsewhere.renews(&app).await.assert_problem(401, OVER);

    assert_eq!(listed(&app, &token).await.len(), 2);
    assert_eq!(app.as_user(&token).delete("/auth/sessions").await.status, 204);
    let left = listed(&app, &token).await;
    assert_eq!((left.len(), left[0].id), (1, shown[0].id));
    here.renewed(&app).await;
    // The access token of a session that ended stays valid until it expires, ten minutes after it was made.
    assert!(listed(&app, &elsewhere_token).await.iter().all(|it| !it.is_current));
    app.finish().await;
}

fn ring(text: &str) -> KeyRing {
    KeySettings::read(&Values::of([("KEY_RING", text)])).expect("a ring").ring
}

/// A session whose device is sealed under the first of these keys.
async fn session_under(app: &TestApp, keys: &KeyRing) -> Sessions {
    let sessions = Sessions { keys: keys.clone(), ..app.app.slices.sessions.clone() };
    let user = "SELECT id FROM users WHERE email = 'ada@example.org'";
    let user = app.app.base.db.value(user, vec![]).await.expect("a look").expect("a user");
    let device = Device { agent: "Firefox".to_owned(), address: None };
    sessions
        .open(&app.app.base.db, user, SessionLength::Remembered, &device)
        .await
        .expect("a session");
    sessions
}

#[tokio::test]
async fn a_rotation_seals_everything_under_the_new_key() {
    let app = app().await;
    let (old_key, new_key) =
        ("old:".to_owned() + &"0f1e".repeat(16), "new:".to_owned() + &"2d3c".repeat(16));
    let (old, new) = (ring(&old_key), ring(&new_key));
    let both = ring(&format!("{new_key},{old_key}"));
    app.app.base.db.run("DELETE FROM sessions", vec![]).await.expect("no sessions");
    for _ in 0..3 {
        session_under(&app, &old).await;
    }
    session_under(&app, &new).await;
    let columns = || holdfast::app::sealed().copied();
    let rotate = async |keys: &KeyRing| {
        rotation::rotate(&app.app.base.db, keys, &*app.app.base.entropy, columns()).await
    };
    let closed = rotate(&new).await.expect_err("the old key is needed").to_string();
    assert!(closed.contains("sessions.device") && closed.contains("the key old"), "{closed}");
    assert_eq!(rotate(&both).await.expect("it runs"), 3);
    assert_eq!(rotate(&both).await.expect("it runs"), 0);
    assert_eq!(rotate(&new).await.expect("the old key is not needed"), 0);
    let under_new = "SELECT COUNT(*) FROM sessions WHERE device LIKE 's1.new.%'";
    assert_eq!(app.number(under_new).await, 4);
    app.finish().await;
}
