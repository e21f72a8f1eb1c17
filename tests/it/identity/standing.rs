//! A user's role and status come from the store, whatever the token says.

use holdfast::kernel::db::Sql as _;
use holdfast_contract::accounts::Profile;
use holdfast_domain::access::Role;

use crate::support::{
    fixture::{Like, account, event, seats},
    harness::{TestApp, users_are_read_anew},
};

async fn set(app: &TestApp, column: &str, value: &str, token: &str) {
    let profile = app.as_user(token).get("/auth/profile").await.read::<Profile>();
    let text = format!("UPDATE users SET {column} = $1 WHERE id = $2");
    let set = app.app.base.db.run(&text, vec![value.into(), profile.id.into()]).await;
    assert_eq!(set.expect("the store works"), 1);
    users_are_read_anew().await;
}

#[tokio::test]
async fn a_suspended_account_neither_reads_nor_holds() {
    let app = TestApp::start().await;
    let event = event(&app, Like::default()).await;
    let token = account(&app, "buyer", Role::Customer, None).await;
    let caller = app.as_user(&token);
    assert_eq!(caller.post(&event.reservations(), &seats(&[1])).await.status, 201);
    set(&app, "status", "suspended", &token).await;
    let held = caller.post(&event.reservations(), &seats(&[2])).await;
    held.assert_problem(401, "/problems/unauthorized");
    held.assert_field("Authorization");
    for path in ["/bookings/me", "/auth/profile", "/events"] {
        caller.get(path).await.assert_problem(401, "/problems/unauthorized");
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
    caller.get("/admin/audit").await.assert_problem(403, "/problems/forbidden");
    set(&app, "role", "admin", &token).await;
    assert_eq!(caller.get("/admin/audit").await.status, 200);
    app.finish().await;
}
