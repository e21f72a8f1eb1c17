//! Guessed passwords: sign-ins are refused for a while, whoever guesses, and the owner still gets in.

use std::time::Duration;

use futures_util::future::join_all;
use holdfast::{
    http::{limits::settings::RateLimits, proxies::TrustedProxies},
    kernel::db::Sql as _,
    settings::Config,
};
use holdfast_contract::accounts::Session;
use holdfast_domain::{
    access::{AccountStatus, Role},
    link::MAX_TRIES,
};
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::{
    answer::Answer,
    fixture::account,
    harness::{LOOK_EVERY, LOOKS, TestApp, at_the_beginning_of_an_hour},
    mailbox::{code_of, mails},
};

const ADA: &str = "ada@example.org";
const RIGHT: &str = "Demo-pass-1";
const WRONG: &str = "Wrong-pass-1";
const NEW: &str = "correct-Horse7-battery";
const HOUR: Duration = Duration::from_secs(60 * 60);
const COOKIE: &str = "holdfast-devices";
/// The network of the tests, unless a test chooses another one.
const HOME: &str = "198.51.100.7";

/// A browser, from which sign-ins come.
#[derive(Debug, Clone)]
struct Browser {
    network: String,
    devices: Option<String>,
}

impl Browser {
    fn strange() -> Self {
        Self::in_network(HOME)
    }

    fn in_network(network: &str) -> Self {
        Self { network: network.to_owned(), devices: None }
    }

    /// Signs in. A node that has too many passwords to check says so, and is asked again.
    async fn signs_in(&self, app: &TestApp, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        for _ in 0..LOOKS {
            let answer = self.sends(app, Method::POST, "/auth/login", &body, None).await;
            if answer.status != 503 {
                return answer;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("the node never has room for a sign-in");
    }

    async fn sends(
        &self,
        app: &TestApp,
        method: Method,
        path: &str,
        body: &Value,
        token: Option<&str>,
    ) -> Answer {
        let cookie = self.devices.as_ref().map(|devices| format!("a=b; {COOKIE}={devices}"));
        let mut headers = vec![("X-Forwarded-For", self.network.as_str())];
        headers.extend(cookie.as_deref().map(|cookie| ("Cookie", cookie)));
        let caller = match token {
            Some(token) => app.as_user(token),
            None => app.as_nobody(),
        };
        caller.send(method, path, Some(body), &headers).await
    }

    /// This browser after the answer, which knows it from now on.
    fn after(&self, answer: &Answer) -> Self {
        assert!(answer.status < 300, "{} {}", answer.status, answer.text);
        let set = answer.headers.get_all(header::SET_COOKIE).iter();
        let mut values = set.filter_map(|value| {
            value.to_str().ok()?.strip_prefix(&format!("{COOKIE}="))?.split_once(';')
        });
        let (value, rest) = values.next().expect("the cookie of known browsers");
        assert_eq!(rest, " HttpOnly; SameSite=Lax; Path=/; Max-Age=31536000");
        Self { devices: Some(value.to_owned()), ..self.clone() }
    }

    /// Guesses as often as somebody may, and expects that each guess is checked.
    async fn guesses_all(&self, app: &TestApp, email: &str) {
        for _ in 0..MAX_TRIES {
            self.signs_in(app, email, WRONG).await.assert_wrong();
        }
    }
}

trait Refused {
    fn assert_wrong(&self);
    fn assert_locked(&self);
}

impl Refused for Answer {
    fn assert_wrong(&self) {
        self.assert_problem(401, "/problems/invalid-credentials");
    }

    fn assert_locked(&self) {
        self.assert_problem(429, "/problems/too-many-requests");
        let wait: u64 = self.header("Retry-After").and_then(|it| it.parse().ok()).expect("a time");
        assert!((1..=HOUR.as_secs()).contains(&wait), "{wait}");
    }
}

fn behind_a_proxy(config: &mut Config) {
    config.network.trusted_proxies = TrustedProxies::parse(["127.0.0.1"]).expect("an address");
}

/// A server with the user Ada, at the beginning of an hour.
async fn app() -> TestApp {
    app_with(behind_a_proxy).await
}

async fn app_with(change: fn(&mut Config)) -> TestApp {
    let app = TestApp::with(change).await;
    account(&app, "ada", Role::Customer, None).await;
    at_the_beginning_of_an_hour(&app).await;
    app
}

async fn told(app: &TestApp) -> i64 {
    app.number("SELECT COUNT(*) FROM messages WHERE kind = 'sign_ins_refused'").await
}

/// Waits until nobody is being told any more.
async fn all_told(app: &TestApp) {
    while !app.app.slices.accounts.asked.is_idle() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn who_guesses_elsewhere_does_not_keep_the_owner_out() {
    let app = app().await;
    let home = Browser::strange();
    let home = home.after(&home.signs_in(&app, ADA, RIGHT).await);
    for at in 0..MAX_TRIES {
        let guesser = Browser::in_network(&format!("192.0.2.{at}"));
        guesser.signs_in(&app, ADA, WRONG).await.assert_wrong();
    }
    for network in ["192.0.2.99", HOME] {
        let stranger = Browser::in_network(network);
        stranger.signs_in(&app, ADA, WRONG).await.assert_locked();
        stranger.signs_in(&app, ADA, RIGHT).await.assert_locked();
    }
    let again = home.signs_in(&app, ADA, RIGHT).await;
    assert_eq!(home.after(&again).devices, home.devices, "the device stays the same one");
    app.advance(HOUR).await;
    assert_eq!(Browser::strange().signs_in(&app, ADA, RIGHT).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_guesses_at_once_on_two_nodes_ten_are_told_to_be_wrong() {
    let app = app().await;
    let other = app.another_node().await;
    let browser = Browser::strange();
    let guesses =
        (0..40).map(|at| browser.signs_in(if at % 2 == 0 { &app } else { &other }, ADA, WRONG));
    let answers = join_all(guesses).await;
    let with = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(401), with(429)), (MAX_TRIES as usize, 30));
    browser.signs_in(&other, ADA, RIGHT).await.assert_locked();
    other.stop().await;
    app.finish().await;
}

#[tokio::test]
async fn right_passwords_do_not_count() {
    let app = app().await;
    let browser = Browser::strange();
    for at in 0..4 * MAX_TRIES {
        assert_eq!(browser.signs_in(&app, ADA, RIGHT).await.status, 200, "{at}");
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM account_tries").await, 0);
    let at_once = (0..4 * MAX_TRIES).map(|_| browser.signs_in(&app, ADA, RIGHT));
    assert!(join_all(at_once).await.iter().all(|answer| answer.status == 200));
    // Right passwords take no wrong ones back.
    for _ in 0..MAX_TRIES - 1 {
        browser.signs_in(&app, ADA, WRONG).await.assert_wrong();
        assert_eq!(browser.signs_in(&app, ADA, RIGHT).await.status, 200);
    }
    browser.signs_in(&app, ADA, WRONG).await.assert_wrong();
    browser.signs_in(&app, ADA, RIGHT).await.assert_locked();
    app.finish().await;
}

/// Whether there is an account, and what it is, shows in no answer.
#[tokio::test]
async fn every_address_is_refused_alike() {
    let app = app().await;
    for (name, status) in [("gone", AccountStatus::Suspended), ("new", AccountStatus::Inactive)] {
        account(&app, name, Role::Customer, None).await;
        let text = "UPDATE users SET status = $1 WHERE email = $2";
        let values = vec![status.into(), format!("{name}@example.org").into()];
        app.app.base.db.run(text, values).await.expect("the store works");
    }
    for (at, email) in
        [ADA, "gone@example.org", "new@example.org", "nobody@example.org", "no address"]
            .into_iter()
            .enumerate()
    {
        let browser = Browser::in_network(&format!("203.0.113.{at}"));
        browser.guesses_all(&app, email).await;
        for password in [WRONG, RIGHT] {
            let refused = browser.signs_in(&app, email, password).await;
            refused.assert_locked();
            assert!(!refused.text.contains("example.org"), "{}", refused.text);
        }
        // Another way to write the address is the same address.
        browser.signs_in(&app, &email.to_uppercase(), RIGHT).await.assert_locked();
    }
    // Whoever registers an address does not learn by its count whether it was free.
    let new = json!({ "email": "nobody@example.org", "password": NEW, "first_name": "A", "last_name": "B" });
    assert_eq!(app.post("/auth/register", &new).await.status, 204);
    Browser::strange().signs_in(&app, "nobody@example.org", NEW).await.assert_locked();
    // An address that nobody has tried is free.
    Browser::strange().signs_in(&app, "noone@example.org", WRONG).await.assert_wrong();
    app.finish().await;
}

#[tokio::test]
async fn a_known_browser_counts_by_itself_and_for_its_account() {
    let app = app().await;
    account(&app, "bob", Role::Customer, None).await;
    let ada = Browser::strange();
    let ada = ada.after(&ada.signs_in(&app, ADA, RIGHT).await);
    ada.guesses_all(&app, ADA).await;
    ada.signs_in(&app, ADA, RIGHT).await.assert_locked();
    assert_eq!(Browser::strange().signs_in(&app, ADA, RIGHT).await.status, 200);
    // The browser of another account is a strange one.
    Browser::strange().guesses_all(&app, "bob@example.org").await;
    ada.signs_in(&app, "bob@example.org", RIGHT).await.assert_locked();
    for forged in ["x", "~", "hd1.019a00000000700080000000000000aa.00.00"] {
        let forger = Browser { devices: Some(forged.to_owned()), ..Browser::strange() };
        forger.signs_in(&app, "bob@example.org", RIGHT).await.assert_locked();
    }
    app.advance(HOUR).await;
    // A family shares a browser: it is known for both.
    let both = ada.after(&ada.signs_in(&app, "bob@example.org", RIGHT).await);
    for email in [ADA, "bob@example.org"] {
        Browser::in_network("192.0.2.1").guesses_all(&app, email).await;
        assert_eq!(both.signs_in(&app, email, RIGHT).await.status, 200, "{email}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_new_password_lets_this_browser_in_and_makes_all_others_strange() {
    let app = app().await;
    let old = Browser::strange();
    let old = old.after(&old.signs_in(&app, ADA, RIGHT).await);
    Browser::in_network("192.0.2.1").guesses_all(&app, ADA).await;
    all_told(&app).await;
    let forgot = json!({ "email": ADA });
    assert_eq!(app.post("/auth/password/forgot", &forgot).await.status, 204);
    let mail = mails(&app, ADA, 2).await.remove(1);
    let away = Browser::in_network("203.0.113.9");
    let body = json!({ "email": ADA, "code": code_of(&mail), "password": NEW });
    let reset = away.sends(&app, Method::POST, "/auth/password/reset", &body, None).await;
    let away = away.after(&reset);
    let session = away.signs_in(&app, ADA, NEW).await;
    assert_eq!(session.status, 200, "{}", session.text);
    old.signs_in(&app, ADA, NEW).await.assert_locked();
    // So does a password that the signed-in user changes.
    let (token, body) = (
        session.read::<Session>().access_token,
        json!({ "current_password": NEW, "new_password": RIGHT }),
    );
    let changed = away.sends(&app, Method::PUT, "/auth/password", &body, Some(&token)).await;
    assert_eq!(away.after(&changed).signs_in(&app, ADA, RIGHT).await.status, 200);
    away.signs_in(&app, ADA, RIGHT).await.assert_locked();
    app.finish().await;
}

/// Whoever tries one password for many accounts counts by the network.
#[tokio::test]
async fn a_network_guesses_few_passwords_whatever_the_accounts() {
    let app = app_with(|config| {
        behind_a_proxy(config);
        config.accounts.network_tries = 12;
    })
    .await;
    let home = Browser::in_network("2001:db8:1:2::3");
    let home = home.after(&home.signs_in(&app, ADA, RIGHT).await);
    for at in 0..12 {
        let guesser = Browser::in_network(&format!("2001:db8:1:2::{at}"));
        guesser.signs_in(&app, &format!("user{at}@example.org"), WRONG).await.assert_wrong();
    }
    let guesser = Browser::in_network("2001:db8:1:2:ffff::");
    guesser.signs_in(&app, "user99@example.org", WRONG).await.assert_locked();
    guesser.signs_in(&app, ADA, RIGHT).await.assert_locked();
    // The owner may share the network with whoever guesses.
    assert_eq!(home.signs_in(&app, ADA, RIGHT).await.status, 200);
    let elsewhere = Browser::in_network("2001:db8:1:3::1");
    assert_eq!(elsewhere.signs_in(&app, ADA, RIGHT).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_told_once_a_day_and_the_log_once_an_hour() {
    let app = app().await;
    let entries = "SELECT COUNT(*) FROM audit WHERE action = 'sign_in.refused'";
    let browser = Browser::strange();
    for hour in 1..=25 {
        browser.guesses_all(&app, ADA).await;
        let locked = (0..8).map(|_| browser.signs_in(&app, ADA, WRONG));
        join_all(locked).await.iter().for_each(Answer::assert_locked);
        all_told(&app).await;
        assert_eq!(app.number(entries).await, hour);
        assert_eq!(told(&app).await, if hour <= 24 { 1 } else { 2 }, "in hour {hour}");
        app.advance(HOUR).await;
    }
    // Nobody is told of an account that does not exist or may not sign in.
    let text = "UPDATE users SET status = 'suspended'";
    app.app.base.db.run(text, vec![]).await.expect("the store works");
    app.advance(25 * HOUR).await;
    for email in [ADA, "nobody@example.org"] {
        browser.guesses_all(&app, email).await;
        browser.signs_in(&app, email, WRONG).await.assert_locked();
    }
    all_told(&app).await;
    assert_eq!((told(&app).await, app.number(entries).await), (2, 25));
    app.finish().await;
}

#[tokio::test]
async fn measurements_have_no_limit_on_guesses() {
    let app = app_with(|config| config.limits.rate_limits = RateLimits::Off).await;
    for _ in 0..2 {
        Browser::strange().guesses_all(&app, ADA).await;
    }
    assert_eq!(Browser::strange().signs_in(&app, ADA, RIGHT).await.status, 200);
    app.finish().await;
}
