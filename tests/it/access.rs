//! An object that a caller may not see does not exist for that caller: drafts, cancelled drafts, bookings through the
//! wrong event.

mod children;
mod drafts;
mod policy;

use holdfast::identity::memberships;
use holdfast_contract::{
    catalogue::{Event, EventStatus},
    seat_map::SeatMap,
};
use holdfast_domain::{
    access::{MembershipRole, Role},
    ids::{OrganizationId, UserId},
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    fixture::{self, Like, account, new_event},
    harness::{CallerOf, TestApp},
};

/// A draft with standing places at a price.
struct Draft {
    id: Uuid,
    section: Uuid,
}

impl Draft {
    async fn make(manager: &CallerOf<'_>, app: &TestApp) -> Self {
        let made = created(manager.post("/events", &new_event(app).await).await);
        let id = made.id();
        let stalls = json!({ "name": "Stalls", "rows": 2, "seats_per_row": 5 });
        created(manager.post(&format!("/events/{id}/sections"), &stalls).await);
        let standing = json!({ "name": "Standing", "capacity": 20 });
        let section = created(manager.post(&format!("/events/{id}/sections"), &standing).await);
        let offer = json!({ "name": "Full", "price_minor": 2000, "section_id": section.id() });
        created(manager.post(&format!("/events/{id}/offers"), &offer).await);
        Self { id, section: section.id() }
    }

    fn path(&self, rest: &str) -> String {
        format!("/events/{}{rest}", self.id)
    }

    fn wish(&self) -> Value {
        json!({ "general": [{ "section_id": self.section, "quantity": 1 }] })
    }
}

fn created(answer: Answer) -> Answer {
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer
}

/// The paths from which a permitted caller can read data of the event.
fn reads(draft: &Draft) -> Vec<String> {
    let fixed = [
        "",
        "/inventory",
        "/purchase-eligibility",
        "/sections",
        "/offers",
        "/seats",
        "/seats?state=only",
        "/seats?plan_version=1",
        "/plan",
        "/stream",
        "/bookings",
        "/reservations",
    ];
    let mut paths: Vec<String> = fixed.iter().map(|path| draft.path(path)).collect();
    paths.push(draft.path(&format!("/sections/{}/seats", draft.section)));
    paths
}

/// Expects that a stranger cannot find out that the event exists.
async fn check_hidden(draft: &Draft, stranger: &CallerOf<'_>, who: &str) {
    for path in reads(draft) {
        let answer = stranger.opens(&path).await;
        assert_eq!(answer.status, 404, "{who} GET {path}: {}", answer.text);
    }
    let hold = stranger.post(&draft.path("/reservations"), &draft.wish()).await;
    assert_eq!(hold.status, 404, "{who} holds: {}", hold.text);
    let listed = stranger.get("/events?limit=100").await;
    assert!(!listed.text.contains(&draft.id.to_string()), "{who} finds it in the list");
    let cancelled = stranger.get("/events?status=cancelled&limit=100").await;
    assert!(
        !cancelled.text.contains(&draft.id.to_string()),
        "{who} finds it among the cancelled events"
    );
}

#[tokio::test]
async fn a_draft_exists_for_those_alone_who_manage_it_also_once_it_is_cancelled() {
    let app = TestApp::start().await;
    let manager = account(&app, "manager", Role::Organizer, Some("club")).await;
    let other = account(&app, "other", Role::Organizer, Some("rivals")).await;
    let customer = account(&app, "customer", Role::Customer, None).await;
    let manager = app.as_user(&manager);
    let strangers = [
        ("nobody", app.as_nobody()),
        ("a rival", app.as_user(&other)),
        ("a customer", app.as_user(&customer)),
    ];
    let draft = Draft::make(&manager, &app).await;
    for path in reads(&draft) {
        let answer = manager.opens(&path).await;
        assert_eq!(answer.status, 200, "its manager GET {path}: {}", answer.text);
        let kept = answer.headers.get("Cache-Control").map(|kept| kept.to_str().expect("text"));
        assert!(
            !kept.unwrap_or_default().contains("public"),
            "{path} is kept by anybody: {kept:?}"
        );
    }
    // The manager of the event learns why nothing can be held.
    let held = manager.post(&draft.path("/reservations"), &draft.wish()).await;
    held.assert_problem(409, "/problems/not-on-sale");
    for (who, stranger) in &strangers {
        check_hidden(&draft, stranger, who).await;
    }
    let cancelled = manager.post(&draft.path("/cancel"), &json!({})).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    for (who, stranger) in &strangers {
        check_hidden(&draft, stranger, who).await;
    }
    assert_eq!(manager.get(&draft.path("")).await.status, 200);
    let listed = manager.get("/events?status=draft&limit=100").await;
    assert!(listed.text.contains(&draft.id.to_string()), "its manager finds it no more");
    app.finish().await;
}

#[tokio::test]
async fn a_layout_is_kept_for_good_once_everybody_may_see_it() {
    let app = TestApp::start().await;
    let manager = account(&app, "manager", Role::Organizer, Some("club")).await;
    let manager = app.as_user(&manager);
    let draft = Draft::make(&manager, &app).await;
    let version = manager.get(&draft.path("/seats")).await.read::<SeatMap>().plan_version;
    let current = draft.path(&format!("/seats?plan_version={version}"));
    let kept = async || manager.get(&current).await.headers["cache-control"].clone();
    assert_eq!(kept().await, "no-cache");
    assert_eq!(manager.post(&draft.path("/publish"), &json!({})).await.status, 200);
    assert_eq!(kept().await, "public, max-age=31536000, immutable");
    app.finish().await;
}

#[tokio::test]
async fn a_published_event_that_is_cancelled_is_still_shown() {
    let app = TestApp::start().await;
    let manager = account(&app, "manager", Role::Organizer, Some("club")).await;
    let manager = app.as_user(&manager);
    let draft = Draft::make(&manager, &app).await;
    for command in ["/publish", "/cancel"] {
        assert_eq!(manager.post(&draft.path(command), &json!({})).await.status, 200);
    }
    assert_eq!(app.get(&draft.path("")).await.read::<Event>().status, EventStatus::Cancelled);
    app.finish().await;
}

#[tokio::test]
async fn a_node_that_knew_the_draft_holds_right_after_another_one_published_it() {
    let app = TestApp::start().await;
    let node = app.another_node().await;
    let manager = account(&app, "manager", Role::Organizer, Some("club")).await;
    let manager = app.as_user(&manager);
    let draft = Draft::make(&manager, &app).await;
    let hold = async || node.as_nobody().post(&draft.path("/reservations"), &draft.wish()).await;
    assert_eq!(hold().await.status, 404);
    assert_eq!(manager.post(&draft.path("/publish"), &json!({})).await.status, 200);
    let held = hold().await;
    assert_eq!(held.status, 201, "{}", held.text);
    node.stop().await;
    app.finish().await;
}

#[tokio::test]
async fn a_booking_is_not_reached_through_an_event_of_which_it_has_no_line() {
    let app = TestApp::start().await;
    let (theirs, ours) =
        (fixture::event(&app, Like::default()).await, fixture::event(&app, Like::default()).await);
    let token = account(&app, "manager", Role::Organizer, None).await;
    let user = app.as_user(&token).get("/auth/profile").await.id();
    let (db, organization) = (&app.app.base.db, OrganizationId(ours.organization));
    let role = MembershipRole::Owner;
    memberships::join(db, organization, UserId(user), role).await.expect("a member");
    let manager = app.as_user(&token);
    let buyer = GuestBuyer::holds(&app, &theirs, &fixture::seats(&[1])).await;
    let booked = buyer.confirms(&app, "one-booking", &buyer.pays_with("pm_card_visa")).await;
    let id = created(booked).id();
    let refund = json!({ "amount": { "amount": 1, "currency": "EUR" } });
    for (event, status) in [(&ours, 404), (&theirs, 403)] {
        for (what, body) in [("cancel", json!({})), ("refund", refund.clone())] {
            let path = event.path(&format!("/bookings/{id}/{what}"));
            let key = [("Idempotency-Key", what)];
            let answer = manager.send(Method::POST, &path, Some(&body), &key).await;
            assert_eq!(answer.status, status, "{what}: {}", answer.text);
            assert!(!answer.text.contains("EUR"), "{what} tells the currency: {}", answer.text);
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_slug_that_is_free_again_names_the_new_event_at_once() {
    let app = TestApp::start().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let manager = account(&app, "manager", Role::Organizer, Some("club")).await;
    let (admin, manager) = (app.as_user(&admin), app.as_user(&manager));
    let mut new = new_event(&app).await;
    new.slug = Some("gala".to_owned());
    let first = created(manager.post("/events", &new).await);
    fixture::publish(&manager, "gala").await;
    assert_eq!(app.get("/events/gala").await.id(), first.id());
    assert_eq!(admin.delete("/events/gala").await.status, 204);
    assert_eq!(app.get("/events/gala").await.status, 404);
    let second = created(manager.post("/events", &new).await);
    fixture::publish(&manager, "gala").await;
    assert_eq!(app.get("/events/gala").await.id(), second.id());
    // A node that remembers the second event learns of the third event.
    let node = app.another_node().await;
    let elsewhere = async || node.as_nobody().get("/events/gala").await;
    assert_eq!(elsewhere().await.id(), second.id());
    assert_eq!(admin.delete("/events/gala").await.status, 204);
    let third = created(manager.post("/events", &new).await);
    fixture::publish(&manager, "gala").await;
    assert_eq!(elsewhere().await.id(), third.id());
    assert_eq!(admin.delete("/events/gala").await.status, 204);
    let stream = node.as_nobody().opens("/events/gala/stream").await;
    assert_eq!(stream.status, 404, "a stream of nothing: {}", stream.text);
    node.stop().await;
    app.finish().await;
}
