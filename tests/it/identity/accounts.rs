//! Registration, sign-in and profile over HTTP.

use holdfast::{identity::accounts::administer::UserEditError, kernel::db::Sql as _};
use holdfast_contract::accounts::{Profile, Role as WireRole, Session};
use holdfast_domain::{
    access::{AccountStatus, Role},
    actor::Actor,
    email::EmailAddress,
};
use serde_json::json;

use crate::support::{
    fixture::account,
    harness::{TestApp, users_are_read_anew},
};

fn registration(email: &str) -> serde_json::Value {
    json!({ "email": email, "password": "Demo-pass-1", "first_name": "Ada", "last_name": "L" })
}

#[tokio::test]
async fn a_user_signs_in_without_regard_to_case() {
    let app = TestApp::start().await;
    account(&app, "ada", Role::Customer, None).await;
    let credentials = json!({ "email": " ada@EXAMPLE.org", "password": "Demo-pass-1" });
    let session = app.post("/auth/login", &credentials).await;
    assert_eq!(session.status, 200, "{}", session.body);
    let session: Session = session.read();
    let profile: Profile = app.as_user(&session.access_token).get("/auth/profile").await.read();
    assert_eq!((profile.email.as_str(), profile.role), ("ada@example.org", WireRole::Customer));
    assert_eq!(profile, session.profile);
    app.finish().await;
}

#[tokio::test]
async fn wrong_credentials_are_told_apart_from_bad_input() {
    let app = TestApp::start().await;
    account(&app, "ada", Role::Customer, None).await;
    for (email, password) in [("ada@example.org", "Wrong-pass-1"), ("nobody@b.org", "Demo-pass-1")]
    {
        let refused =
            app.post("/auth/login", &json!({ "email": email, "password": password })).await;
        refused.assert_problem(401, "/problems/invalid-credentials");
    }
    let weak =
        json!({ "email": "c@d.org", "password": "Password1", "first_name": "A", "last_name": "B" });
    let weak = app.post("/auth/register", &weak).await;
    weak.assert_problem(422, "/problems/weak-password");
    weak.assert_field("password");
    let control = json!({ "email": "c@d.org", "password": "Demo-pass-1", "first_name": "A\u{0}", "last_name": "B" });
    app.post("/auth/register", &control).await.assert_field("first_name");
    app.finish().await;
}

#[tokio::test]
async fn a_profile_needs_a_valid_token() {
    let app = TestApp::start().await;
    app.get("/auth/profile").await.assert_problem(401, "/problems/unauthorized");
    let forged = app.as_user("eyJhbGciOiJub25lIn0.e30.").get("/auth/profile").await;
    forged.assert_problem(401, "/problems/unauthorized");
    app.finish().await;
}

#[tokio::test]
async fn a_look_alike_or_another_spelling_registers_no_second_time() {
    let app = TestApp::start().await;
    let register = async |email: &str| app.post("/auth/register", &registration(email)).await;
    let users = "SELECT COUNT(*) FROM users";
    for same in [
        "jose\u{301}@bücher.example",
        "JOSÉ@Bücher.Example",
        "josé@xn--bcher-kva.example",
        "josé@bu\u{308}cher。example",
    ] {
        assert_eq!(register(same).await.status, 204);
        assert_eq!(app.number(users).await, 1, "{same}");
    }
    assert_eq!(register("ace@example.org").await.status, 204);
    for look_alike in
        ["асе@example.org", "aсe@example.org", "ace@ехаmple.org", "a\u{200b}ce@example.org"]
    {
        let refused = register(look_alike).await;
        assert_eq!(refused.status, 400, "{look_alike}: {}", refused.text);
        refused.assert_field("email");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_account_from_before_addresses_had_one_form_still_signs_in() {
    let app = TestApp::start().await;
    let old = "aсe@example.org";
    account(&app, "ace", Role::Customer, None).await;
    let text = "UPDATE users SET email = $1 WHERE email = 'ace@example.org'";
    app.app.base.db.run(text, vec![old.into()]).await.expect("the account of before");
    let credentials = |email: &str| json!({ "email": email, "password": "Demo-pass-1" });
    assert_eq!(app.post("/auth/login", &credentials(&old.to_uppercase())).await.status, 200);
    assert_eq!(app.post("/auth/login", &credentials("ace@example.org")).await.status, 401);
    app.finish().await;
}

#[tokio::test]
async fn nobody_takes_an_old_account_over_by_another_form_of_its_address() {
    let app = TestApp::start().await;
    let olds = ["ada@xn--bcher-kva.example", "jose\u{301}@bu\u{308}cher.example"];
    for (at, old) in olds.into_iter().enumerate() {
        account(&app, &format!("before{at}"), Role::Customer, None).await;
        let name = format!("before{at}@example.org");
        let text = "UPDATE users SET email = $1 WHERE email = $2";
        app.app.base.db.run(text, vec![old.into(), name.into()]).await.expect("the store works");
        let new = EmailAddress::parse(old).expect("an address").to_string();
        for form in [&new, old] {
            assert_eq!(app.post("/auth/register", &registration(form)).await.status, 204);
        }
        let users = i64::try_from(at + 1).expect("few");
        assert_eq!(app.number("SELECT COUNT(*) FROM users").await, users);
        let credentials = json!({ "email": old, "password": "Demo-pass-1" });
        assert_eq!(app.post("/auth/login", &credentials).await.status, 200, "{old}");
    }
    app.finish().await;
}

#[tokio::test]
async fn users_change_their_names_and_their_language() {
    let app = TestApp::start().await;
    let token = account(&app, "ada", Role::Customer, None).await;
    let me = app.as_user(&token);
    let before: Profile = me.get("/auth/profile").await.read();
    let edited = me.patch("/auth/profile", &json!({ "last_name": "", "locale": "fr" })).await;
    let edited: Profile = edited.read();
    let expected = Profile { last_name: String::new(), locale: "fr".to_owned(), ..before };
    assert_eq!(edited, expected);
    assert_eq!(me.get("/auth/profile").await.read::<Profile>(), expected);
    // A change that changes nothing leaves no trace.
    assert_eq!(me.patch("/auth/profile", &json!({ "locale": "fr" })).await.status, 200);
    let audit = "SELECT COUNT(*) FROM audit WHERE action = 'profile.edit'";
    assert_eq!(app.number(audit).await, 1);
    for (body, field) in [
        (json!({ "first_name": "" }), "first_name"),
        (json!({ "last_name": "x".repeat(101) }), "last_name"),
        (json!({ "locale": "de" }), "locale"),
    ] {
        me.patch("/auth/profile", &body).await.assert_field(field);
    }
    assert_eq!(me.patch("/auth/profile", &json!({ "role": "admin" })).await.status, 400);
    app.finish().await;
}

#[tokio::test]
async fn an_operator_gives_roles_to_active_users() {
    let app = TestApp::start().await;
    let token = account(&app, "ada", Role::Customer, None).await;
    let accounts = &app.app.slices.accounts;
    let grant = async |email: &str, role: Role| accounts.grant(email, role, Actor::System).await;
    assert_eq!(grant(" ADA@example.org", Role::Admin).await.expect("an account"), Role::Customer);
    users_are_read_anew().await;
    assert_eq!(app.as_user(&token).get("/admin/sagas").await.status, 200);
    assert_eq!(grant("ada@example.org", Role::Customer).await.expect("an account"), Role::Admin);
    users_are_read_anew().await;
    assert_eq!(app.as_user(&token).get("/admin/sagas").await.status, 403);
    let audit = "SELECT COUNT(*) FROM audit WHERE action = 'user.grant' AND actor_kind = 'system'";
    assert_eq!(app.number(audit).await, 2);
    assert!(matches!(grant("eve@example.org", Role::Admin).await, Err(UserEditError::Unknown)));
    assert_eq!(app.post("/auth/register", &registration("eve@example.org")).await.status, 204);
    let inactive = grant("eve@example.org", Role::Admin).await;
    assert!(
        matches!(inactive, Err(UserEditError::Status(AccountStatus::Inactive))),
        "{inactive:?}"
    );
    app.finish().await;
}
