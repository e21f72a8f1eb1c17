//! Organizations: applications and decisions, invitations, members and their rights.

use std::time::Duration;

use futures_util::future::join_all;
use holdfast::app::development::mail::KeptMail;
use holdfast_contract::{
    accounts::{Profile, Role as WireRole},
    organizations::{
        Invitation, MemberRole, Members, Organization, OrganizationPage, OrganizationStatus,
        PublicOrganization,
    },
};
use holdfast_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    fixture::{account, new_event},
    harness::{CallerOf, TestApp, users_are_read_anew},
    mailbox::{mails, token_of},
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn club() -> Value {
    json!({ "name": "Théâtre du Parc", "legal_name": "Théâtre du Parc SARL",
            "contact_email": "Contact@Parc.example", "website": "https://parc.example/en" })
}

async fn profile(app: &TestApp, token: &str) -> Profile {
    app.as_user(token).get("/auth/profile").await.read()
}

/// A server with an administrator, an organization and its owner.
struct Founded {
    app: TestApp,
    /// The administrator's access token.
    admin: String,
    /// The owner's access token.
    owner: String,
    club: Uuid,
}

impl Founded {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let admin = account(&app, "admin", Role::Admin, None).await;
        let (club, owner) = active(&app, &app.as_user(&admin), "owner").await;
        Self { app, admin, owner, club }
    }

    fn admin(&self) -> CallerOf<'_> {
        self.app.as_user(&self.admin)
    }

    fn owner(&self) -> CallerOf<'_> {
        self.app.as_user(&self.owner)
    }
}

/// An organization that an administrator has made, with a first owner who accepted the invitation.
async fn active(app: &TestApp, admin: &CallerOf<'_>, owner: &str) -> (Uuid, String) {
    let made = admin.post("/organizations", &club()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.id();
    let token = account(app, owner, Role::Customer, None).await;
    joins(app, admin, id, owner, &token, "owner").await;
    (id, token)
}

async fn invites(by: &CallerOf<'_>, organization: Uuid, email: &str, role: &str) -> Answer {
    let body = json!({ "email": email, "role": role });
    by.post(&format!("/organizations/{organization}/invitations"), &body).await
}

async fn accepts(app: &TestApp, token: &str, mail: &KeptMail) -> Answer {
    let body = json!({ "token": token_of(mail, "/invitation") });
    app.as_user(token).post("/invitations/accept", &body).await
}

/// Invites a user, who accepts by the first mail.
async fn joins(
    app: &TestApp,
    by: &CallerOf<'_>,
    organization: Uuid,
    name: &str,
    token: &str,
    role: &str,
) {
    let email = format!("{name}@example.org");
    let invited = invites(by, organization, &email, role).await;
    assert_eq!(invited.status, 200, "{}", invited.text);
    let mail = mails(app, &email, 1).await.remove(0);
    let accepted = accepts(app, token, &mail).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text);
    users_are_read_anew().await;
}

async fn members(by: &CallerOf<'_>, organization: Uuid) -> Members {
    by.get(&format!("/organizations/{organization}/members")).await.read()
}

#[tokio::test]
async fn an_application_becomes_an_organization_when_an_administrator_approves_it() {
    let app = TestApp::start().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let ada = account(&app, "ada", Role::Customer, None).await;
    let (admin, me) = (app.as_user(&admin), app.as_user(&ada));
    let applied: Organization = me.post("/organizations", &club()).await.read();
    assert_eq!(
        (applied.slug.as_str(), applied.status),
        ("theatre-du-parc", OrganizationStatus::Applied)
    );
    assert_eq!(applied.contact_email.as_deref(), Some("contact@parc.example"));
    let public = format!("/organizations/{}", applied.slug);
    app.get(&public).await.assert_problem(404, "/problems/not-found");
    assert_eq!(me.get(&format!("/organizations/{}/details", applied.id)).await.status, 200);
    let mut event = json!(new_event(&app).await);
    event["organization_id"] = json!(applied.id);
    assert_eq!(me.post("/events", &event).await.status, 403);
    admin.post("/events", &event).await.assert_field("organization_id");

    let open: OrganizationPage = admin.get("/admin/organizations?status=applied").await.read();
    assert_eq!(open.items, std::slice::from_ref(&applied));
    let path = format!("/admin/organizations/{}", applied.id);
    admin.patch(&path, &json!({ "status": "applied" })).await.assert_field("status");
    admin.patch(&path, &json!({ "status": "refused" })).await.assert_field("reason");
    let approved = admin.patch(&path, &json!({ "status": "active" })).await;
    assert_eq!(approved.read::<Organization>().status, OrganizationStatus::Active);
    let again = admin.patch(&path, &json!({ "status": "refused", "reason": "no" })).await;
    again.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(again.body["reasons"], json!(["active"]));
    assert_eq!(mails(&app, "ada@example.org", 1).await[0].subject, "Théâtre du Parc is approved");

    users_are_read_anew().await;
    assert_eq!(profile(&app, &ada).await.role, WireRole::Organizer);
    let created = me.post("/events", &event).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let shown: PublicOrganization = app.get(&public).await.read();
    assert_eq!(shown.website.as_deref(), Some("https://parc.example/en"));
    assert!(!app.get(&public).await.text.contains("SARL"), "the legal name is not public");
    let change = json!({ "name": "Parc", "website": "" });
    let edited: Organization =
        me.patch(&format!("/organizations/{}", applied.id), &change).await.read();
    assert_eq!(
        (edited.name.as_str(), edited.slug.as_str(), edited.website),
        ("Parc", "theatre-du-parc", None)
    );
    app.finish().await;
}

#[tokio::test]
async fn a_refused_application_says_why_and_bad_fields_are_named() {
    let app = TestApp::start().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let ada = account(&app, "ada", Role::Customer, None).await;
    let (admin, me) = (app.as_user(&admin), app.as_user(&ada));
    for (field, value) in [
        ("name", json!("")),
        ("legal_name", json!("x".repeat(201))),
        ("contact_email", json!("x")),
        ("website", json!("javascript:alert(1)")),
    ] {
        let mut body = club();
        body[field] = value;
        me.post("/organizations", &body).await.assert_field(field);
    }
    let applied: Organization = me.post("/organizations", &club()).await.read();
    let refusal = json!({ "status": "refused", "reason": "No such company." });
    let path = format!("/admin/organizations/{}", applied.id);
    assert_eq!(admin.patch(&path, &refusal).await.status, 200);
    let mail = mails(&app, "ada@example.org", 1).await.remove(0);
    assert!(mail.text.contains("No such company."), "{}", mail.text);
    assert_eq!(profile(&app, &ada).await.role, WireRole::Customer);
    app.get(&format!("/organizations/{}", applied.id))
        .await
        .assert_problem(404, "/problems/not-found");
    app.post("/organizations", &club()).await.assert_problem(401, "/problems/unauthorized");
    app.finish().await;
}

#[tokio::test]
async fn an_attempt_applies_once_and_nobody_floods_the_administrators() {
    let app = TestApp::start().await;
    let ada = account(&app, "ada", Role::Customer, None).await;
    let me = app.as_user(&ada);
    let key = [("Idempotency-Key", "one")];
    let first = me.send(Method::POST, "/organizations", Some(&club()), &key).await;
    let again = me.send(Method::POST, "/organizations", Some(&club()), &key).await;
    assert_eq!((first.status, &first.text), (201, &again.text));
    let namesake: Organization = me.post("/organizations", &club()).await.read();
    assert_eq!(namesake.slug, "theatre-du-parc-2");
    assert_eq!(me.post("/organizations", &club()).await.status, 201);
    let refused = me.post("/organizations", &club()).await;
    refused.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(refused.body["reasons"], json!(["open-applications"]));
    assert_eq!(app.number("SELECT COUNT(*) FROM organizations").await, 3);
    app.finish().await;
}

#[tokio::test]
async fn only_the_invited_address_accepts_once() {
    let founded = Founded::new().await;
    let (app, club, owner) = (&founded.app, founded.club, founded.owner());
    let eve = account(app, "eve", Role::Customer, None).await;
    let grace = account(app, "grace", Role::Customer, None).await;
    let invited: Invitation = invites(&owner, club, "Grace@example.org", "manager").await.read();
    assert_eq!((invited.email.as_str(), invited.role), ("grace@example.org", MemberRole::Manager));
    let mail = mails(app, "grace@example.org", 1).await.remove(0);
    let stranger = accepts(app, &eve, &mail).await;
    stranger.assert_problem(403, "/problems/forbidden");
    assert_eq!(stranger.body["reasons"], json!(["other-address"]));
    let accepted = accepts(app, &grace, &mail).await;
    assert_eq!(accepted.read::<Organization>().id, club);
    accepts(app, &grace, &mail).await.assert_problem(401, "/problems/invalid-credentials");
    users_are_read_anew().await;
    let grace_now = profile(app, &grace).await;
    assert_eq!(
        (grace_now.role, grace_now.organizations[0].role.as_str()),
        (WireRole::Organizer, "manager")
    );
    let grace = app.as_user(&grace);
    let created = grace.post("/events", &new_event(app).await).await;
    assert_eq!(created.status, 201, "{}", created.text);
    // Managers see the members and no invitation, and invite nobody.
    invites(&owner, club, "next@example.org", "viewer").await;
    assert_eq!(members(&grace, club).await.invitations, []);
    assert_eq!(members(&owner, club).await.invitations.len(), 1);
    invites(&grace, club, "x@example.org", "owner")
        .await
        .assert_problem(403, "/problems/forbidden");
    invites(&owner, club, "grace@example.org", "owner").await.assert_field("email");
    invites(&owner, club, "x", "owner").await.assert_field("email");
    app.as_user(&eve)
        .get(&format!("/organizations/{club}/members"))
        .await
        .assert_problem(404, "/problems/not-found");
    founded.app.finish().await;
}

#[tokio::test]
async fn an_invitation_ends_when_it_is_withdrawn_replaced_or_a_week_old() {
    let founded = Founded::new().await;
    let (app, club, owner) = (&founded.app, founded.club, founded.owner());
    let grace = account(app, "grace", Role::Customer, None).await;
    let first: Invitation = invites(&owner, club, "grace@example.org", "viewer").await.read();
    let first_mail = mails(app, "grace@example.org", 1).await.remove(0);
    let second: Invitation = invites(&owner, club, "grace@example.org", "controller").await.read();
    let second_mail = mails(app, "grace@example.org", 2).await.remove(1);
    assert_ne!(first.id, second.id);
    assert_eq!(accepts(app, &grace, &first_mail).await.status, 401, "replaced");
    let path = format!("/organizations/{club}/invitations/{}", second.id);
    assert_eq!(owner.delete(&path).await.status, 204);
    owner.delete(&path).await.assert_problem(404, "/problems/not-found");
    assert_eq!(accepts(app, &grace, &second_mail).await.status, 401, "withdrawn");
    invites(&owner, club, "grace@example.org", "controller").await;
    let third = mails(app, "grace@example.org", 3).await.remove(2);
    app.advance(7 * DAY).await;
    assert_eq!(accepts(app, &grace, &third).await.status, 401, "too old");
    invites(&owner, club, "grace@example.org", "controller").await;
    let fourth = mails(app, "grace@example.org", 4).await.remove(3);
    assert_eq!(accepts(app, &grace, &fourth).await.status, 200);
    users_are_read_anew().await;
    assert_eq!(profile(app, &grace).await.role, WireRole::Controller);
    app.advance(46 * DAY).await;
    let gone = app.app.slices.organizations.retention_pass().await.expect("the pass runs");
    assert_eq!(gone, 5);
    founded.app.finish().await;
}

#[tokio::test]
async fn members_change_roles_and_leave_and_the_last_owner_stays() {
    let founded = Founded::new().await;
    let (app, club, owner) = (&founded.app, founded.club, founded.owner());
    let owner_token = &founded.owner;
    let grace_token = account(app, "grace", Role::Customer, None).await;
    joins(app, &owner, club, "grace", &grace_token, "viewer").await;
    let (owner_id, grace_id) =
        (profile(app, owner_token).await.id, profile(app, &grace_token).await.id);
    let grace = app.as_user(&grace_token);
    let path = |user: Uuid| format!("/organizations/{club}/members/{user}");
    let alone = owner.patch(&path(owner_id), &json!({ "role": "manager" })).await;
    alone.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(alone.body["reasons"], json!(["last-owner"]));
    assert_eq!(owner.delete(&path(owner_id)).await.body["reasons"], json!(["last-owner"]));
    grace
        .patch(&path(grace_id), &json!({ "role": "owner" }))
        .await
        .assert_problem(403, "/problems/forbidden");
    grace.delete(&path(owner_id)).await.assert_problem(403, "/problems/forbidden");
    assert_eq!(owner.patch(&path(grace_id), &json!({ "role": "owner" })).await.status, 204);
    let listed = members(&grace, club).await.items;
    assert_eq!(listed.iter().map(|it| it.role).collect::<Vec<_>>(), [MemberRole::Owner; 2]);
    assert_eq!(owner.delete(&path(owner_id)).await.status, 204, "another owner is left");
    owner
        .get(&format!("/organizations/{club}/members"))
        .await
        .assert_problem(404, "/problems/not-found");
    grace.delete(&path(owner_id)).await.assert_problem(404, "/problems/not-found");
    let audit = "SELECT COUNT(*) FROM audit WHERE action = 'organization.member'";
    assert_eq!(app.number(audit).await, 2);
    founded.app.finish().await;
}

/// Whoever has applied in vain is not bound to the organization.
#[tokio::test]
async fn an_application_is_withdrawn_and_a_refused_one_goes_with_the_account() {
    let app = TestApp::start().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let ada = account(&app, "ada", Role::Customer, None).await;
    let (admin, me) = (app.as_user(&admin), app.as_user(&ada));
    let id = profile(&app, &ada).await.id;
    let first = me.post("/organizations", &club()).await.id();
    assert_eq!(me.delete(&format!("/organizations/{first}/members/{id}")).await.status, 204);
    let late = json!({ "status": "active" });
    let decided = admin.patch(&format!("/admin/organizations/{first}"), &late).await;
    decided.assert_problem(404, "/problems/not-found");
    let second = me.post("/organizations", &club()).await.id();
    let refusal = json!({ "status": "refused", "reason": "No." });
    assert_eq!(admin.patch(&format!("/admin/organizations/{second}"), &refusal).await.status, 200);
    mails(&app, "ada@example.org", 1).await;
    let body = json!({ "current_password": "Demo-pass-1" });
    let erased = me.send(Method::DELETE, "/auth/profile", Some(&body), &[]).await;
    assert_eq!(erased.status, 204, "{}", erased.text);
    assert_eq!(app.number("SELECT COUNT(*) FROM organizations").await, 0);
    app.finish().await;
}

/// A controller who becomes a manager gets the role that managers need. A role that an administrator took stays taken.
#[tokio::test]
async fn a_membership_gives_the_role_that_it_needs_unless_an_administrator_took_it() {
    let founded = Founded::new().await;
    let (app, club, owner) = (&founded.app, founded.club, founded.owner());
    let admin = founded.admin();
    let grace = account(app, "grace", Role::Customer, None).await;
    joins(app, &owner, club, "grace", &grace, "controller").await;
    let id = profile(app, &grace).await.id;
    assert_eq!(profile(app, &grace).await.role, WireRole::Controller);
    let member = format!("/organizations/{club}/members/{id}");
    assert_eq!(owner.patch(&member, &json!({ "role": "manager" })).await.status, 204);
    users_are_read_anew().await;
    let created = app.as_user(&grace).post("/events", &new_event(app).await).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let taken = admin.patch(&format!("/admin/users/{id}"), &json!({ "role": "customer" })).await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    assert_eq!(owner.patch(&member, &json!({ "role": "seller" })).await.status, 204);
    let other = admin.post("/organizations", &club_named("Other")).await.id();
    invites(&admin, other, "grace@example.org", "owner").await;
    let mail = mails(app, "grace@example.org", 2).await.remove(1);
    assert_eq!(accepts(app, &grace, &mail).await.status, 200);
    users_are_read_anew().await;
    assert_eq!(profile(app, &grace).await.role, WireRole::Customer);
    let granted = "SELECT COUNT(*) FROM audit WHERE action = 'user.grant'";
    assert_eq!(app.number(granted).await, 4, "owner, controller, manager, and the taking");
    founded.app.finish().await;
}

fn club_named(name: &str) -> Value {
    let mut body = club();
    body["name"] = json!(name);
    body
}

#[tokio::test]
async fn a_stranger_gets_few_invitations() {
    let founded = Founded::new().await;
    let (club, owner) = (founded.club, founded.owner());
    for _ in 0..5 {
        assert_eq!(invites(&owner, club, "stranger@example.org", "viewer").await.status, 200);
    }
    let refused = invites(&owner, club, "Stranger@example.org", "viewer").await;
    refused.assert_problem(429, "/problems/too-many-requests");
    refused.assert_field("email");
    founded.app.finish().await;
}

/// Two owners who remove each other at once: one of them stays.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_owners_who_remove_each_other_one_stays() {
    let app = TestApp::start().await;
    let other_node = app.another_node().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let admin = app.as_user(&admin);
    let (club, one) = active(&app, &admin, "one").await;
    let two = account(&app, "two", Role::Customer, None).await;
    joins(&app, &admin, club, "two", &two, "owner").await;
    let (first, second) = (profile(&app, &one).await.id, profile(&app, &two).await.id);
    let path = |user: Uuid| format!("/organizations/{club}/members/{user}");
    let (one, two) = (app.as_user(&one), other_node.as_user(&two));
    let (to_second, to_first) = (path(second), path(first));
    let answers = join_all([one.delete(&to_second), two.delete(&to_first)]).await;
    let removed = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(removed, 1, "{answers:?}");
    let owners = "SELECT COUNT(*) FROM memberships WHERE role = 'owner'";
    assert_eq!(app.number(owners).await, 1);
    other_node.stop().await;
    app.finish().await;
}
