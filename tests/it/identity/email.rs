//! A user's address: how it is changed, who learns of it, and how the change is taken back.

use std::time::Duration;

use holdfast::{app::development::mail::KeptMail, kernel::db::Sql as _};
use holdfast_contract::accounts::{Profile, Session};
use holdfast_domain::{access::Role, link::MAX_TRIES};
use serde_json::{Value, json};

use crate::support::{
    answer::Answer,
    fixture::account,
    harness::{TestApp, at_the_beginning_of_an_hour},
    mailbox::{code_of, mails, token_of},
};

const ADA: &str = "ada@example.org";
const NEW: &str = "lovelace@example.org";
const PASSWORD: &str = "Demo-pass-1";
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A server with the user Ada, and her access token.
async fn app() -> (TestApp, String) {
    let app = TestApp::start().await;
    at_the_beginning_of_an_hour(&app).await;
    let token = account(&app, "ada", Role::Customer, None).await;
    (app, token)
}

async fn asks(app: &TestApp, token: &str, email: &str) -> Answer {
    let body = json!({ "email": email, "current_password": PASSWORD });
    app.as_user(token).post("/auth/email", &body).await
}

/// Asks for another address, and waits for the mail with this number among the mails to it.
async fn mail_to(app: &TestApp, token: &str, email: &str, number: usize) -> KeptMail {
    let asked = asks(app, token, email).await;
    assert_eq!((asked.status, asked.text.as_str()), (204, ""));
    mails(app, email, number).await.remove(number - 1)
}

async fn proves(app: &TestApp, proof: &Value) -> Answer {
    app.post("/auth/email/confirm", proof).await
}

fn link(mail: &KeptMail) -> Value {
    json!({ "token": token_of(mail, "/email") })
}

async fn changes(app: &TestApp, token: &str, email: &str, number: usize) -> KeptMail {
    let mail = mail_to(app, token, email, number).await;
    let changed = proves(app, &link(&mail)).await;
    assert_eq!((changed.status, changed.text.as_str()), (204, ""));
    mail
}

async fn signs_in(app: &TestApp, email: &str) -> u16 {
    app.post("/auth/login", &json!({ "email": email, "password": PASSWORD })).await.status
}

async fn address_of(app: &TestApp, token: &str) -> String {
    app.as_user(token).get("/auth/profile").await.read::<Profile>().email
}

#[tokio::test]
async fn a_new_address_counts_once_it_is_proved_and_both_addresses_are_told() {
    let (app, token) = app().await;
    // A link to the former address ends with it.
    app.post("/auth/password/forgot", &json!({ "email": ADA })).await;
    let reset = mails(&app, ADA, 1).await.remove(0);
    let mail = mail_to(&app, &token, NEW, 1).await;
    assert_eq!(address_of(&app, &token).await, ADA, "until it is proved");
    assert_eq!((signs_in(&app, NEW).await, signs_in(&app, ADA).await), (401, 200));
    assert_eq!(proves(&app, &link(&mail)).await.status, 204);
    assert_eq!(address_of(&app, &token).await, NEW, "the session goes on");
    assert_eq!((signs_in(&app, NEW).await, signs_in(&app, ADA).await), (200, 401));
    let again = proves(&app, &link(&mail)).await;
    again.assert_problem(401, "/problems/invalid-credentials");
    again.assert_field("token");
    let body = json!({ "token": token_of(&reset, "/reset"), "password": "correct-Horse7-battery" });
    assert_eq!(app.post("/auth/password/reset", &body).await.status, 401);
    assert_eq!(mails(&app, NEW, 2).await[1].subject, "Your address was changed");
    assert_eq!(mails(&app, ADA, 2).await[1].subject, "Your address was changed");
    let audit = "SELECT COUNT(*) FROM audit WHERE action = 'email.change' AND detail LIKE '%@%'";
    assert_eq!(app.number(audit).await, 0, "the audit log names no address");
    let audit = "SELECT COUNT(*) FROM audit WHERE action = 'email.change'";
    assert_eq!(app.number(audit).await, 1);
    app.finish().await;
}

#[tokio::test]
async fn a_code_proves_a_new_address_and_is_not_guessed() {
    let (app, token) = app().await;
    let mail = mail_to(&app, &token, NEW, 1).await;
    let right = json!({ "email": ADA, "code": code_of(&mail) });
    let wrong = if code_of(&mail) == "000000" { "000001" } else { "000000" };
    for _ in 0..MAX_TRIES {
        let guess = proves(&app, &json!({ "email": ADA, "code": wrong })).await;
        guess.assert_problem(401, "/problems/invalid-credentials");
        guess.assert_field("code");
    }
    assert_eq!(proves(&app, &right).await.status, 401, "too many tries");
    app.advance(HOUR).await;
    assert_eq!(proves(&app, &right).await.status, 401, "the code has expired");
    let token = app.post("/auth/login", &json!({ "email": ADA, "password": PASSWORD })).await;
    let token = token.read::<Session>().access_token;
    let mail = mail_to(&app, &token, NEW, 2).await;
    let right = json!({ "email": ADA, "code": code_of(&mail) });
    assert_eq!(proves(&app, &right).await.status, 204);
    assert_eq!(address_of(&app, &token).await, NEW);
    app.finish().await;
}

#[tokio::test]
async fn only_a_good_address_and_the_password_get_a_mail() {
    let (app, token) = app().await;
    let me = app.as_user(&token);
    let ask = async |email: &str, password: &str| {
        me.post("/auth/email", &json!({ "email": email, "current_password": password })).await
    };
    ask("x", PASSWORD).await.assert_field("email");
    ask("ADA@example.org", PASSWORD).await.assert_field("email");
    ask(NEW, "Wrong-pass-1").await.assert_field("current_password");
    app.post("/auth/email", &json!({ "email": NEW, "current_password": PASSWORD }))
        .await
        .assert_problem(401, "/problems/unauthorized");
    assert_eq!(app.number("SELECT COUNT(*) FROM messages").await, 0);
    for proof in
        [json!({}), json!({ "email": ADA }), json!({ "token": "x", "email": ADA, "code": "1" })]
    {
        proves(&app, &proof).await.assert_field("token");
    }
    app.finish().await;
}

/// Nobody learns from the answer whether an address has an account.
#[tokio::test]
async fn the_address_of_another_account_tells_only_its_owner() {
    let (app, token) = app().await;
    account(&app, "eve", Role::Customer, None).await;
    let asked = asks(&app, &token, "Eve@example.org").await;
    assert_eq!((asked.status, asked.text.as_str()), (204, ""));
    let told = mails(&app, "eve@example.org", 1).await.remove(0);
    assert_eq!(told.subject, "You have an account");
    // Whoever proves the address first has it.
    let first = mail_to(&app, &token, NEW, 1).await;
    let other = account(&app, "grace", Role::Customer, None).await;
    let second = mail_to(&app, &other, NEW, 2).await;
    assert_eq!(proves(&app, &link(&second)).await.status, 204);
    proves(&app, &link(&first)).await.assert_problem(401, "/problems/invalid-credentials");
    assert_eq!(address_of(&app, &token).await, ADA);
    app.finish().await;
}

/// Somebody has registered with the address and never proved it.
#[tokio::test]
async fn who_proves_an_address_takes_it_from_an_account_that_was_never_activated() {
    let (app, token) = app().await;
    let stranger =
        json!({ "email": NEW, "password": PASSWORD, "first_name": "S", "last_name": "" });
    assert_eq!(app.post("/auth/register", &stranger).await.status, 204);
    let activation = mails(&app, NEW, 1).await.remove(0);
    changes(&app, &token, NEW, 2).await;
    assert_eq!(address_of(&app, &token).await, NEW);
    let late = json!({ "token": token_of(&activation, "/activate"), "password": PASSWORD,
                       "first_name": "S" });
    assert_eq!(app.post("/auth/activate", &late).await.status, 401);
    assert_eq!(app.number("SELECT COUNT(*) FROM users").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn the_owner_of_the_former_address_takes_the_change_back() {
    let (app, token) = app().await;
    changes(&app, &token, NEW, 1).await;
    let told = mails(&app, ADA, 1).await.remove(0);
    // The robber goes nowhere else as long as the link works.
    let refused = asks(&app, &token, "robber@example.org").await;
    refused.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(refused.body["reasons"], json!(["changed-lately"]));
    app.advance(71 * HOUR).await;
    assert_eq!(proves(&app, &link(&told)).await.status, 204);
    let sessions = "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL";
    assert_eq!(app.number(sessions).await, 0);
    assert_eq!((signs_in(&app, ADA).await, signs_in(&app, NEW).await), (401, 401));
    let reset = mails(&app, ADA, 2).await.remove(1);
    let body = json!({ "token": token_of(&reset, "/reset"), "password": PASSWORD });
    assert_eq!(app.post("/auth/password/reset", &body).await.status, 204);
    assert_eq!(signs_in(&app, ADA).await, 200);
    assert_eq!(proves(&app, &link(&told)).await.status, 401, "once");
    // Whoever has lost the account learns of it, and gets no link.
    let lost = mails(&app, NEW, 3).await.remove(2);
    assert_eq!(lost.subject, "Your address was changed");
    assert_leads_nowhere(&lost);
    app.finish().await;
}

/// Expects that the mail has no link with a token.
fn assert_leads_nowhere(mail: &KeptMail) {
    assert!(mail.links.iter().all(|link| !link.contains('#')), "{:?}", mail.links);
}

/// The owner of a robbed account goes back to the former address on the account page: the robber gets no link.
#[tokio::test]
async fn an_address_is_changed_and_changed_back_and_only_the_first_owner_has_a_way_back() {
    let (app, token) = app().await;
    changes(&app, &token, NEW, 1).await;
    let first = mails(&app, ADA, 1).await.remove(0);
    changes(&app, &token, ADA, 2).await;
    assert_eq!(address_of(&app, &token).await, ADA);
    assert_eq!(mails(&app, ADA, 3).await[2].subject, "Your address was changed");
    assert_eq!(proves(&app, &link(&first)).await.status, 401, "it leads nowhere else");
    assert_leads_nowhere(&mails(&app, NEW, 3).await[2]);
    // After that, the address can be changed again, with a new way back.
    changes(&app, &token, "countess@example.org", 1).await;
    let last = mails(&app, ADA, 4).await.remove(3);
    app.advance(72 * HOUR).await;
    assert_eq!(proves(&app, &link(&last)).await.status, 401, "after three days");
    app.finish().await;
}

/// A robber has asked for another address, and the owner sets a new password before the robber proves it.
#[tokio::test]
async fn a_new_password_ends_a_wish_for_another_address() {
    const FRESH: &str = "correct-Horse7-battery";
    let (app, token) = app().await;
    let mail = mail_to(&app, &token, NEW, 1).await;
    let body = json!({ "current_password": PASSWORD, "new_password": FRESH });
    assert_eq!(app.as_user(&token).put("/auth/password", &body).await.status, 204);
    assert_eq!(proves(&app, &link(&mail)).await.status, 401);
    let wish = json!({ "email": "other@example.org", "current_password": FRESH });
    assert_eq!(app.as_user(&token).post("/auth/email", &wish).await.status, 204);
    let mail = mails(&app, "other@example.org", 1).await.remove(0);
    app.post("/auth/password/forgot", &json!({ "email": ADA })).await;
    let reset = mails(&app, ADA, 2).await.remove(1);
    let body = json!({ "token": token_of(&reset, "/reset"), "password": PASSWORD });
    assert_eq!(app.post("/auth/password/reset", &body).await.status, 204);
    assert_eq!(proves(&app, &link(&mail)).await.status, 401);
    assert_eq!(address_of(&app, &token).await, ADA);
    app.finish().await;
}

/// A wish for a taken address ends the wish before, as any other: the pause between two mails tells nothing.
#[tokio::test]
async fn the_pause_between_mails_does_not_tell_which_address_is_taken() {
    let (app, token) = app().await;
    account(&app, "eve", Role::Customer, None).await;
    for taken in ["eve@example.org", "free@example.org"] {
        let mine = format!("mine-{taken}");
        mail_to(&app, &token, &mine, 1).await;
        asks(&app, &token, taken).await;
        mail_to(&app, &token, &mine, 2).await;
    }
    app.finish().await;
}

/// Many accounts ask for a stranger's address.
#[tokio::test]
async fn a_stranger_gets_few_mails_whoever_asks_for_them() {
    let (app, token) = app().await;
    let other = account(&app, "grace", Role::Customer, None).await;
    for number in 0..8 {
        let by = if number % 2 == 0 { &token } else { &other };
        assert_eq!(asks(&app, by, "stranger@example.org").await.status, 204);
        app.advance(Duration::from_secs(61)).await;
    }
    mails(&app, "stranger@example.org", 5).await;
    let all = "SELECT COUNT(*) FROM messages WHERE kind = 'email_change'";
    assert_eq!(app.number(all).await, 5);
    app.finish().await;
}

/// A user asks for one address and then for another: only the last mail counts.
#[tokio::test]
async fn a_second_wish_replaces_the_first() {
    let (app, token) = app().await;
    let first = mail_to(&app, &token, NEW, 1).await;
    let second = mail_to(&app, &token, "countess@example.org", 1).await;
    assert_eq!(proves(&app, &link(&first)).await.status, 401);
    assert_eq!(proves(&app, &link(&second)).await.status, 204);
    assert_eq!(address_of(&app, &token).await, "countess@example.org");
    app.finish().await;
}

/// A suspended user has a link from before.
#[tokio::test]
async fn a_suspended_user_gets_no_new_address() {
    let (app, token) = app().await;
    let mail = mail_to(&app, &token, NEW, 1).await;
    let suspend = "UPDATE users SET status = 'suspended' WHERE email = 'ada@example.org'";
    app.app.base.db.run(suspend, vec![]).await.expect("the store takes it");
    assert_eq!(proves(&app, &link(&mail)).await.status, 401);
    app.finish().await;
}
