//! A user's role and status come from the store, whatever the token says.

use holdfast::kernel::db::Sql as _;
use holdfast_contract::accounts::Profile;
use holdfast_domain::access::Role;
use reqwest::Method;
use serde_json::json;

use crate::support::{
    fixture::{Like, account, event, seats, some_seats},
    harness::{TestApp, users_are_read_anew},
};

async fn set(app: &TestApp, column: &str, value: &str, token: &str) {
    let profile = app.as_user(token).get("/auth/profile").await.read::<Profile>();
    let text = format!("UPDATE users SET {column} = $1 WHERE id = $2");
    let set = app.app.base.db.run(&text, vec![value.into(), profile.id.into()]).await;
    assert_eq!(set.expect("the store works"), 1);
}

#[tokio::test]
async fn a_suspended_account_neither_reads_nor_holds() {
    let app = TestApp::start().await;
    let event = event(&app, Like::default()).await;
    let token = account(&app, "buyer", Role::Customer, None).await;
    let caller = app.as_user(&token);
    assert_eq!(caller.post(&event.reservations(), &seats(&[1])).await.status, 201);
    set(&app, "status", "suspended", &token).await;
    users_are_read_anew().await;
    let held = caller.post(&event.reservations(), &seats(&[2])).await;
    held.assert_problem(401, "/problems/unauthorized");
    held.assert_field("Authorization");
    for path in ["/bookings/me", "/auth/profile", "/events"] {
        caller.get(path).await.assert_problem(401, "/problems/unauthorized");
    }
    app.finish().await;
}

/// The node remembers the account of a reader for a second. Whoever changes something is looked up anew, so the node's
/// memory, which still says that the account is active, helps nobody.
#[tokio::test]
async fn a_suspended_account_changes_nothing_although_it_has_just_read() {
    let app = TestApp::start().await;
    let event = event(&app, Like::default()).await;
    let token = account(&app, "buyer", Role::Customer, None).await;
    let caller = app.as_user(&token);
    let held = caller.post(&event.reservations(), &seats(&[1])).await.reservation();
    let path = format!("/reservations/{}", held.id);
    users_are_read_anew().await;
    assert_eq!(caller.get(&path).await.status, 200);
    set(&app, "status", "suspended", &token).await;

    let release = json!({ "items": [{ "item_id": held.items[0].id }] });
    for (method, path, body) in [
        (Method::POST, format!("{path}/extend"), None),
        (Method::POST, format!("{path}/release"), Some(&release)),
        (Method::DELETE, path.clone(), None),
    ] {
        let refused = caller.send(method, &path, body, &[]).await;
        refused.assert_problem(401, "/problems/unauthorized");
        refused.assert_field("Authorization");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_administrator_who_is_one_no_more_reads_no_audit() {
    let app = TestApp::start().await;
    let token = account(&app, "admin", Role::Admin, None).await;
    let caller = app.as_user(&token);
    assert_eq!(caller.get("/admin/audit").await.status, 200);
    set(&app, "role", "customer", &token).await;
    users_are_read_anew().await;
    caller.get("/admin/audit").await.assert_problem(403, "/problems/forbidden");
    set(&app, "role", "admin", &token).await;
    users_are_read_anew().await;
    assert_eq!(caller.get("/admin/audit").await.status, 200);
    app.finish().await;
}

/// Every kind of hold: of seats, which share a transaction, of places, with a key, and of what is free.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_reads_the_account_itself_and_spoils_no_other() {
    let app = TestApp::start().await;
    let event = event(&app, Like::default()).await;
    let (shut_out, other) = (
        account(&app, "shut-out", Role::Customer, None).await,
        account(&app, "other", Role::Customer, None).await,
    );
    set(&app, "status", "suspended", &shut_out).await;
    let (shut_out, other) = (app.as_user(&shut_out), app.as_user(&other));

    let path = event.reservations();
    let (first, second) = (seats(&[1]), seats(&[2]));
    let (refused, held) = tokio::join!(shut_out.post(&path, &first), other.post(&path, &second));
    refused.assert_problem(401, "/problems/unauthorized");
    refused.assert_field("Authorization");
    assert_eq!(held.status, 201, "{}", held.text);

    let places = json!({ "general": [{ "section_id": event.general, "quantity": 1 }] });
    let partial = some_seats(&[1, 2]);
    let key = [("Idempotency-Key", "an-attempt-of-the-shut-out-buyer")];
    for body in [&places, &partial] {
        shut_out.post(&path, body).await.assert_problem(401, "/problems/unauthorized");
        let keyed = shut_out.send(Method::POST, &path, Some(body), &key).await;
        keyed.assert_problem(401, "/problems/unauthorized");
    }
    let last = other.post(&path, &first).await;
    assert_eq!(last.status, 201, "nothing of it is held: {}", last.text);
    app.finish().await;
}

/// The checkouts share a transaction, and the node still takes the suspended account for an active one.
#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_reads_the_account_itself_and_spoils_no_other() {
    let app = TestApp::start().await;
    let event = event(&app, Like::default()).await;
    let (mut tokens, mut bodies) = (Vec::new(), Vec::new());
    for (seat, name) in [(1, "shut-out"), (2, "other")] {
        let token = account(&app, name, Role::Customer, None).await;
        let held = app.as_user(&token).post(&event.reservations(), &seats(&[seat])).await;
        bodies.push(json!({ "reservation_ids": [held.reservation().id],
                            "payment": { "method": "pm_card_visa" } }));
        tokens.push(token);
    }
    set(&app, "status", "suspended", &tokens[0]).await;
    let confirms = async |at: usize, key: &str| {
        let key = [("Idempotency-Key", key)];
        let caller = app.as_user(&tokens[at]);
        caller.send(Method::POST, "/bookings/confirm", Some(&bodies[at]), &key).await
    };
    let (refused, paid) = tokio::join!(confirms(0, "a-checkout-a"), confirms(1, "a-checkout-b"));
    refused.assert_problem(401, "/problems/unauthorized");
    refused.assert_field("Authorization");
    assert_eq!(paid.status, 201, "{}", paid.text);
    // The key was not used up, and the seat is still held.
    let active = "UPDATE users SET status = 'active'";
    app.app.base.db.run(active, vec![]).await.expect("the store works");
    users_are_read_anew().await;
    assert_eq!(confirms(0, "a-checkout-a").await.status, 201);
    app.finish().await;
}
