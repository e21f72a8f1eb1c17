//! New accounts: whoever registers gets the same answer for every address, and only the mail to the address activates one.

use std::time::Duration;

use futures_util::future::join_all;
use holdfast::{app::development::mail::KeptMail, kernel::db::Sql as _};
use holdfast_contract::accounts::{Profile, Session};
use holdfast_domain::{access::Role, link::MAX_TRIES};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    fixture::{account, app_with_event, seats},
    harness::{TestApp, at_the_beginning_of_an_hour},
    mailbox::{code_of, mails, token_of},
};

const ADA: &str = "ada@example.org";
const THEIRS: &str = "Demo-pass-1";
const MINE: &str = "correct-Horse7-battery";
const OTHER_BROWSER: &str = "/problems/registered-elsewhere";
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A browser, with the cookie of the account that it has registered.
struct Browser {
    cookie: Option<String>,
}

impl Browser {
    const NEW: Self = Self { cookie: None };

    /// Registers, and expects the answer that everybody gets.
    async fn registers(app: &TestApp, email: &str, password: &str, name: &str) -> Self {
        let body = json!({ "email": email, "password": password, "first_name": name,
                           "last_name": "L" });
        let answer = app.post("/auth/register", &body).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        let set = answer.header("Set-Cookie").expect("a cookie");
        let (cookie, rest) = set.split_once(';').expect("a cookie with attributes");
        assert!(cookie.starts_with("holdfast-registration=ha1."), "{cookie}");
        assert_eq!((cookie.len(), rest), (155, " HttpOnly; SameSite=Lax; Path=/; Max-Age=172800"));
        Self { cookie: Some(cookie.to_owned()) }
    }

    async fn activates(&self, app: &TestApp, proof: &Value) -> Answer {
        let cookie = self.cookie.as_deref().map(|cookie| ("Cookie", cookie));
        let headers: Vec<_> = cookie.into_iter().collect();
        app.as_nobody().send(Method::POST, "/auth/activate", Some(proof), &headers).await
    }
}

fn link(mail: &KeptMail) -> Value {
    json!({ "token": token_of(mail, "/activate") })
}

fn code(mail: &KeptMail) -> Value {
    json!({ "email": ADA, "code": code_of(mail) })
}

/// The proof of somebody who has not registered in this browser.
fn with_owner(mut proof: Value, password: &str) -> Value {
    proof["password"] = json!(password);
    proof["first_name"] = json!("Ada");
    proof
}

async fn signs_in(app: &TestApp, password: &str) -> u16 {
    app.post("/auth/login", &json!({ "email": ADA, "password": password })).await.status
}

async fn mail(app: &TestApp) -> KeptMail {
    mails(app, ADA, 1).await.remove(0)
}

async fn asks_again(app: &TestApp) {
    let answer = app.post("/auth/activate/mail", &json!({ "email": ADA })).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
}

#[tokio::test]
async fn the_link_activates_an_account_once_and_signs_in() {
    let app = TestApp::start().await;
    let browser = Browser::registers(&app, "Ada@Example.org", THEIRS, "Ada").await;
    let mail = mail(&app).await;
    assert_eq!(signs_in(&app, THEIRS).await, 401, "the address is not proved");
    let answer = browser.activates(&app, &link(&mail)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.header("Set-Cookie").is_some_and(|set| set.starts_with("holdfast-session=")));
    let session: Session = answer.read();
    let profile: Profile = app.as_user(&session.access_token).get("/auth/profile").await.read();
    assert_eq!((profile.email.as_str(), profile.first_name.as_str()), (ADA, "Ada"));
    assert_eq!(signs_in(&app, THEIRS).await, 200);
    for proof in [link(&mail), code(&mail)] {
        let again = browser.activates(&app, &with_owner(proof, MINE)).await;
        again.assert_problem(401, "/problems/invalid-credentials");
    }
    assert_eq!(mails(&app, ADA, 2).await[1].subject, "Your account is active");
    let audit = "SELECT COUNT(*) FROM audit WHERE action = 'account.activate'";
    assert_eq!(app.number(audit).await, 1);
    app.finish().await;
}

/// Whoever has registered with my address keeps nothing of the account that is mine.
#[tokio::test]
async fn an_account_that_a_stranger_registered_is_its_owners_alone() {
    let app = TestApp::start().await;
    let stranger = Browser::registers(&app, ADA, THEIRS, "Mallory").await;
    let mail = mail(&app).await;
    for proof in [link(&mail), code(&mail)] {
        let asked = Browser::NEW.activates(&app, &proof).await;
        asked.assert_problem(409, OTHER_BROWSER);
        asked.assert_field("password");
        let mut nameless = proof.clone();
        nameless["password"] = json!(MINE);
        let asked = Browser::NEW.activates(&app, &nameless).await;
        asked.assert_problem(409, OTHER_BROWSER);
        asked.assert_field("first_name");
        let weak = Browser::NEW.activates(&app, &with_owner(proof, "Password1")).await;
        weak.assert_problem(422, "/problems/weak-password");
    }
    let forged = Browser { cookie: stranger.cookie.as_ref().map(|it| it.replace("ha1.", "ha1.0")) };
    forged.activates(&app, &link(&mail)).await.assert_problem(409, OTHER_BROWSER);
    let answer = Browser::NEW.activates(&app, &with_owner(link(&mail), MINE)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let profile = answer.read::<Session>().profile;
    assert_eq!((profile.first_name.as_str(), profile.last_name.as_str()), ("Ada", ""));
    assert_eq!((signs_in(&app, THEIRS).await, signs_in(&app, MINE).await), (401, 200));
    stranger
        .activates(&app, &link(&mail))
        .await
        .assert_problem(401, "/problems/invalid-credentials");
    app.finish().await;
}

/// The last registration counts, so the browser of an earlier one does not activate it.
#[tokio::test]
async fn who_registers_again_replaces_the_registration_and_gets_the_same_link() {
    let app = TestApp::start().await;
    let stranger = Browser::registers(&app, ADA, THEIRS, "Mallory").await;
    let mine = Browser::registers(&app, ADA, MINE, "Ada").await;
    let first = mail(&app).await;
    asks_again(&app).await;
    stranger.activates(&app, &link(&first)).await.assert_problem(409, OTHER_BROWSER);
    app.advance(Duration::from_secs(61)).await;
    asks_again(&app).await;
    let second = mails(&app, ADA, 2).await.remove(1);
    assert_eq!((link(&first), code(&first)), (link(&second), code(&second)));
    let answer = mine.activates(&app, &code(&second)).await;
    assert_eq!(answer.read::<Session>().profile.first_name, "Ada");
    assert_eq!((signs_in(&app, THEIRS).await, signs_in(&app, MINE).await), (401, 200));
    app.finish().await;
}

#[tokio::test]
async fn a_known_address_gets_the_same_answer_and_a_mail_that_says_so() {
    let app = TestApp::start().await;
    account(&app, "ada", Role::Customer, None).await;
    account(&app, "eve", Role::Customer, None).await;
    let suspend = "UPDATE users SET status = 'suspended' WHERE email = 'eve@example.org'";
    app.app.base.db.run(suspend, vec![]).await.expect("the store takes it");
    at_the_beginning_of_an_hour(&app).await;
    for email in ["ADA@example.org", ADA, "eve@example.org"] {
        Browser::registers(&app, email, MINE, "Mallory").await;
    }
    let known = mail(&app).await;
    assert_eq!(known.subject, "You have an account");
    assert_eq!((signs_in(&app, THEIRS).await, signs_in(&app, MINE).await), (200, 401));
    app.advance(HOUR).await;
    Browser::registers(&app, ADA, MINE, "Mallory").await;
    asks_again(&app).await;
    mails(&app, ADA, 2).await;
    assert_eq!(app.number("SELECT COUNT(*) FROM messages").await, 2, "none to the suspended user");
    app.finish().await;
}

#[tokio::test]
async fn a_link_ends_after_a_day_and_lifts_no_suspension() {
    let app = TestApp::start().await;
    let browser = Browser::registers(&app, ADA, THEIRS, "Ada").await;
    let mail = mail(&app).await;
    let set = async |status: &str| {
        let set = "UPDATE users SET status = $1 WHERE email = 'ada@example.org'";
        app.app.base.db.run(set, vec![status.into()]).await.expect("the store takes it");
    };
    set("suspended").await;
    browser
        .activates(&app, &link(&mail))
        .await
        .assert_problem(401, "/problems/invalid-credentials");
    set("inactive").await;
    app.advance(24 * HOUR).await;
    for proof in [link(&mail), code(&mail)] {
        let late = browser.activates(&app, &proof).await;
        late.assert_problem(401, "/problems/invalid-credentials");
    }
    asks_again(&app).await;
    let second = mails(&app, ADA, 2).await.remove(1);
    assert_eq!(browser.activates(&app, &link(&second)).await.status, 200);
    app.finish().await;
}

/// The code that such a user gets is no code for a new password, and the answer says what to do with it.
#[tokio::test]
async fn who_has_forgotten_the_password_before_the_activation_activates() {
    let app = TestApp::start().await;
    Browser::registers(&app, ADA, THEIRS, "Mallory").await;
    mail(&app).await;
    app.advance(Duration::from_secs(61)).await;
    app.post("/auth/password/forgot", &json!({ "email": ADA })).await;
    let second = mails(&app, ADA, 2).await.remove(1);
    for mut proof in [link(&second), code(&second)] {
        proof["password"] = json!(MINE);
        let asked = app.post("/auth/password/reset", &proof).await;
        asked.assert_problem(409, OTHER_BROWSER);
        asked.assert_field("first_name");
    }
    let mut proof = with_owner(code(&second), MINE);
    proof["locale"] = json!("fr");
    let answer = Browser::NEW.activates(&app, &proof).await;
    assert_eq!(answer.read::<Session>().profile.locale, "fr");
    app.finish().await;
}

/// Whoever asks for mails in somebody's name does not keep the user from getting one.
#[tokio::test]
async fn after_some_mails_the_pause_is_longer_and_ends() {
    let app = TestApp::start().await;
    Browser::registers(&app, ADA, THEIRS, "Ada").await;
    mail(&app).await;
    for number in 2..=5 {
        app.advance(Duration::from_secs(61)).await;
        asks_again(&app).await;
        mails(&app, ADA, number).await;
    }
    app.advance(Duration::from_secs(61)).await;
    asks_again(&app).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(app.number("SELECT COUNT(*) FROM messages").await, 5);
    app.advance(HOUR).await;
    asks_again(&app).await;
    let all = mails(&app, ADA, 6).await;
    assert_eq!(link(&all[0]), link(&all[5]));
    app.finish().await;
}

#[tokio::test]
async fn codes_are_not_guessed_and_a_bad_proof_names_its_field() {
    let app = TestApp::start().await;
    at_the_beginning_of_an_hour(&app).await;
    let browser = Browser::registers(&app, ADA, THEIRS, "Ada").await;
    let mail = mail(&app).await;
    for proof in [json!({}), json!({ "email": ADA }), json!({ "token": "x", "code": "123456" })] {
        browser.activates(&app, &proof).await.assert_field("token");
    }
    let wrong = if code_of(&mail) == "000000" { "000001" } else { "000000" };
    let guess = json!({ "email": ADA, "code": wrong });
    let guesses = join_all((0..2 * MAX_TRIES).map(|_| browser.activates(&app, &guess))).await;
    assert!(guesses.iter().all(|guess| guess.status == 401), "{guesses:?}");
    let refused = browser.activates(&app, &code(&mail)).await;
    assert_eq!(refused.text, guesses[0].text, "who guesses does not learn that the code was right");
    let nobody = json!({ "email": "nobody@example.org", "code": "123456" });
    assert_eq!(browser.activates(&app, &nobody).await.text, refused.text);
    // The link is no guess. A reset does not take it.
    let reset = json!({ "token": token_of(&mail, "/activate"), "password": MINE });
    app.post("/auth/password/reset", &reset).await.assert_problem(409, OTHER_BROWSER);
    assert_eq!(browser.activates(&app, &link(&mail)).await.status, 200);
    app.post("/auth/activate/mail", &json!({ "email": " " })).await.assert_field("email");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_registers_or_activates_twice_at_once_has_one_account() {
    let app = TestApp::start().await;
    let other = app.another_node().await;
    let node = |n: usize| if n.is_multiple_of(2) { &app } else { &other };
    let browsers = join_all((0..6).map(|n| Browser::registers(node(n), ADA, THEIRS, "Ada"))).await;
    assert_eq!(app.number("SELECT COUNT(*) FROM users WHERE status = 'inactive'").await, 1);
    let link = link(&mail(&app).await);
    let answers =
        join_all(browsers.iter().enumerate().map(|(n, it)| it.activates(node(n), &link))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    // Only the last registration counts.
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses[1..].iter().all(|status| [401, 409].contains(status)), "{statuses:?}");
    assert_eq!(app.number("SELECT COUNT(*) FROM sessions").await, 1);
    other.stop().await;
    app.finish().await;
}

#[tokio::test]
async fn a_guest_goes_on_buying_and_the_activation_takes_it_along() {
    let (app, event) = app_with_event().await;
    let guest = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = json!({ "email": ADA, "password": THEIRS, "first_name": "Ada", "last_name": "" });
    assert_eq!(app.as_guest(&guest.token).post("/auth/register", &body).await.status, 204);
    let paid =
        guest.confirms(&app, "k1", &guest.pays_from("pm_card_visa", "eve@example.org")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    let mail = mails(&app, ADA, 1).await.remove(0);
    let proof = with_owner(link(&mail), MINE);
    let session = app.as_guest(&guest.token).post("/auth/activate", &proof).await.read::<Session>();
    let adopted = session.adopted.expect("an adoption");
    assert_eq!(adopted.bookings.len(), 1, "{adopted:?}");
    let bookings = app.as_user(&session.access_token).get("/bookings/me").await;
    assert!(bookings.text.contains(&paid.booking().reference), "{}", bookings.text);
    app.finish().await;
}
