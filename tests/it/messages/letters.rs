//! The texts of the mails, word by word: `letters/` contains them. `UPDATE_LETTERS=1` writes them anew.

use std::{fs, path::Path, time::Duration};

use holdfast::app::development::mail::KeptMail;
use holdfast_contract::accounts::Session;
use holdfast_domain::{access::Role, link::MAX_TRIES};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Event, seats_and_places},
    harness::{TestApp, at_the_beginning_of_an_hour, users_are_read_anew},
    mailbox::{mails, token_of},
    paid::{all_refunded, app_with_event},
};

/// Compares the mail with the file, after the parts that differ from run to run.
fn check(name: &str, mail: &KeptMail, changing: &[(&str, &str)]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/messages/letters");
    let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
    // Both forms have the same parts, so one document of HTML is enough.
    let html = (name == "confirmed.en").then(|| ("html", mail.html.clone()));
    for (form, text) in html.into_iter().chain([("txt", text)]) {
        let text = changing.iter().fold(text, |text, (from, to)| text.replace(from, to));
        let path = folder.join(format!("{name}.{form}"));
        if std::env::var("UPDATE_LETTERS").is_ok() {
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(&path, &text).expect("a file");
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(text, kept, "{}; UPDATE_LETTERS=1 writes it anew", path.display());
    }
}

async fn pays(app: &TestApp, event: &Event, language: &str, method: &str, to: &str) -> GuestBuyer {
    let seat = if language == "en" { 1 } else { 3 };
    let wish = seats_and_places(event, &[seat, seat + 1], 2);
    let buyer = GuestBuyer::holds(app, event, &wish).await;
    let body = buyer.pays_from(method, to);
    let headers = [("Idempotency-Key", "pays"), ("Accept-Language", language)];
    let caller = app.as_guest(&buyer.token);
    caller.send(Method::POST, "/bookings/confirm", Some(&body), &headers).await;
    buyer
}

/// Gives the event a name, a place, and a time in 2100.
async fn has_its_date(app: &TestApp) {
    let text = "UPDATE events SET name = 'Die Zauberflöte', place = 'Großes Haus', \
                time_zone = 'Europe/Berlin', starts_at = 4102506000000, ends_at = 4102516800000";
    use holdfast::kernel::db::Sql as _;
    app.app.base.db.run(text, vec![]).await.expect("the store works");
}

#[tokio::test]
async fn the_mails_say_what_they_should() {
    let (app, event) = app_with_event().await;
    has_its_date(&app).await;
    let mut to_cancel = Vec::new();
    for language in ["en", "fr"] {
        let to = format!("{language}@example.org");
        let declined = format!("declined-{to}");
        pays(&app, &event, language, "pm_card_chargeDeclined", &declined).await;
        app.at_rest().await;
        app.advance(Duration::from_secs(15 * 60)).await;
        let failed = mails(&app, &declined, 1).await.remove(0);
        let booking = app.number("SELECT COUNT(*) FROM bookings").await;
        assert!(booking > 0);
        check(
            &format!("failed.{language}"),
            &failed,
            &[(&reference(&failed), "HF-REFERENCE"), (&slug(&failed), "SLUG")],
        );
        let buyer = pays(&app, &event, language, "pm_card_visa", &to).await;
        let confirmed = mails(&app, &to, 1).await.remove(0);
        to_cancel.push((language, to, buyer, reference(&confirmed), confirmed));
    }
    for (language, to, buyer, reference, confirmed) in to_cancel {
        let token = token_of(&confirmed, &format!("/bookings/{reference}"));
        let changing = [(reference.as_str(), "HF-REFERENCE"), (token, "TOKEN")];
        check(&format!("confirmed.{language}"), &confirmed, &changing);
        let booking = buyer.gets(&app, &format!("/bookings/reference/{reference}")).await.booking();
        let one = json!({ "line_ids": [booking.lines[0].id] });
        let path = format!("/bookings/{}/cancel", booking.id);
        let cancelled = app.as_guest(&buyer.token).post(&path, &one).await;
        assert_eq!(cancelled.status, 200, "{}", cancelled.text);
        let told = mails(&app, &to, 2).await.remove(1);
        check(&format!("cancelled.{language}"), &told, &changing);
    }
    fixture::call_off(&app, &event).await;
    app.app.slices.cancellations.called_off_pass().await.expect("the pass runs");
    for language in ["en", "fr"] {
        let told = mails(&app, &format!("{language}@example.org"), 3).await.remove(2);
        let reference = reference(&told);
        check(&format!("called_off.{language}"), &told, &[(&reference, "HF-REFERENCE")]);
    }
    all_refunded(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn the_mails_with_links_to_bookings_say_what_they_should() {
    let (app, event) = app_with_event().await;
    has_its_date(&app).await;
    for language in ["en", "fr"] {
        let to = format!("{language}@example.org");
        let buyer = pays(&app, &event, language, "pm_card_visa", &to).await;
        let confirmed = mails(&app, &to, 1).await.remove(0);
        let reference = reference(&confirmed);
        let page = format!("/bookings/{reference}");
        let booking = buyer.gets(&app, &format!("/bookings/reference/{reference}")).await.booking();
        let (caller, headers) = (app.as_guest(&buyer.token), [("Accept-Language", language)]);
        let asked = format!("/bookings/{}/code", booking.id);
        assert_eq!(caller.send(Method::POST, &asked, None, &headers).await.status, 204);
        let told = mails(&app, &to, 2).await.remove(1);
        let code = told.text.lines().find_map(|line| line.strip_prefix("Code"));
        let code = code.expect("a code").trim_start_matches([':', ' ', '\u{a0}']).to_owned();
        let changing = [(reference.as_str(), "HF-REFERENCE"), (code.as_str(), "123456")];
        check(&format!("booking_code.{language}"), &told, &changing);
        let wanted = json!({ "email": to, "reference": reference });
        let asked = caller.send(Method::POST, "/bookings/lookup", Some(&wanted), &headers).await;
        assert_eq!(asked.status, 204, "{}", asked.text);
        let told = mails(&app, &to, 3).await.remove(2);
        let changing = [(reference.as_str(), "HF-REFERENCE"), (token_of(&told, &page), "TOKEN")];
        check(&format!("booking_links.{language}"), &told, &changing);
    }
    app.finish().await;
}

#[tokio::test]
async fn the_mail_about_a_moved_event_says_what_it_should() {
    let (app, event) = app_with_event().await;
    has_its_date(&app).await;
    let mut bought = Vec::new();
    for language in ["en", "fr"] {
        let to = format!("{language}@example.org");
        pays(&app, &event, language, "pm_card_visa", &to).await;
        let confirmed = mails(&app, &to, 1).await.remove(0);
        bought.push((language, to, reference(&confirmed)));
    }
    let admin = fixture::account(&app, "admin", Role::Admin, None).await;
    let later = json!({ "starts_at": "2100-01-02T18:30:00Z", "ends_at": "2100-01-02T23:30:00Z" });
    let moved = fixture::edit(&app.as_user(&admin), &event.path(""), later).await;
    assert_eq!(moved.status, 200, "{}", moved.text);
    app.at_rest().await;
    app.advance(Duration::from_secs(5 * 60)).await;
    app.app.slices.moves.tell_pass().await.expect("the pass runs");
    for (language, to, reference) in bought {
        let told = mails(&app, &to, 2).await.remove(1);
        let token = token_of(&told, &format!("/bookings/{reference}"));
        let changing = [(reference.as_str(), "HF-REFERENCE"), (token, "TOKEN")];
        check(&format!("moved.{language}"), &told, &changing);
    }
    app.finish().await;
}

/// The reference that the mail names.
fn reference(mail: &KeptMail) -> String {
    let at = mail.text.find("HF-").expect("a reference");
    mail.text[at..at + 11].to_owned()
}

/// The event's name in the first link.
fn slug(mail: &KeptMail) -> String {
    mail.links[0].rsplit('/').next().expect("a slug").to_owned()
}

/// Checks a mail with a link and a code, and returns the link's token.
fn checked_link(name: &str, mail: &KeptMail, page: &str) -> String {
    let token = token_of(mail, page);
    let code = mail.text.lines().find_map(|line| {
        let value = line.strip_prefix("Code")?.trim_start_matches([':', ' ', '\u{a0}']);
        (value.len() == 6).then_some(value)
    });
    check(name, mail, &[(token, "TOKEN"), (code.expect("a code"), "123456")]);
    token.to_owned()
}

/// The mails about an account. The link and the code differ from run to run.
#[tokio::test]
async fn the_mails_about_accounts_say_what_they_should() {
    let app = TestApp::start().await;
    for language in ["en", "fr"] {
        let to = format!("{language}@example.org");
        let account = json!({ "email": to, "password": "Demo-pass-1", "first_name": "Ada",
                              "last_name": "", "locale": language });
        assert_eq!(app.post("/auth/register", &account).await.status, 204);
        let activation = mails(&app, &to, 1).await.remove(0);
        let token = checked_link(&format!("activation.{language}"), &activation, "/activate");
        let body = json!({ "token": token, "password": "Demo-pass-1", "first_name": "Ada" });
        assert_eq!(app.post("/auth/activate", &body).await.status, 200);
        let welcome = mails(&app, &to, 2).await.remove(1);
        check(&format!("welcome.{language}"), &welcome, &[]);
        app.post("/auth/register", &account).await;
        let known = mails(&app, &to, 3).await.remove(2);
        check(&format!("account_known.{language}"), &known, &[]);
        app.post("/auth/password/forgot", &json!({ "email": to })).await;
        let reset = mails(&app, &to, 4).await.remove(3);
        let token = checked_link(&format!("password_reset.{language}"), &reset, "/reset");
        let body = json!({ "token": token, "password": "correct-Horse7-battery" });
        assert_eq!(app.post("/auth/password/reset", &body).await.status, 204);
        let changed = mails(&app, &to, 5).await.remove(4);
        check(&format!("password_changed.{language}"), &changed, &[]);
        the_mails_about_an_address(&app, language, &to).await;
    }
    app.finish().await;
}

#[tokio::test]
async fn the_mail_about_guessed_passwords_says_what_it_should() {
    let app = TestApp::start().await;
    at_the_beginning_of_an_hour(&app).await;
    for language in ["en", "fr"] {
        let to = format!("{language}@example.org");
        let token = fixture::account(&app, language, Role::Customer, None).await;
        let locale = json!({ "locale": language });
        assert_eq!(app.as_user(&token).patch("/auth/profile", &locale).await.status, 200);
        let guess = json!({ "email": to, "password": "Wrong-pass-1" });
        for _ in 0..=MAX_TRIES {
            app.post("/auth/login", &guess).await;
        }
        let refused = mails(&app, &to, 1).await.remove(0);
        check(&format!("sign_ins_refused.{language}"), &refused, &[]);
    }
    app.finish().await;
}

/// The mails about organizations: an approval, a refusal and an invitation.
#[tokio::test]
async fn the_mails_about_organizations_say_what_they_should() {
    let app = TestApp::start().await;
    let admin = fixture::account(&app, "admin", Role::Admin, None).await;
    for language in ["en", "fr"] {
        let (to, invited) =
            (format!("{language}@example.org"), format!("{language}-guest@example.org"));
        let owner = fixture::account(&app, language, Role::Customer, None).await;
        let me = app.as_user(&owner);
        assert_eq!(me.patch("/auth/profile", &json!({ "locale": language })).await.status, 200);
        let new =
            json!({ "name": "Parc", "legal_name": "Parc Ltd", "contact_email": "a@parc.example" });
        let decide = async |decision| {
            let id = me.post("/organizations", &new).await.id();
            let path = format!("/admin/organizations/{id}");
            assert_eq!(app.as_user(&admin).patch(&path, &decision).await.status, 200);
            id
        };
        decide(json!({ "status": "refused", "reason": "We do not know the company." })).await;
        let refused = mails(&app, &to, 1).await.remove(0);
        check(&format!("organization_refused.{language}"), &refused, &[]);
        let id = decide(json!({ "status": "active" })).await;
        let approved = mails(&app, &to, 2).await.remove(1);
        check(&format!("organization_approved.{language}"), &approved, &[]);
        users_are_read_anew().await;
        let body = json!({ "email": invited, "role": "viewer" });
        let headers = [("Accept-Language", language)];
        let path = format!("/organizations/{id}/invitations");
        let sent = me.send(Method::POST, &path, Some(&body), &headers).await;
        assert_eq!(sent.status, 200, "{}", sent.text);
        let mail = mails(&app, &invited, 1).await.remove(0);
        check(
            &format!("invitation.{language}"),
            &mail,
            &[(token_of(&mail, "/invitation"), "TOKEN")],
        );
    }
    app.finish().await;
}

/// Changes the address of a user, and then erases the account.
async fn the_mails_about_an_address(app: &TestApp, language: &str, before: &str) {
    const PASSWORD: &str = "correct-Horse7-battery";
    let after = format!("new-{before}");
    let credentials = json!({ "email": before, "password": PASSWORD });
    let session = app.post("/auth/login", &credentials).await.read::<Session>();
    let me = app.as_user(&session.access_token);
    let wish = json!({ "email": after, "current_password": PASSWORD });
    assert_eq!(me.post("/auth/email", &wish).await.status, 204);
    let mail = mails(app, &after, 1).await.remove(0);
    let token = checked_link(&format!("email_change.{language}"), &mail, "/email");
    let proof = json!({ "token": token });
    assert_eq!(app.post("/auth/email/confirm", &proof).await.status, 204);
    let told = mails(app, &after, 2).await.remove(1);
    check(&format!("email_changed.{language}"), &told, &[]);
    let told = mails(app, before, 6).await.remove(5);
    check(&format!("email_replaced.{language}"), &told, &[(token_of(&told, "/email"), "TOKEN")]);
    let body = json!({ "current_password": PASSWORD });
    let erased = me.send(Method::DELETE, "/auth/profile", Some(&body), &[]).await;
    assert_eq!(erased.status, 204, "{}", erased.text);
    let told = mails(app, &after, 1).await.remove(0);
    check(&format!("account_erased.{language}"), &told, &[]);
}
