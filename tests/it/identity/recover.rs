//! New passwords: by the link or the code of a mail, and by the present password.

use std::time::Duration;

use futures_util::future::join_all;
use holdfast::{app::development::mail::KeptMail, kernel::db::Sql as _};
use holdfast_contract::accounts::Session;
use holdfast_domain::{access::Role, link::MAX_TRIES};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    answer::Answer,
    fixture::account,
    harness::TestApp,
    mailbox::{LOOK_EVERY, LOOKS, mails},
};

const ADA: &str = "ada@example.org";
const OLD: &str = "Demo-pass-1";
const NEW: &str = "correct-Horse7-battery";
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A server with the user Ada.
async fn app() -> TestApp {
    let app = TestApp::start().await;
    account(&app, "ada", Role::Customer, None).await;
    app
}

async fn forgets(app: &TestApp, email: &str) {
    let answer = app.post("/auth/password/forgot", &json!({ "email": email })).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
}

/// Asks for a mail, and waits for the mail with this number among the mails to Ada.
async fn mail(app: &TestApp, number: usize) -> KeptMail {
    forgets(app, ADA).await;
    mails(app, ADA, number).await.remove(number - 1)
}

fn token(mail: &KeptMail) -> &str {
    let link = mail.links.iter().find_map(|link| link.split_once("/reset#"));
    link.expect("a link with a token").1
}

fn code(mail: &KeptMail) -> &str {
    let line = mail.text.lines().find_map(|line| line.strip_prefix("Code: "));
    line.expect("a line with the code")
}

async fn resets(app: &TestApp, proof: Value, password: &str) -> Answer {
    let mut body = proof;
    body["password"] = json!(password);
    app.post("/auth/password/reset", &body).await
}

/// Expects that the proof in this field does not count.
trait NoProof {
    fn assert_no_proof(&self, field: &str);
}

impl NoProof for Answer {
    fn assert_no_proof(&self, field: &str) {
        self.assert_problem(401, "/problems/invalid-credentials");
        self.assert_field(field);
    }
}

async fn by_link(app: &TestApp, mail: &KeptMail, password: &str) -> Answer {
    resets(app, json!({ "token": token(mail) }), password).await
}

async fn by_code(app: &TestApp, code: &str, password: &str) -> Answer {
    resets(app, json!({ "email": ADA, "code": code }), password).await
}

async fn signs_in(app: &TestApp, password: &str) -> Answer {
    app.post("/auth/login", &json!({ "email": ADA, "password": password })).await
}

/// The tries and the links are counted by the hour of the clock, so a test begins with an hour.
async fn at_the_beginning_of_an_hour(app: &TestApp) {
    let hour = i64::try_from(HOUR.as_millis()).expect("a number");
    let now = app.app.base.db.now().await.expect("the clock");
    let left = u64::try_from(hour - now % hour).expect("a number");
    app.advance(Duration::from_millis(left)).await;
}

/// How many messages of this kind there are.
async fn messages(app: &TestApp, kind: &str) -> i64 {
    app.number(&format!("SELECT COUNT(*) FROM messages WHERE kind = '{kind}'")).await
}

#[tokio::test]
async fn a_link_sets_a_password_once_and_ends_every_session() {
    let app = app().await;
    let session = signs_in(&app, OLD).await;
    let cookie = session
        .header("Set-Cookie")
        .expect("a cookie")
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned();
    let first = mail(&app, 1).await;
    // A password that is too weak uses nothing up.
    by_link(&app, &first, "Password1").await.assert_problem(422, "/problems/weak-password");
    assert_eq!(signs_in(&app, OLD).await.status, 200);
    let set = by_link(&app, &first, NEW).await;
    assert_eq!(set.status, 204, "{}", set.text);
    signs_in(&app, OLD).await.assert_problem(401, "/problems/invalid-credentials");
    assert_eq!(signs_in(&app, NEW).await.status, 200);
    let headers = [("Cookie", cookie.as_str())];
    let renewal = app.as_nobody().send(Method::POST, "/auth/refresh", None, &headers).await;
    renewal.assert_problem(401, "/problems/unauthorized");
    let again = by_link(&app, &first, OLD).await;
    again.assert_no_proof("token");
    let told = mails(&app, ADA, 2).await.remove(1);
    assert_eq!(told.subject, "Your password was changed");
    let audit =
        "SELECT COUNT(*) FROM audit WHERE action = 'password.change' AND subject_kind = 'user'";
    assert_eq!(app.number(audit).await, 1);
    app.finish().await;
}

#[tokio::test]
async fn a_code_sets_a_password_once() {
    let app = app().await;
    at_the_beginning_of_an_hour(&app).await;
    let mail = mail(&app, 1).await;
    let spaced = format!("{} {}", &code(&mail)[..3], &code(&mail)[3..]);
    assert_eq!(by_code(&app, &spaced, NEW).await.status, 204);
    by_code(&app, code(&mail), OLD).await.assert_no_proof("code");
    by_link(&app, &mail, OLD).await.assert_no_proof("token");
    assert_eq!(signs_in(&app, NEW).await.status, 200);
    app.finish().await;
}

/// Tries are counted for the account and the hour: a new code gives no new tries.
#[tokio::test]
async fn codes_are_not_guessed_by_many_requests_over_many_codes() {
    let app = app().await;
    at_the_beginning_of_an_hour(&app).await;
    let first = mail(&app, 1).await;
    let wrong = if code(&first) == "000000" { "000001" } else { "000000" };
    let guesses = join_all((0..2 * MAX_TRIES).map(|_| by_code(&app, wrong, NEW))).await;
    assert!(guesses.iter().all(|guess| guess.status == 401), "{guesses:?}");
    let refused = by_code(&app, code(&first), NEW).await;
    assert_eq!(refused.text, guesses[0].text, "who guesses does not learn that the code was right");
    app.advance(2 * MINUTE).await;
    let second = mail(&app, 2).await;
    by_code(&app, code(&second), NEW).await.assert_no_proof("code");
    // The link of the mail is no guess.
    assert_eq!(by_link(&app, &second, NEW).await.status, 204);
    app.advance(HOUR).await;
    let third = mail(&app, 4).await;
    assert_eq!(by_code(&app, code(&third), OLD).await.status, 204);
    app.finish().await;
}

#[tokio::test]
async fn an_address_tells_nothing_about_its_account() {
    let app = app().await;
    account(&app, "eve", Role::Customer, None).await;
    let suspend = "UPDATE users SET status = 'suspended' WHERE email = 'eve@example.org'";
    app.app.base.db.run(suspend, vec![]).await.expect("the store takes it");
    for email in ["nobody@example.org", "eve@example.org", "no address"] {
        forgets(&app, email).await;
        let proof = json!({ "email": email, "code": "123456" });
        let refused = resets(&app, proof, NEW).await;
        let known = by_code(&app, "x", NEW).await;
        assert_eq!((refused.status, &refused.text), (401, &known.text));
    }
    // The request that counts comes last.
    mail(&app, 1).await;
    assert_eq!(messages(&app, "password_reset").await, 1);
    app.post("/auth/password/forgot", &json!({ "email": " " })).await.assert_field("email");
    app.finish().await;
}

#[tokio::test]
async fn the_next_mail_comes_after_a_pause_and_ends_the_link_of_the_last() {
    let app = app().await;
    let first = mail(&app, 1).await;
    for _ in 0..5 {
        forgets(&app, ADA).await;
    }
    app.advance(MINUTE).await;
    let second = mail(&app, 2).await;
    assert_eq!(messages(&app, "password_reset").await, 2);
    by_link(&app, &first, NEW).await.assert_no_proof("token");
    assert_eq!(by_link(&app, &second, NEW).await.status, 204);
    app.finish().await;
}

#[tokio::test]
async fn a_link_is_valid_for_an_hour() {
    let app = app().await;
    let first = mail(&app, 1).await;
    app.advance(HOUR).await;
    by_link(&app, &first, NEW).await.assert_no_proof("token");
    let made_up = format!("{}0", &token(&first)[..token(&first).len() - 1]);
    for token in ["", "x", "hl1.password_reset.x", made_up.as_str()] {
        resets(&app, json!({ "token": token }), NEW).await.assert_no_proof("token");
    }
    for proof in
        [json!({}), json!({ "email": ADA }), json!({ "token": "x", "email": ADA, "code": "1" })]
    {
        resets(&app, proof, NEW).await.assert_field("token");
    }
    app.advance(24 * HOUR + MINUTE).await;
    let gone = app.app.slices.accounts.retention_pass().await.expect("the pass runs");
    assert_eq!(gone, 1);
    app.finish().await;
}

/// Two requests with the same link: one of them sets its password.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_used_twice_at_once_sets_one_password() {
    let app = app().await;
    let other = app.another_node().await;
    let mail = mail(&app, 1).await;
    let passwords = ["first-Horse7-battery", "second-Horse7-battery"];
    let (one, two) =
        tokio::join!(by_link(&app, &mail, passwords[0]), by_link(&other, &mail, passwords[1]));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 401]);
    let winner = passwords[usize::from(two.status == 204)];
    assert_eq!(signs_in(&app, winner).await.status, 200);
    assert_eq!(messages(&app, "password_changed").await, 1);
    other.stop().await;
    app.finish().await;
}

#[tokio::test]
async fn a_user_changes_the_password_and_the_other_sessions_end() {
    let app = app().await;
    let elsewhere = signs_in(&app, OLD).await;
    let here = signs_in(&app, OLD).await;
    let me = app.as_user(&here.read::<Session>().access_token);
    let change = async |current: &str, new: &str| {
        me.put("/auth/password", &json!({ "current_password": current, "new_password": new })).await
    };
    change("Wrong-pass-1", NEW).await.assert_field("current_password");
    change(OLD, "Password1").await.assert_problem(422, "/problems/weak-password");
    // The link of a mail that somebody else asked for ends with the old password.
    let asked = mail(&app, 1).await;
    assert_eq!(change(OLD, NEW).await.status, 204);
    by_link(&app, &asked, OLD).await.assert_no_proof("token");
    for (session, status) in [(&here, 200), (&elsewhere, 401)] {
        let cookie = session
            .header("Set-Cookie")
            .expect("a cookie")
            .split(';')
            .next()
            .unwrap_or_default()
            .to_owned();
        let headers = [("Cookie", cookie.as_str())];
        let renewal = app.as_nobody().send(Method::POST, "/auth/refresh", None, &headers).await;
        assert_eq!(renewal.status, status);
    }
    signs_in(&app, OLD).await.assert_problem(401, "/problems/invalid-credentials");
    // Whoever has only a stolen access token does not guess the password.
    for _ in 0..MAX_TRIES {
        change("Wrong-pass-1", OLD).await.assert_field("current_password");
    }
    change(NEW, OLD).await.assert_field("current_password");
    app.finish().await;
}

/// A suspended account has a link from before.
#[tokio::test]
async fn a_suspended_account_gets_no_new_password() {
    let app = app().await;
    let mail = mail(&app, 1).await;
    let suspend = "UPDATE users SET status = 'suspended' WHERE email = 'ada@example.org'";
    app.app.base.db.run(suspend, vec![]).await.expect("the store takes it");
    by_link(&app, &mail, NEW).await.assert_no_proof("token");
    app.finish().await;
}

/// A mail that waited for longer than its link is valid is not sent.
#[tokio::test]
async fn a_mail_whose_link_has_expired_is_not_sent() {
    let app = app().await;
    forgets(&app, ADA).await;
    for _ in 0..LOOKS {
        if messages(&app, "password_reset").await == 1 {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let unsent = "UPDATE messages SET status = 'waiting', settled_at = NULL, due_at = 0";
    app.advance(HOUR).await;
    app.app.base.db.run(unsent, vec![]).await.expect("the store takes it");
    app.app.post.send_pass().await.expect("the pass runs");
    let unneeded = "SELECT COUNT(*) FROM messages WHERE status = 'unneeded'";
    assert_eq!(app.number(unneeded).await, 1);
    app.finish().await;
}
