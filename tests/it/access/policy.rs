//! The permissions for every operation: every kind of caller sends every operation of the document, and a table
//! contains the expected results.
//!
//! A new route fails this test until it has a row. A row contains a [`Rule`], and [`Rule::verdict`] says what the
//! rule means for each caller. Every request is valid and names objects that exist, so a 404 can only mean that the
//! caller may not know of the object.

use std::collections::BTreeSet;

use holdfast::{identity::organizations, kernel::db::Sql};
use holdfast_contract::bookings::Booking;
use holdfast_contract::reservations::Reservation;
use holdfast_domain::{
    access::Role,
    ids::{OrganizationId, UserId},
};
use reqwest::Method;
use serde_json::{Value, json};
use strum::VariantArray as _;
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    fixture::{self, Event, Like, account, new_event},
    harness::{CallerOf, TestApp, users_are_read_anew},
};

/// The kind of caller that sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
enum Who {
    /// Neither signed in nor a guest.
    Nobody,
    /// A guest who has no relation to the reservation and the booking.
    Guest,
    /// The guest who owns the reservation and the booking.
    GuestOwner,
    /// The customer who owns the reservation and the booking.
    Owner,
    /// A customer who does not own the reservation.
    Customer,
    /// An organizer of the event's organization.
    Member,
    /// An organizer of another organization.
    Organizer,
    /// A user with the role `controller`, who admits people.
    Controller,
    /// An administrator of the whole installation.
    Admin,
}

/// The expected result of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The server performs the request, or refuses it for a reason that does not depend on the caller.
    Allowed,
    /// 401: the server does not know the caller.
    SignIn,
    /// 403: the caller may not perform the operation.
    Forbidden,
    /// 404: the caller may not know whether the object exists.
    Hidden,
}

/// The callers that may perform an operation.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// None of these callers: only a sender with the gateway's secret, if there is such a gateway (see `webhooks`).
    GatewayAlone,
    /// Every caller, with or without a token.
    Everybody,
    /// Every user who is signed in.
    Users,
    /// Every user who is signed in, and every guest.
    Buyers,
    /// The organizers of the organization, and administrators.
    Managers,
    /// Only the administrators of the installation.
    Admins,
    /// The owner of the object, and administrators. The object is hidden from others.
    OwnerOrAdmin,
    /// Only the owner of the object. The object is hidden from others.
    OwnerAlone,
    /// The owner of the object, organizers of the organization, and administrators. The object is hidden from others.
    OwnerOrManagers,
    /// The owner of the list, and administrators.
    OwnListOrAdmin,
}

impl Rule {
    fn verdict(self, who: Who) -> Verdict {
        use Verdict::{Allowed, Forbidden, Hidden, SignIn};
        use Who::{Admin, Guest, GuestOwner, Member, Nobody, Owner};
        let unsigned = matches!(who, Nobody | Guest | GuestOwner);
        let owner = matches!(who, Owner | GuestOwner);
        let managers = matches!(who, Member | Admin);
        match self {
            Self::Everybody => Allowed,
            Self::GatewayAlone => Hidden,
            Self::Users if unsigned => SignIn,
            Self::Managers | Self::Admins if unsigned => SignIn,
            _ if who == Nobody => SignIn,
            Self::Users | Self::Buyers => Allowed,
            Self::Managers if managers => Allowed,
            Self::Admins if who == Admin => Allowed,
            Self::Managers | Self::Admins => Forbidden,
            Self::OwnerOrAdmin if owner || who == Admin => Allowed,
            Self::OwnerAlone if owner => Allowed,
            Self::OwnerOrManagers if owner || managers => Allowed,
            Self::OwnerOrAdmin | Self::OwnerAlone | Self::OwnerOrManagers => Hidden,
            Self::OwnListOrAdmin if who == Owner || who == Admin => Allowed,
            Self::OwnListOrAdmin => Forbidden,
        }
    }
}

/// The route that the document cannot describe, because its response does not end.
const STREAM: &str = "GET /events/{id}/stream";

/// The table. A query belongs to the request and not to the operation.
const TABLE: &[(&str, Rule)] = &[
    ("POST /auth/register", Rule::Everybody),
    ("POST /auth/login", Rule::Everybody),
    ("GET /auth/profile", Rule::Users),
    ("GET /events", Rule::Everybody),
    ("POST /events", Rule::Managers),
    ("GET /events/{id}", Rule::Everybody),
    ("PATCH /events/{id}", Rule::Managers),
    ("DELETE /events/{id}", Rule::Admins),
    ("POST /events/{id}/publish", Rule::Managers),
    ("POST /events/{id}/cancel", Rule::Managers),
    ("GET /events/{id}/inventory", Rule::Everybody),
    ("GET /events/{id}/purchase-eligibility", Rule::Everybody),
    (STREAM, Rule::Everybody),
    ("GET /events/{id}/sections", Rule::Everybody),
    ("POST /events/{id}/sections", Rule::Managers),
    ("PATCH /events/{id}/sections/{section_id}", Rule::Managers),
    ("DELETE /events/{id}/sections/{section_id}", Rule::Managers),
    ("GET /events/{id}/seats", Rule::Everybody),
    ("GET /events/{id}/sections/{section_id}/seats", Rule::Everybody),
    ("PATCH /events/{id}/seats/{seat_id}", Rule::Managers),
    ("GET /events/{id}/plan", Rule::Everybody),
    ("PUT /events/{id}/plan", Rule::Managers),
    ("GET /offers", Rule::Everybody),
    ("GET /events/{id}/offers", Rule::Everybody),
    ("POST /events/{id}/offers", Rule::Managers),
    ("PATCH /offers/{id}", Rule::Managers),
    ("DELETE /offers/{id}", Rule::Managers),
    ("POST /events/{event_id}/reservations", Rule::Everybody),
    ("GET /events/{event_id}/reservations", Rule::Buyers),
    ("GET /events/{event_id}/reservations?user_id={owner}", Rule::OwnListOrAdmin),
    ("GET /reservations/{id}", Rule::OwnerOrAdmin),
    ("DELETE /reservations/{id}", Rule::OwnerAlone),
    ("POST /reservations/{id}/extend", Rule::OwnerAlone),
    ("POST /reservations/{id}/release", Rule::OwnerAlone),
    ("POST /bookings/confirm", Rule::OwnerAlone),
    ("GET /bookings/me", Rule::Buyers),
    ("GET /bookings/reference/{reference}", Rule::OwnerOrManagers),
    ("GET /bookings/{id}", Rule::OwnerOrManagers),
    ("POST /bookings/{id}/cancel", Rule::OwnerAlone),
    ("GET /events/{id}/bookings", Rule::Managers),
    ("POST /events/{id}/bookings/{booking_id}/cancel", Rule::Managers),
    ("POST /events/{id}/bookings/{booking_id}/refund", Rule::Managers),
    ("GET /payments/config", Rule::Everybody),
    ("POST /payments/webhooks/stripe", Rule::GatewayAlone),
    // The secret is the credential.
    ("POST /payments/simulated/{client_secret}/complete", Rule::Everybody),
    ("GET /admin/audit", Rule::Admins),
    ("GET /admin/sagas", Rule::Admins),
    ("POST /admin/sagas/{id}/retry", Rule::Admins),
];

/// All kinds of callers, with their tokens.
struct People {
    guest: String,
    owner: String,
    owner_id: UserId,
    customer: String,
    member: String,
    member_id: UserId,
    organizer: String,
    controller: String,
    admin: String,
}

impl People {
    async fn gather(app: &TestApp) -> Self {
        let somewhere = fixture::event(app, Like::default()).await;
        let one =
            async |name: &str, role, organization| account(app, name, role, organization).await;
        let (owner, member) =
            (one("owner", Role::Customer, None).await, one("member", Role::Organizer, None).await);
        Self {
            guest: holds(&somewhere, &app.as_nobody()).await.guest_token.expect("a guest's token"),
            owner_id: who_is(app, &owner).await,
            member_id: who_is(app, &member).await,
            owner,
            member,
            customer: one("customer", Role::Customer, None).await,
            organizer: one("organizer", Role::Organizer, Some("other")).await,
            controller: one("controller", Role::Controller, None).await,
            admin: one("admin", Role::Admin, None).await,
        }
    }

    fn call<'a>(&self, app: &'a TestApp, who: Who, world: &World) -> CallerOf<'a> {
        match who {
            Who::Nobody => app.as_nobody(),
            Who::Guest => app.as_guest(&self.guest),
            Who::GuestOwner => app.as_guest(world.guest.as_deref().expect("a guest's world")),
            Who::Owner => app.as_user(&self.owner),
            Who::Customer => app.as_user(&self.customer),
            Who::Member => app.as_user(&self.member),
            Who::Organizer => app.as_user(&self.organizer),
            Who::Controller => app.as_user(&self.controller),
            Who::Admin => app.as_user(&self.admin),
        }
    }
}

async fn who_is(app: &TestApp, token: &str) -> UserId {
    let profile = app.as_user(token).get("/auth/profile").await;
    UserId(profile.id())
}

async fn holds(event: &Event, caller: &CallerOf<'_>) -> Reservation {
    let wish = json!({ "general": [{ "section_id": event.general, "quantity": 1 }] });
    let held = caller.post(&event.reservations(), &wish).await;
    assert_eq!(held.status, 201, "{}", held.text);
    held.reservation()
}

/// The objects that the requests name: an event of the member's organization, and the owner's reservations and
/// booking in it.
struct World {
    event: Event,
    /// The owner's guest token, if the owner is a guest.
    guest: Option<String>,
    /// A reservation to pay for, to read and to cancel.
    reservation: Uuid,
    /// A booking whose payment waits for a second step.
    booking: Booking,
    saga: Uuid,
    plan: Value,
    email: String,
}

impl World {
    async fn make(app: &TestApp, people: &People, who: Who) -> Self {
        let like = Like { seats: 1, ..Like::default() };
        let event = fixture::event(app, like).await;
        let db = &app.app.base.db;
        let organization = OrganizationId(event.organization);
        organizations::join(db, organization, people.member_id).await.expect("a member");
        let grid = json!({ "name": "Stalls", "rows": 1, "seats_per_row": 1 });
        let member = app.as_user(&people.member);
        // The seats of the fixture belong to no plan, so the first plan does not contain the section of their offer.
        let withdrawn = member.delete(&format!("/offers/{}", event.seat_offer)).await;
        assert_eq!(withdrawn.status, 204, "{}", withdrawn.text);
        let made = member.post(&event.path("/sections"), &grid).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let plan = member.get(&event.path("/plan")).await.body;
        let mut owner = match who {
            Who::GuestOwner => app.as_nobody(),
            _ => app.as_user(&people.owner),
        };
        let paid = holds(&event, &owner).await;
        let guest = paid.guest_token;
        if let Some(token) = &guest {
            owner = app.as_guest(token);
        }
        let reservation = holds(&event, &owner).await.id;
        let email = format!("{}@example.org", event.id.simple());
        let body = json!({ "reservation_ids": [paid.id], "email": email,
                           "payment": { "method": "pm_card_authenticationRequired" } });
        let key = [("Idempotency-Key", email.as_str())];
        let waits = owner.send(Method::POST, "/bookings/confirm", Some(&body), &key).await;
        assert_eq!(waits.status, 202, "{}", waits.text);
        let booking = waits.booking();
        let saga = "SELECT id FROM sagas WHERE subject_id = $1";
        let row = db.one(saga, vec![booking.id.into()]).await;
        let saga = row.expect("a look").expect("a saga").try_get("", "id").expect("an id");
        Self { event, guest, reservation, booking, saga, plan, email }
    }

    /// The path with the ids of existing objects in place of its parameters.
    fn path(&self, template: &str, people: &People) -> String {
        let id = match template.split('/').nth(1) {
            Some("offers") => self.event.general_offer.to_string(),
            Some("reservations") => self.reservation.to_string(),
            Some("bookings") => self.booking.id.to_string(),
            Some("admin") => self.saga.to_string(),
            _ => self.event.id.to_string(),
        };
        let secret = self.booking.next_action.as_ref().map(|action| action.client_secret.as_str());
        let secret = secret.expect("a payment that waits for its buyer");
        template
            .replace("{id}", &id)
            .replace("{event_id}", &self.event.id.to_string())
            .replace("{booking_id}", &self.booking.id.to_string())
            .replace("{section_id}", &self.event.general.to_string())
            .replace("{seat_id}", "100000")
            .replace("{owner}", &people.owner_id.to_string())
            .replace("{reference}", &self.booking.reference)
            .replace("{client_secret}", secret)
    }

    /// The body that a permitted caller would send.
    async fn body(&self, app: &TestApp, operation: &str) -> Option<Value> {
        let general = self.event.general;
        Some(match operation {
            "POST /auth/register" => json!({ "email": format!("r-{}", self.email),
                "password": "Demo-pass-1", "first_name": "A", "last_name": "B" }),
            "POST /auth/login" => {
                json!({ "email": "owner@example.org", "password": "Demo-pass-1" })
            }
            "POST /events" => {
                let mut event = new_event(app).await;
                event.organization_id = Some(self.event.organization);
                json!(event)
            }
            "PATCH /events/{id}" => {
                let found = "SELECT version FROM events WHERE id = $1";
                let row = app.app.base.db.one(found, vec![self.event.id.into()]).await;
                let row = row.expect("a look").expect("an event");
                json!({ "version": row.try_get::<i32>("", "version").expect("a version") })
            }
            "POST /events/{id}/sections" => json!({ "name": "Gallery", "capacity": 5 }),
            "PATCH /events/{id}/sections/{section_id}" => json!({ "capacity": 99 }),
            "PATCH /events/{id}/seats/{seat_id}" => json!({ "blocked": true, "reason": "stage" }),
            "PUT /events/{id}/plan" => self.plan.clone(),
            "POST /events/{id}/offers" => json!({ "name": "Duo", "price_minor": 1, "admits": 2 }),
            "POST /events/{event_id}/reservations" => {
                json!({ "general": [{ "section_id": general, "quantity": 1 }] })
            }
            "POST /reservations/{id}/release" => {
                let found = "SELECT id FROM reservation_items WHERE reservation_id = $1 ORDER BY id LIMIT 1";
                let item = app.app.base.db.value(found, vec![self.reservation.into()]).await;
                let item: Uuid = item.expect("a look").expect("an item");
                json!({ "items": [{ "item_id": item }] })
            }
            "POST /bookings/confirm" => json!({ "reservation_ids": [self.reservation],
                "email": self.email, "payment": { "method": "pm_card_visa" } }),
            "POST /events/{id}/bookings/{booking_id}/refund" => {
                json!({ "amount": { "amount": 1, "currency": "EUR" } })
            }
            "POST /payments/simulated/{client_secret}/complete" => json!({ "outcome": "success" }),
            other if other.starts_with("GET") || other.starts_with("DELETE") => return None,
            _ => json!({}),
        })
    }
}

fn verdict(answer: &Answer) -> Verdict {
    match answer.status {
        401 => Verdict::SignIn,
        403 => Verdict::Forbidden,
        404 => Verdict::Hidden,
        _ => Verdict::Allowed,
    }
}

/// Sends the request. A fault of the test itself, such as a malformed body, does not count as a result.
async fn ask(app: &TestApp, people: &People, who: Who, world: &World, operation: &str) -> Answer {
    let (method, template) = operation.split_once(' ').expect("a method and a path");
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let body = world.body(app, operation).await;
    let other = format!("other-{}", world.email);
    let key = [("Idempotency-Key", other.as_str())];
    let needs_key = ["POST /bookings/confirm", "POST /events/{id}/bookings/{booking_id}/refund"];
    let headers: &[_] = if needs_key.contains(&operation) { &key } else { &[] };
    let caller = people.call(app, who, world);
    if operation == STREAM {
        return caller.opens(&world.path(template, people)).await;
    }
    let answer = caller.send(method, &world.path(template, people), body.as_ref(), headers).await;
    let sound = answer.status < 500 && ![400, 405, 413, 415].contains(&answer.status);
    assert!(sound, "{who:?} {operation}: {} {}", answer.status, answer.text);
    answer
}

#[tokio::test]
async fn every_operation_has_a_row_and_every_row_an_operation() {
    let app = TestApp::start().await;
    let document = app.get("/openapi.json").await.body;
    let mut served = BTreeSet::from([STREAM.to_owned()]);
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            served.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let rows: BTreeSet<String> = TABLE
        .iter()
        .map(|(row, _)| row.split('?').next().expect("an operation").to_owned())
        .collect();
    assert_eq!(served, rows, "a row for each operation in TABLE, and no other");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let app = TestApp::start().await;
    let people = People::gather(&app).await;
    let mut wrong = Vec::new();
    for who in Who::VARIANTS.iter().copied() {
        let read = World::make(&app, &people, who).await;
        for (operation, rule) in TABLE {
            // An operation that changes rows gets separate objects, so that it does not affect the next operation.
            let answer = if operation.starts_with("GET") {
                ask(&app, &people, who, &read, operation).await
            } else {
                let world = World::make(&app, &people, who).await;
                ask(&app, &people, who, &world, operation).await
            };
            let (expected, came) = (rule.verdict(who), verdict(&answer));
            if expected != came {
                wrong.push(format!("{who:?} {operation}: {expected:?}, but {came:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_a_manager_or_administrator_is_read_at_that_moment() {
    let app = TestApp::start().await;
    let people = People::gather(&app).await;
    let world = World::make(&app, &people, Who::Owner).await;
    let mut wrong = Vec::new();
    for (operation, rule) in TABLE {
        let who = match rule {
            Rule::Managers => Who::Member,
            Rule::Admins => Who::Admin,
            _ => continue,
        };
        // The node remembers the account as it was.
        let profile = loop {
            let profile = people.call(&app, who, &world).get("/auth/profile").await;
            if profile.status == 200 {
                break profile;
            }
            users_are_read_anew().await;
        };
        set_status(&app, profile.id(), "suspended").await;
        let came = verdict(&ask(&app, &people, who, &world, operation).await);
        if came != Verdict::SignIn {
            wrong.push(format!("{who:?} {operation}: {came:?}"));
        }
        set_status(&app, profile.id(), "active").await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    app.finish().await;
}

async fn set_status(app: &TestApp, user: Uuid, status: &str) {
    let text = "UPDATE users SET status = $1 WHERE id = $2";
    let set = app.app.base.db.run(text, vec![status.into(), user.into()]).await;
    assert_eq!(set.expect("the store works"), 1);
}
