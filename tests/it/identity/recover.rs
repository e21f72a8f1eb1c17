//! New passwords: by the link or the code of a mail, and by the present password.

use std::time::Duration;

use futures_util::future::join_all;
use holdfast::{
    app::development::mail::KeptMail,
    identity::{
        accounts::{log_in::LogInError, sign_in_tries::SignInSender},
        sessions::Device,
    },
    kernel::db::Sql as _,
};
use holdfast_contract::accounts::Session;
use holdfast_domain::{access::Role, link::MAX_TRIES, session::SessionLength};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    answer::Answer,
    fixture::account,
    harness::{TestApp, at_the_beginning_of_an_hour},
    mailbox::{code_of as code, mails, token_of},
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
    token_of(mail, "/reset")
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
    app.advance(31 * MINUTE).await;
    let second = mail(&app, 2).await;
    assert_ne!(code(&second), code(&first));
    by_code(&app, code(&second), NEW).await.assert_no_proof("code");
    // Whoever tries codes keeps no signed-in user from changing the password.
    let session = signs_in(&app, OLD).await.read::<Session>();
    let body = json!({ "current_password": OLD, "new_password": OLD });
    let wrong = json!({ "current_password": NEW, "new_password": OLD });
    let me = app.as_user(&session.access_token);
    me.put("/auth/password", &wrong).await.assert_field("current_password");
    // The link of the mail is no guess.
    assert_eq!(by_link(&app, &second, NEW).await.status, 204);
    let gone = me.put("/auth/password", &body).await;
    gone.assert_field("current_password");
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

/// Whoever asks for mails in somebody's name ends no link that its user is about to open.
#[tokio::test]
async fn the_next_mail_comes_after_a_pause_with_the_same_link_while_it_is_fresh() {
    let app = app().await;
    let first = mail(&app, 1).await;
    for _ in 0..5 {
        forgets(&app, ADA).await;
    }
    app.advance(MINUTE).await;
    let second = mail(&app, 2).await;
    assert_eq!(messages(&app, "password_reset").await, 2);
    assert_eq!((token(&first), code(&first)), (token(&second), code(&second)));
    for number in 3..=5 {
        app.advance(MINUTE).await;
        mail(&app, number).await;
    }
    // Five mails with one link are enough.
    app.advance(MINUTE).await;
    forgets(&app, ADA).await;
    app.advance(25 * MINUTE).await;
    let next = mail(&app, 6).await;
    assert_eq!(messages(&app, "password_reset").await, 6);
    assert_ne!(token(&next), token(&first));
    by_link(&app, &first, NEW).await.assert_no_proof("token");
    assert_eq!(by_link(&app, &next, NEW).await.status, 204);
    app.finish().await;
}

/// Two nodes are asked at once, and again after the link has expired unused.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_send_one_mail() {
    let app = app().await;
    let other = app.another_node().await;
    for number in 1..=2 {
        join_all((0..8).map(|n| forgets(if n % 2 == 0 { &app } else { &other }, ADA))).await;
        mails(&app, ADA, number).await;
        assert_eq!(
            app.number("SELECT COUNT(*) FROM account_links").await,
            i64::try_from(number).expect("few")
        );
        app.advance(HOUR).await;
    }
    other.stop().await;
    app.finish().await;
}

#[tokio::test]
async fn a_link_is_valid_for_an_hour() {
    let app = app().await;
    let first = mail(&app, 1).await;
    let (start, last) = token(&first).split_at(token(&first).len() - 1);
    let made_up = format!("{start}{}", if last == "0" { "1" } else { "0" });
    let other_id = token(&first).replacen("hl1.password_reset.0", "hl1.password_reset.1", 1);
    for token in [made_up.as_str(), other_id.as_str()] {
        resets(&app, json!({ "token": token }), NEW).await.assert_no_proof("token");
    }
    app.advance(HOUR).await;
    by_link(&app, &first, NEW).await.assert_no_proof("token");
    for token in ["", "x", "hl1.password_reset.x", made_up.as_str()] {
        resets(&app, json!({ "token": token }), NEW).await.assert_no_proof("token");
    }
    for proof in
        [json!({}), json!({ "email": ADA }), json!({ "token": "x", "email": ADA, "code": "1" })]
    {
        resets(&app, proof, NEW).await.assert_field("token");
    }
    app.advance(31 * 24 * HOUR + MINUTE).await;
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
    at_the_beginning_of_an_hour(&app).await;
    let elsewhere = signs_in(&app, OLD).await;
    let here = signs_in(&app, OLD).await;
    let me = app.as_user(&here.read::<Session>().access_token);
    let change = async |current: &str, new: &str| {
        me.put("/auth/password", &json!({ "current_password": current, "new_password": new })).await
    };
    change("Wrong-pass-1", NEW).await.assert_field("current_password");
    let weak = change(OLD, "Password1").await;
    weak.assert_problem(422, "/problems/weak-password");
    weak.assert_field("new_password");
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
    let refused = change(NEW, OLD).await;
    refused.assert_problem(429, "/problems/too-many-requests");
    assert_eq!(refused.header("Retry-After"), Some("3600"));
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
    app.until("SELECT COUNT(*) FROM messages WHERE kind = 'password_reset'", 1).await;
    let unsent = "UPDATE messages SET status = 'waiting', settled_at = NULL, due_at = 0";
    app.advance(HOUR).await;
    app.app.base.db.run(unsent, vec![]).await.expect("the store takes it");
    app.app.post.send_pass().await.expect("the pass runs");
    let unneeded = "SELECT COUNT(*) FROM messages WHERE status = 'unneeded'";
    assert_eq!(app.number(unneeded).await, 1);
    app.finish().await;
}

/// While a password is checked, its user sets a new one: the sign-in and the change come too late.
#[tokio::test(flavor = "multi_thread")]
async fn who_checked_the_old_password_gets_neither_a_session_nor_a_new_password() {
    let app = app().await;
    let accounts = app.app.slices.accounts.clone();
    let credentials = holdfast_contract::accounts::Credentials {
        email: ADA.to_owned(),
        password: OLD.to_owned(),
        remember: true,
    };
    let sender = SignInSender::default();
    let signed_in = accounts.log_in(credentials, &sender).await.expect("the password");
    let token = signs_in(&app, OLD).await.read::<Session>().access_token;
    let reset = mail(&app, 1).await;
    assert_eq!(by_link(&app, &reset, NEW).await.status, 204);
    let device = Device { agent: String::new(), address: None };
    let late = accounts.begin_session(signed_in, SessionLength::Remembered, device, None).await;
    assert!(matches!(late, Err(LogInError::Wrong)), "{late:?}");
    let body = json!({ "current_password": OLD, "new_password": "another-Horse7-battery" });
    app.as_user(&token).put("/auth/password", &body).await.assert_field("current_password");
    assert_eq!(app.number("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, 0);
    assert_eq!(signs_in(&app, NEW).await.status, 200);
    app.finish().await;
}

/// Many changes at once by the same password: one of them is done.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_changes_at_once_one_is_done() {
    let app = app().await;
    let token = signs_in(&app, OLD).await.read::<Session>().access_token;
    let me = app.as_user(&token);
    let changes = (0..4).map(|n| {
        let body = json!({ "current_password": OLD, "new_password": format!("{n}-Horse7-battery-staple") });
        let me = &me;
        async move { me.put("/auth/password", &body).await.status }
    });
    let mut statuses = join_all(changes).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 400, 400, 400]);
    assert_eq!(messages(&app, "password_changed").await, 1);
    app.finish().await;
}
