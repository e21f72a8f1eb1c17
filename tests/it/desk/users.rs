//! The administration of users: search, roles, suspended accounts.

use futures_util::future::join_all;
use holdfast_contract::{
    accounts::{Profile, Role as WireRole},
    operators::{AccountStatus, AuditPage, UserAccount, UserAccountPage},
};
use holdfast_domain::access::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    fixture::account,
    harness::{CallerOf, TestApp, users_are_read_anew},
    mailbox::{mails, token_of},
};

async fn id_of(app: &TestApp, token: &str) -> Uuid {
    app.as_user(token).get("/auth/profile").await.read::<Profile>().id
}

async fn listed(admin: &CallerOf<'_>, query: &str) -> Vec<String> {
    let page: UserAccountPage = admin.get(&format!("/admin/users?{query}")).await.read();
    page.items.into_iter().map(|user| user.email).collect()
}

async fn edits(admin: &CallerOf<'_>, user: Uuid, change: Value) -> Answer {
    admin.patch(&format!("/admin/users/{user}"), &change).await
}

#[tokio::test]
async fn users_are_found_by_address_name_role_and_status() {
    let app = TestApp::start().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let ada = account(&app, "ada", Role::Customer, None).await;
    account(&app, "a_b", Role::Organizer, Some("club")).await;
    let names = json!({ "first_name": "Ada", "last_name": "King Lovelace" });
    assert_eq!(app.as_user(&ada).patch("/auth/profile", &names).await.status, 200);
    let admin = app.as_user(&admin);
    let all = ["a_b@example.org", "ada@example.org", "admin@example.org"];
    assert_eq!(listed(&admin, "").await, all, "the last one first");
    assert_eq!(listed(&admin, "q=LOVElace").await, ["ada@example.org"]);
    assert_eq!(listed(&admin, "q=king%20ada").await, ["ada@example.org"]);
    assert_eq!(listed(&admin, "q=king%20eve").await, [""; 0]);
    assert_eq!(listed(&admin, "q=a_b").await, ["a_b@example.org"], "no wildcard");
    assert_eq!(listed(&admin, "q=%25").await, [""; 0], "no wildcard");
    assert_eq!(listed(&admin, "role=admin").await, ["admin@example.org"]);
    assert_eq!(listed(&admin, "status=suspended").await, [""; 0]);
    let first: UserAccountPage = admin.get("/admin/users?limit=2").await.read();
    let next = first.next.expect("another page");
    assert_eq!(listed(&admin, &format!("limit=2&after={next}")).await, ["admin@example.org"]);
    let organizer = &first.items[0];
    assert_eq!((organizer.role, organizer.status), (WireRole::Organizer, AccountStatus::Active));
    assert_eq!(organizer.organizations[0].name, "club");
    let one: UserAccount = admin.get(&format!("/admin/users/{}", organizer.id)).await.read();
    assert_eq!(&one, organizer);
    admin.get("/admin/users?q=%00").await.assert_field("q");
    admin.get("/admin/users?q=a+b+c+d+e+f").await.assert_field("q");
    admin.get(&format!("/admin/users?q={}", "x".repeat(101))).await.assert_field("q");
    admin.get("/admin/users?role=boss").await.assert_field("role");
    admin
        .get(&format!("/admin/users/{}", Uuid::nil()))
        .await
        .assert_problem(404, "/problems/not-found");
    app.finish().await;
}

#[tokio::test]
async fn an_administrator_gives_and_takes_roles_and_the_log_says_why() {
    let app = TestApp::start().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let user = account(&app, "user", Role::Customer, None).await;
    let (own, id) = (id_of(&app, &admin).await, id_of(&app, &user).await);
    let admin = app.as_user(&admin);
    let given = edits(&admin, id, json!({ "role": "admin", "reason": "a colleague" })).await;
    assert_eq!(given.read::<UserAccount>().role, WireRole::Admin);
    users_are_read_anew().await;
    assert_eq!(app.as_user(&user).get("/admin/users").await.status, 200);
    let log: AuditPage = admin.get(&format!("/admin/audit?subject_id={id}")).await.read();
    let entry = &log.items[0];
    assert_eq!((entry.action.as_str(), entry.actor_id), ("user.grant", Some(own)));
    let detail: Value = serde_json::from_str(&entry.detail).expect("JSON");
    assert_eq!(detail, json!({ "from": "customer", "to": "admin", "reason": "a colleague" }));
    // The same again changes nothing.
    assert_eq!(edits(&admin, id, json!({ "role": "admin" })).await.status, 200);
    assert_eq!(app.number("SELECT COUNT(*) FROM audit WHERE action = 'user.grant'").await, 1);
    let own_role = edits(&admin, own, json!({ "role": "customer" })).await;
    own_role.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(own_role.body["reasons"], json!(["own-account"]));
    edits(&admin, id, json!({ "status": "erased" })).await.assert_field("status");
    edits(&admin, id, json!({ "reason": "alone" })).await.assert_field("reason");
    for reason in [String::new(), "x".repeat(501)] {
        let change = json!({ "role": "customer", "reason": reason });
        edits(&admin, id, change).await.assert_field("reason");
    }
    edits(&admin, Uuid::nil(), json!({ "role": "admin" }))
        .await
        .assert_problem(404, "/problems/not-found");
    app.finish().await;
}

#[tokio::test]
async fn a_suspended_user_is_out_until_an_administrator_restores_the_account() {
    let app = TestApp::start().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let user = account(&app, "user", Role::Customer, None).await;
    let id = id_of(&app, &user).await;
    let admin = app.as_user(&admin);
    let credentials = json!({ "email": "user@example.org", "password": "Demo-pass-1" });
    app.post("/auth/password/forgot", &json!({ "email": "user@example.org" })).await;
    let mail = mails(&app, "user@example.org", 1).await.remove(0);
    let suspended = edits(&admin, id, json!({ "status": "suspended" })).await;
    assert_eq!(suspended.read::<UserAccount>().status, AccountStatus::Suspended);
    app.as_user(&user)
        .patch("/auth/profile", &json!({}))
        .await
        .assert_problem(401, "/problems/unauthorized");
    app.post("/auth/login", &credentials)
        .await
        .assert_problem(401, "/problems/invalid-credentials");
    let reset = json!({ "token": token_of(&mail, "/reset"), "password": "correct-Horse7-battery" });
    assert_eq!(app.post("/auth/password/reset", &reset).await.status, 401);
    let role = edits(&admin, id, json!({ "role": "admin" })).await;
    role.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(role.body["reasons"], json!(["suspended"]));
    // Restored with another role in one request.
    let restored = edits(&admin, id, json!({ "status": "active", "role": "controller" })).await;
    let restored: UserAccount = restored.read();
    assert_eq!((restored.status, restored.role), (AccountStatus::Active, WireRole::Controller));
    assert_eq!(app.post("/auth/login", &credentials).await.status, 200);
    assert_eq!(app.number("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, 2);
    assert_eq!(app.post("/auth/password/reset", &reset).await.status, 401, "the link has ended");
    let actions = "SELECT COUNT(*) FROM audit WHERE action IN ('user.suspend', 'user.restore')";
    assert_eq!(app.number(actions).await, 2);
    app.finish().await;
}

/// An account that was never activated cannot be suspended, because a restored account counts as proved.
#[tokio::test]
async fn an_account_that_is_not_active_gets_neither_role_nor_status() {
    let app = TestApp::start().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let admin = app.as_user(&admin);
    let new = json!({ "email": "new@example.org", "password": "Demo-pass-1", "first_name": "N",
                      "last_name": "" });
    assert_eq!(app.post("/auth/register", &new).await.status, 204);
    let page: UserAccountPage = admin.get("/admin/users?status=inactive").await.read();
    let id = page.items[0].id;
    for change in [
        json!({ "status": "suspended" }),
        json!({ "status": "active" }),
        json!({ "role": "admin" }),
    ] {
        let refused = edits(&admin, id, change).await;
        refused.assert_problem(409, "/problems/illegal-transition");
        assert_eq!(refused.body["reasons"], json!(["inactive"]));
    }
    app.finish().await;
}

/// Administrators who take each other's role at once: one of them stays.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_take_each_others_role_one_stays() {
    let app = TestApp::start().await;
    let other_node = app.another_node().await;
    let one = account(&app, "one", Role::Admin, None).await;
    let two = account(&app, "two", Role::Admin, None).await;
    let (first, second) = (id_of(&app, &one).await, id_of(&app, &two).await);
    let change = json!({ "role": "customer" });
    let (one, two) = (app.as_user(&one), other_node.as_user(&two));
    let answers = join_all([edits(&one, second, change.clone()), edits(&two, first, change)]).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403]);
    assert_eq!(app.number("SELECT COUNT(*) FROM users WHERE role = 'admin'").await, 1);
    other_node.stop().await;
    app.finish().await;
}
