//! The export of a user's data, and the erasure of an account: the books stay, and nothing names the person.

use std::{io::Cursor, time::Duration};

use holdfast::kernel::db::{Dialect, Sql as _};
use holdfast_contract::{accounts::Session, bookings::Booking};
use holdfast_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::support::{
    answer::Answer,
    fixture::{Event, acceptance, account, app_with_event, seats},
    harness::{LOOK_EVERY, LOOKS, TestApp},
    mailbox::{mails, token_of},
};

const ADDRESS: &str = "zerafine@example.org";
const PASSWORD: &str = "Demo-pass-1";
/// Parts of texts by which the person can be found.
const TRACES: [&str; 3] = ["zerafine", "Quibble", "whistle"];
const FAREWELL: &str = "Your account was erased";
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A user with names that nobody else has, who has proved the address.
async fn zerafine(app: &TestApp) -> String {
    let body = json!({ "email": ADDRESS, "password": PASSWORD, "first_name": "Quibble",
                       "last_name": "Whistle" });
    assert_eq!(app.post("/auth/register", &body).await.status, 204);
    let mail = mails(app, ADDRESS, 1).await.remove(0);
    let proof = json!({ "token": token_of(&mail, "/activate"), "password": PASSWORD,
                        "first_name": "Quibble", "last_name": "Whistle",
                        "accepted": acceptance(app).await });
    let session = app.post("/auth/activate", &proof).await;
    session.read::<Session>().access_token
}

async fn pays(app: &TestApp, event: &Event, token: &str, method: &str, seat: i32) -> Answer {
    let me = app.as_user(token);
    let held = me.post(&event.reservations(), &seats(&[seat])).await.reservation();
    let body = json!({ "reservation_ids": [held.id], "payment": { "method": method },
                       "email": "friend-of-zerafine@example.org",
                       "accepted": acceptance(app).await });
    let key = format!("{method}-{seat}");
    let headers = [("Idempotency-Key", key.as_str())];
    me.send(Method::POST, "/bookings/confirm", Some(&body), &headers).await
}

async fn books(app: &TestApp, event: &Event, token: &str, seat: i32) -> Booking {
    pays(app, event, token, "pm_card_visa", seat).await.booking()
}

async fn erases(app: &TestApp, token: &str, password: &str) -> Answer {
    let body = json!({ "current_password": password });
    let me = app.as_user(token);
    me.send(Method::DELETE, "/auth/profile", Some(&body), &[]).await
}

/// Each row of the database as text, with its table.
async fn everything(app: &TestApp) -> Vec<(String, String)> {
    let db = &app.app.base.db;
    let dialect = db.writing().dialect();
    let tables = match dialect {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
        Dialect::Postgres => {
            "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema()"
        }
    };
    let tables: Vec<String> = db.values(tables, vec![]).await.expect("the tables");
    let mut rows = Vec::new();
    for table in tables {
        let text = match dialect {
            Dialect::Postgres => format!("SELECT CAST(t AS text) FROM \"{table}\" t"),
            Dialect::Sqlite => {
                let columns = format!("SELECT name FROM pragma_table_info('{table}')");
                let columns: Vec<String> = db.values(&columns, vec![]).await.expect("columns");
                let quoted: Vec<_> = columns.iter().map(|it| format!("quote(\"{it}\")")).collect();
                format!("SELECT {} FROM \"{table}\"", quoted.join(" || ',' || "))
            }
        };
        let found: Vec<String> = db.values(&text, vec![]).await.expect("the rows");
        rows.extend(found.into_iter().map(|row| (table.clone(), row)));
    }
    rows
}

/// The rows that name the person. The mail that tells of the erasure has left the house.
async fn traces(app: &TestApp) -> Vec<(String, String)> {
    let mut rows = everything(app).await;
    rows.retain(|(table, row)| {
        !(table == "kept_mails" && row.contains(FAREWELL))
            && TRACES.iter().any(|trace| row.to_lowercase().contains(&trace.to_lowercase()))
    });
    rows
}

#[tokio::test]
async fn an_erasure_leaves_the_books_and_no_trace_of_the_person() {
    let (app, event) = app_with_event().await;
    let token = zerafine(&app).await;
    let booking = books(&app, &event, &token, 1).await;
    assert_eq!(pays(&app, &event, &token, "pm_card_chargeDeclined", 2).await.status, 402);
    app.at_rest().await;
    let me = app.as_user(&token);
    me.patch("/auth/profile", &json!({ "last_name": "Whistler" })).await;
    let wish = json!({ "email": "other-zerafine@example.org", "current_password": PASSWORD });
    assert_eq!(me.post("/auth/email", &wish).await.status, 204);
    app.post("/auth/password/forgot", &json!({ "email": ADDRESS })).await;
    // An organization has invited the person, who has joined, and the person has applied for another one.
    let admin = account(&app, "admin", Role::Admin, None).await;
    let admin = app.as_user(&admin);
    let new = json!({ "name": "Quibble Hall", "legal_name": "Hall", "contact_email": ADDRESS });
    let of_others =
        json!({ "name": "Hall", "legal_name": "Hall", "contact_email": "a@hall.example" });
    let hall = admin.post("/organizations", &of_others).await.id();
    let body = json!({ "email": ADDRESS, "role": "viewer" });
    let invited = admin.post(&format!("/organizations/{hall}/invitations"), &body).await;
    assert_eq!(invited.status, 200, "{}", invited.text);
    let invitation = mails(&app, ADDRESS, 4).await.remove(3);
    let proof = json!({ "token": token_of(&invitation, "/invitation") });
    assert_eq!(me.post("/invitations/accept", &proof).await.status, 200);
    let applied = me.post("/organizations", &new).await;
    assert_eq!(applied.status, 201, "{}", applied.text);
    // The address is also in the booking of a guest.
    let guest = app.post(&event.reservations(), &seats(&[3])).await;
    let body = json!({ "reservation_ids": [guest.reservation().id], "email": ADDRESS,
                       "payment": { "method": "pm_card_visa" } });
    let headers = [("Idempotency-Key", "a-guest")];
    let as_guest = app.as_guest(&guest.guest_token());
    let bought = as_guest.send(Method::POST, "/bookings/confirm", Some(&body), &headers).await;
    assert_eq!(bought.status, 201, "{}", bought.text);
    app.at_rest().await;
    // No mail is on its way, except the one about the declined card, which waits.
    for (to, many) in
        [(ADDRESS, 5), ("other-zerafine@example.org", 1), ("friend-of-zerafine@example.org", 1)]
    {
        mails(&app, to, many).await;
    }
    assert!(traces(&app).await.len() > 10, "the person is found where they are");

    erases(&app, &token, "Wrong-pass-1").await.assert_field("current_password");
    let erased = erases(&app, &token, PASSWORD).await;
    assert_eq!((erased.status, erased.text.as_str()), (204, ""));
    assert!(erased.header("Set-Cookie").is_some_and(|set| set.contains("Max-Age=0")));
    let farewell = mails(&app, ADDRESS, 1).await.remove(0);
    assert_eq!(farewell.subject, FAREWELL);
    // The guest's own idempotency key answers the guest alone, and is forgotten after two days.
    let mut left = traces(&app).await;
    for _ in 0..LOOKS {
        left.retain(|(table, _)| table != "idempotency_keys");
        if left.is_empty() {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
        left = traces(&app).await;
    }
    assert!(left.is_empty(), "{left:#?}");
    app.advance(3 * DAY).await;
    holdfast::kernel::idempotency::retention_pass(&app.app.base.db).await.expect("the pass runs");
    assert_eq!(traces(&app).await, []);

    app.as_user(&token).get("/bookings/me").await.assert_problem(401, "/problems/unauthorized");
    let credentials = json!({ "email": ADDRESS, "password": PASSWORD });
    app.post("/auth/login", &credentials)
        .await
        .assert_problem(401, "/problems/invalid-credentials");
    let kept = format!("SELECT COUNT(*) FROM bookings WHERE reference = '{}'", booking.reference);
    assert_eq!(app.number(&kept).await, 1);
    let valid = "SELECT COUNT(*) FROM tickets WHERE status = 'valid'";
    assert_eq!(app.number(valid).await, 2);
    let accepted = "SELECT COUNT(*) FROM acceptances";
    assert_eq!(app.number(accepted).await, 3, "of the registration and both checkouts");
    let audit = "SELECT COUNT(*) FROM audit WHERE action = 'account.erase'";
    assert_eq!(app.number(audit).await, 1);
    // The address is free again.
    let body =
        json!({ "email": ADDRESS, "password": PASSWORD, "first_name": "Z", "last_name": "" });
    assert_eq!(app.post("/auth/register", &body).await.status, 204);
    mails(&app, ADDRESS, 2).await;
    app.finish().await;
}

#[tokio::test]
async fn an_erasure_waits_for_payments_and_leaves_no_organization_without_an_owner() {
    let (app, event) = app_with_event().await;
    let refused = async |token: &str, reason: &str| {
        let refused = erases(&app, token, PASSWORD).await;
        refused.assert_problem(409, "/problems/illegal-transition");
        assert_eq!(refused.body["reasons"], json!([reason]));
        assert_eq!(app.as_user(token).get("/auth/profile").await.status, 200, "nothing changed");
    };
    let admin = account(&app, "admin", Role::Admin, None).await;
    refused(&admin, "administrator").await;
    let owner = account(&app, "owner", Role::Organizer, Some("club")).await;
    refused(&owner, "last-owner").await;
    let second = account(&app, "second", Role::Organizer, Some("club")).await;
    assert_eq!(erases(&app, &owner, PASSWORD).await.status, 204);
    refused(&second, "last-owner").await;
    let buyer = account(&app, "buyer", Role::Customer, None).await;
    let waits = pays(&app, &event, &buyer, "pm_card_authenticationRequired", 1).await;
    assert_eq!(waits.status, 202, "{}", waits.text);
    refused(&buyer, "payment-under-way").await;
    let path = format!("/bookings/{}/cancel", waits.id());
    app.as_user(&buyer).post(&path, &json!({})).await;
    app.at_rest().await;
    assert_eq!(erases(&app, &buyer, PASSWORD).await.status, 204);
    app.finish().await;
}

#[tokio::test]
async fn an_export_contains_what_the_server_knows() {
    let (app, event) = app_with_event().await;
    let token = zerafine(&app).await;
    let booking = books(&app, &event, &token, 1).await;
    app.as_user(&token).patch("/auth/profile", &json!({ "last_name": "Whistler" })).await;
    let other = account(&app, "other", Role::Customer, None).await;
    books(&app, &event, &other, 2).await;
    app.at_rest().await;
    let export = app.client().get(app.url("/auth/profile/export")).bearer_auth(&token);
    let export = export.send().await.expect("an answer");
    assert_eq!(export.status(), 200);
    let header = |name: &str| export.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("content-disposition"), "attachment; filename=\"holdfast-account.zip\"");
    assert_eq!(header("cache-control"), "no-store");
    let bytes = export.bytes().await.expect("a body");
    let mut zip = ZipArchive::new(Cursor::new(bytes.to_vec())).expect("a zip");
    let mut file = |name: &str| -> Value {
        let file = zip.by_name(&format!("{name}.json")).expect("a file");
        serde_json::from_reader(file).expect("JSON")
    };
    assert_eq!(file("profile")["email"], ADDRESS);
    let bookings = file("bookings");
    assert_eq!(bookings.as_array().map(Vec::len), Some(1), "nothing of another user");
    assert_eq!(bookings[0]["reference"], booking.reference);
    assert_eq!(file("reservations").as_array().map(Vec::len), Some(1));
    assert_eq!(file("sessions").as_array().map(Vec::len), Some(1));
    let kinds = file("messages");
    let kinds: Vec<_> = kinds.as_array().expect("a list").iter().map(|it| &it["kind"]).collect();
    assert_eq!(kinds, ["activation", "welcome"]);
    assert_eq!(file("activity")[0]["action"], "profile.edit");
    assert_eq!(file("account_history")[0]["subject_kind"], "user");
    assert_eq!(file("links")[0]["purpose"], "activation");
    assert_eq!(file("account")["status"], "active");
    let accepted = file("acceptances");
    let accepted: Vec<_> = accepted.as_array().expect("a list").iter().collect();
    let subjects: Vec<_> = accepted.iter().map(|it| it["subject_kind"].clone()).collect();
    assert_eq!(subjects, ["user", "booking"], "nothing of another user");
    assert_eq!(accepted[1]["subject_id"], json!(booking.id));
    for one in accepted {
        assert_eq!((&one["document"], &one["language"]), (&json!("terms"), &json!("fr")));
        assert_eq!(one["version"], json!(acceptance(&app).await.terms));
        assert!(one["accepted_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{one}");
    }
    app.get("/auth/profile/export").await.assert_problem(401, "/problems/unauthorized");
    // A token whose session has ended reads no more of it.
    let end = "UPDATE sessions SET ended_at = created_at";
    app.app.base.db.run(end, vec![]).await.expect("the store takes it");
    let late = app.as_user(&token).get("/auth/profile/export").await;
    late.assert_problem(401, "/problems/unauthorized");
    app.finish().await;
}

#[tokio::test]
async fn an_account_that_nobody_activates_is_forgotten_after_a_week() {
    let app = TestApp::start().await;
    let register = async || {
        let body =
            json!({ "email": ADDRESS, "password": PASSWORD, "first_name": "Z", "last_name": "" });
        assert_eq!(app.post("/auth/register", &body).await.status, 204);
    };
    let users = async || {
        app.app.slices.accounts.retention_pass().await.expect("the pass runs");
        app.number("SELECT COUNT(*) FROM users").await
    };
    account(&app, "active", Role::Customer, None).await;
    register().await;
    app.advance(6 * DAY).await;
    assert_eq!(users().await, 2);
    // Whoever registers again begins anew.
    register().await;
    app.advance(7 * DAY - HOUR).await;
    assert_eq!(users().await, 2);
    // A fresh link still activates the account.
    let again = json!({ "email": ADDRESS });
    assert_eq!(app.post("/auth/activate/mail", &again).await.status, 204);
    app.until("SELECT COUNT(*) FROM account_links", 3).await;
    app.advance(2 * HOUR).await;
    assert_eq!(users().await, 2);
    app.advance(DAY).await;
    assert_eq!(users().await, 1);
    app.finish().await;
}
