//! Kinds of actors, roles of members and states of accounts that the store knows but no command sets yet: the API
//! shows them as stored, and they allow nothing.

use holdfast::kernel::{
    audit::{self, AuditRecord},
    db::Sql as _,
};
use holdfast_contract::{accounts::Profile, catalogue::EventPage, operators::AuditPage};
use holdfast_domain::{
    access::{AccountStatus, Action, MembershipRole, Relation, Role, allows},
    actor::Actor,
    ids::{ApiKeyId, GateDeviceId, GuestId, UserId},
};
use serde_json::json;
use uuid::Uuid;

use crate::support::{
    fixture::{account, new_event},
    harness::{TestApp, users_are_read_anew},
};

/// The id of the user with this token.
async fn id_of(app: &TestApp, token: &str) -> Uuid {
    let profile = app.as_user(token).get("/auth/profile").await;
    profile.id()
}

async fn change(app: &TestApp, statement: &str, values: Vec<sea_orm::Value>) {
    let changed = app.app.base.db.run(statement, values).await;
    assert_eq!(changed.expect(statement), 1);
}

#[tokio::test]
async fn the_audit_shows_every_kind_of_actor() {
    let app = TestApp::start().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let (id, subject) = (Uuid::now_v7(), Uuid::now_v7());
    for (actor, kind, role) in [
        (Actor::User(UserId(id), Role::Controller), "user", Some("controller")),
        (Actor::Guest(Some(GuestId(id))), "guest", None),
        (Actor::Guest(None), "guest", None),
        (Actor::ApiKey(ApiKeyId(id)), "api_key", None),
        (Actor::GateDevice(GateDeviceId(id)), "gate_device", None),
        (Actor::System, "system", None),
    ] {
        let base = &app.app.base;
        let tx = base.db.begin().await.expect("a transaction");
        let entry = AuditRecord::new(&*base.entropy, actor, "test.act", ("test", subject), &());
        audit::record(&tx, &entry).await.expect("recorded");
        tx.commit().await.expect("committed");
        let path = format!("/admin/audit?limit=1&subject_id={subject}");
        let newest = app.as_user(&admin).get(&path).await.read::<AuditPage>().items.remove(0);
        assert_eq!(newest.actor_kind, kind);
        assert_eq!((newest.actor_id, newest.actor_role.as_deref()), (actor.id(), role));
    }
    let path = format!("/admin/audit?limit=100&subject_id={subject}&actor_id={id}");
    let by_id = app.as_user(&admin).get(&path).await;
    assert_eq!(by_id.read::<AuditPage>().items.len(), 4, "{}", by_id.text);
    app.finish().await;
}

#[tokio::test]
async fn owners_and_managers_act_for_an_organization_sellers_and_viewers_see_it() {
    let app = TestApp::start().await;
    let owner = account(&app, "owner", Role::Organizer, Some("hall")).await;
    let other = account(&app, "other", Role::Organizer, Some("hall")).await;
    let other_id = id_of(&app, &other).await;
    let draft = app.as_user(&owner).post("/events", &new_event(&app).await).await;
    assert_eq!(draft.status, 201, "{}", draft.text);
    let path = format!("/events/{}", draft.id());
    for role in MembershipRole::ALL {
        let values = vec![role.as_str().into(), other_id.into()];
        change(&app, "UPDATE memberships SET role = $1 WHERE user_id = $2", values).await;
        let profile: Profile = app.as_user(&other).get("/auth/profile").await.read();
        assert_eq!(profile.organizations[0].role, role.as_str());
        let allows = |action| allows(Some(Role::Organizer), Relation::Member(role), action);
        let (acts, sees) = (allows(Action::ManageEvent), allows(Action::ReadDraft));
        let read = app.as_user(&other).get(&path).await;
        assert_eq!(read.status, if sees { 200 } else { 404 }, "{role:?}: {}", read.text);
        let bookings = app.as_user(&other).get(&format!("{path}/bookings")).await;
        assert_eq!(bookings.status, read.status, "{role:?}: {}", bookings.text);
        let version = app.number("SELECT CAST(version AS bigint) FROM events").await;
        let body = json!({ "version": version, "description": role.as_str() });
        let edited = app.as_user(&other).patch(&path, &body).await;
        let expected = match (acts, sees) {
            (true, _) => 200,
            (false, true) => 403,
            (false, false) => 404,
        };
        assert_eq!(edited.status, expected, "{role:?}: {}", edited.text);
        let drafts = app.as_user(&other).get("/events?status=draft").await;
        let found = drafts.read::<EventPage>().items.len();
        assert_eq!(found, usize::from(sees), "{role:?}: {}", drafts.text);
    }
    app.finish().await;
}

#[tokio::test]
async fn only_an_active_account_with_its_password_signs_in() {
    let app = TestApp::start().await;
    let token = account(&app, "ada", Role::Customer, None).await;
    let ada = id_of(&app, &token).await;
    let credentials = json!({ "email": "ada@example.org", "password": "Demo-pass-1" });
    let set = "UPDATE users SET status = $1 WHERE id = $2";
    for status in AccountStatus::ALL {
        change(&app, set, vec![status.as_str().into(), ada.into()]).await;
        users_are_read_anew().await;
        let (login, profile) = (
            app.post("/auth/login", &credentials).await,
            app.as_user(&token).get("/auth/profile").await,
        );
        let expected = if status == AccountStatus::Active { (200, 200) } else { (401, 401) };
        assert_eq!((login.status, profile.status), expected, "{status:?}");
    }
    change(&app, set, vec!["active".into(), ada.into()]).await;
    change(&app, "UPDATE users SET password_hash = NULL WHERE id = $1", vec![ada.into()]).await;
    app.post("/auth/login", &credentials)
        .await
        .assert_problem(401, "/problems/invalid-credentials");
    users_are_read_anew().await;
    assert_eq!(app.as_user(&token).get("/auth/profile").await.status, 200);
    app.finish().await;
}

#[tokio::test]
async fn an_archived_event_is_in_no_list_and_sells_nothing() {
    let app = TestApp::start().await;
    let owner = account(&app, "owner", Role::Organizer, Some("hall")).await;
    let made = app.as_user(&owner).post("/events", &new_event(&app).await).await;
    let id = made.id();
    change(&app, "UPDATE events SET status = 'archived' WHERE id = $1", vec![id.into()]).await;
    for stage in ["", "?status=on_sale", "?status=upcoming", "?status=past", "?status=cancelled"] {
        let listed = app.get(&format!("/events{stage}")).await;
        assert_eq!(listed.read::<EventPage>().items, [], "{stage}");
    }
    let hold = json!({ "seats": [{ "seat_id": 1 }] });
    let held = app.post(&format!("/events/{id}/reservations"), &hold).await;
    assert!((400..500).contains(&held.status), "{}", held.text);
    for path in [format!("/events/{id}/publish"), format!("/events/{id}/cancel")] {
        let refused = app.as_user(&owner).post(&path, &json!({})).await;
        refused.assert_problem(409, "/problems/illegal-transition");
    }
    app.finish().await;
}
