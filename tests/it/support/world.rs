//! All kinds of callers, and the objects that the operations of the document name: an event of an organization with a
//! reservation, a booking and a saga. A test walks the document and sends every operation over them.

use holdfast::{
    adapters::system::SystemEntropy,
    identity::{memberships, sessions::Device},
    kernel::db::{self, Db, Sql},
    messages::{self, NewMessage},
};
use holdfast_contract::{bookings::Booking, catalogue::NewEvent, reservations::Reservation};
use holdfast_domain::{
    access::{MembershipRole, Role},
    ids::{InvitationId, OrganizationId, UserId},
    message::Kind,
    session::SessionLength,
};
use holdfast_entity::invitations;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    fixture::{self, Event, Like, account, new_event},
    harness::{CallerOf, TestApp},
};

/// The kind of caller that sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum Who {
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
    /// An owner of the event's organization.
    Member,
    /// A viewer of the event's organization.
    Viewer,
    /// An organizer of another organization.
    Organizer,
    /// A user with the role `controller`, who admits people.
    Controller,
    /// An administrator of the whole installation.
    Admin,
}

/// The operation that would end the caller's account.
const ERASURE: &str = "DELETE /auth/profile";
const CODE: &str = "POST /bookings/{id}/code/proof";

/// The route that the document cannot describe, because its response does not end.
pub const STREAM: &str = "GET /events/{id}/stream";

/// All kinds of callers, with their tokens.
pub struct People {
    guest: String,
    owner: String,
    owner_id: UserId,
    customer: String,
    member: String,
    pub member_id: UserId,
    /// A viewer of the event's organization.
    viewer: String,
    viewer_id: UserId,
    pub organizer: String,
    controller: String,
    admin: String,
}

impl People {
    pub async fn gather(app: &TestApp) -> Self {
        let somewhere = fixture::event(app, Like::default()).await;
        let one =
            async |name: &str, role, organization| account(app, name, role, organization).await;
        let owner = one("owner", Role::Customer, None).await;
        let member = one("member", Role::Organizer, None).await;
        let viewer = one("viewer", Role::Organizer, None).await;
        Self {
            guest: holds(&somewhere, &app.as_nobody()).await.guest_token.expect("a guest's token"),
            owner_id: who_is(app, &owner).await,
            member_id: who_is(app, &member).await,
            viewer_id: who_is(app, &viewer).await,
            viewer,
            owner,
            member,
            customer: one("customer", Role::Customer, None).await,
            organizer: one("organizer", Role::Organizer, Some("other")).await,
            controller: one("controller", Role::Controller, None).await,
            admin: one("admin", Role::Admin, None).await,
        }
    }

    pub fn call<'a>(&self, app: &'a TestApp, who: Who, world: &PolicyWorld) -> CallerOf<'a> {
        match who {
            Who::Nobody => app.as_nobody(),
            Who::Guest => app.as_guest(&self.guest),
            Who::GuestOwner => app.as_guest(world.guest.as_deref().expect("a guest's world")),
            Who::Owner => app.as_user(&self.owner),
            Who::Customer => app.as_user(&self.customer),
            Who::Member => app.as_user(&self.member),
            Who::Viewer => app.as_user(&self.viewer),
            Who::Organizer => app.as_user(&self.organizer),
            Who::Controller => app.as_user(&self.controller),
            Who::Admin => app.as_user(&self.admin),
        }
    }
}

pub async fn who_is(app: &TestApp, token: &str) -> UserId {
    let profile = app.as_user(token).get("/auth/profile").await;
    UserId(profile.id())
}

async fn holds(event: &Event, caller: &CallerOf<'_>) -> Reservation {
    let wish = json!({ "general": [{ "section_id": event.general, "quantity": 1 }] });
    let held = caller.post(&event.reservations(), &wish).await;
    assert_eq!(held.status, 201, "{}", held.text);
    held.reservation()
}

/// An open invitation to the organization.
async fn invite(db: &Db, organization: OrganizationId, by: UserId) -> Uuid {
    let id = Uuid::now_v7();
    let now = db.now().await.expect("the clock");
    let invitation = invitations::Model {
        id: InvitationId(id),
        organization_id: organization,
        email: format!("{id}@example.org"),
        role: MembershipRole::Viewer,
        invited_by: by,
        accepted_by: None,
        created_at: now,
        expires_at: now + 1_000_000,
        ended_at: None,
    };
    db::insert(db, invitation).await.expect("an invitation");
    id
}

/// The objects that the requests name: an event of the member's organization, and the owner's reservations and
/// booking in it.
pub struct PolicyWorld {
    pub event: Event,
    owner: UserId,
    /// The owner's guest token, if the owner is a guest.
    guest: Option<String>,
    /// A reservation to pay for, to read and to cancel.
    reservation: Uuid,
    /// A booking whose payment waits for a second step.
    booking: Booking,
    saga: Uuid,
    message: Uuid,
    /// A session of the owner.
    session: Uuid,
    /// The viewer of the event's organization.
    viewer: UserId,
    /// An invitation to the event's organization.
    invitation: Uuid,
    plan: Value,
    email: String,
    /// Another event that the organization could create.
    new_event: NewEvent,
    db: Db,
}

impl PolicyWorld {
    pub async fn make(app: &TestApp, people: &People, who: Who) -> Self {
        let like = Like { seats: 1, ..Like::default() };
        let event = fixture::event(app, like).await;
        let db = &app.app.base.db;
        let organization = OrganizationId(event.organization);
        for (user, role) in
            [(people.member_id, MembershipRole::Owner), (people.viewer_id, MembershipRole::Viewer)]
        {
            memberships::join(db, organization, user, role).await.expect("a member");
        }
        let invitation = invite(db, organization, people.member_id).await;
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
        let mail = NewMessage::once(Kind::BookingFailed, booking.id, &email, "en");
        messages::post(db, &SystemEntropy, [mail], 0).await.expect("a message");
        let message = "SELECT id FROM messages WHERE subject_id = $1";
        let row = db.one(message, vec![booking.id.into()]).await;
        let message = row.expect("a look").expect("a message").try_get("", "id").expect("an id");
        let device = Device { agent: String::new(), address: None };
        let sessions = &app.app.slices.sessions;
        let session = sessions.open(db, people.owner_id, SessionLength::Browser, &device).await;
        let session = session.expect("a session").id.0;
        let mut new_event = new_event(app).await;
        new_event.organization_id = Some(event.organization);
        let (owner, db) = (people.owner_id, db.clone());
        Self {
            event,
            owner,
            guest,
            reservation,
            booking,
            saga,
            message,
            session,
            viewer: people.viewer_id,
            invitation,
            plan,
            email,
            new_event,
            db,
        }
    }

    /// The path with the ids of existing objects in place of its parameters.
    ///
    /// # Panics
    /// When the world has no object for a parameter.
    pub fn path(&self, template: &str) -> String {
        let id = match template.split('/').nth(1) {
            Some("auth") => self.session.to_string(),
            Some("offers") => self.event.general_offer.to_string(),
            Some("organizations") => self.event.organization.to_string(),
            Some("reservations") => self.reservation.to_string(),
            Some("bookings") => self.booking.id.to_string(),
            Some("admin") if template.contains("/messages/") => self.message.to_string(),
            Some("admin") if template.contains("/users/") => self.owner.to_string(),
            Some("admin") if template.contains("/organizations/") => {
                self.event.organization.to_string()
            }
            Some("admin") => self.saga.to_string(),
            _ => self.event.id.to_string(),
        };
        let secret = self.booking.next_action.as_ref().map(|action| action.client_secret.as_str());
        let secret = secret.expect("a payment that waits for its buyer");
        let path = template
            .replace("{id}", &id)
            .replace("{event_id}", &self.event.id.to_string())
            .replace("{booking_id}", &self.booking.id.to_string())
            .replace("{section_id}", &self.event.general.to_string())
            .replace("{seat_id}", "100000")
            .replace("{user_id}", &self.viewer.to_string())
            .replace("{invitation_id}", &self.invitation.to_string())
            .replace("{owner}", &self.owner.to_string())
            .replace("{kind}", "terms")
            .replace("{reference}", &self.booking.reference)
            .replace("{client_secret}", secret);
        assert!(!path.contains('{'), "{path}: an id for each placeholder");
        path
    }

    /// The body that a permitted caller would send.
    pub async fn body(&self, operation: &str) -> Option<Value> {
        let general = self.event.general;
        Some(match operation {
            "POST /auth/register" => json!({ "email": format!("r-{}", self.email),
                "password": "Demo-pass-1", "first_name": "A", "last_name": "B" }),
            "POST /auth/login" => {
                json!({ "email": "owner@example.org", "password": "Demo-pass-1" })
            }
            "POST /auth/password/forgot" => json!({ "email": "nobody@example.org" }),
            "PATCH /auth/profile" => json!({ "first_name": "A" }),
            "POST /auth/activate" | "POST /auth/email/confirm" | "POST /invitations/accept" => {
                json!({ "token": "x" })
            }
            "POST /organizations" => json!({ "name": "Hall", "legal_name": "Hall Ltd",
                "contact_email": self.email }),
            "POST /organizations/{id}/invitations" => {
                json!({ "email": self.email, "role": "viewer" })
            }
            "PATCH /organizations/{id}/members/{user_id}" => json!({ "role": "seller" }),
            "PATCH /admin/organizations/{id}" => json!({ "status": "active" }),
            "POST /auth/email" => json!({ "email": format!("new-{}", self.email),
                "current_password": "Demo-pass-1" }),
            ERASURE => json!({ "current_password": "Wrong-pass-1" }),
            "POST /auth/activate/mail" => json!({ "email": "nobody@example.org" }),
            "POST /auth/password/reset" => json!({ "token": "x", "password": "Demo-pass-1" }),
            "PUT /auth/password" => {
                json!({ "current_password": "Demo-pass-1", "new_password": "Demo-pass-1" })
            }
            "POST /events" => json!(self.new_event),
            "PATCH /events/{id}" => {
                let found = "SELECT version FROM events WHERE id = $1";
                json!({ "version": self.version(found, self.event.id).await })
            }
            "PATCH /offers/{id}" => {
                let found = "SELECT version FROM offers WHERE id = $1";
                json!({ "version": self.version(found, self.event.general_offer).await })
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
                let item = self.db.value(found, vec![self.reservation.into()]).await;
                let item: Uuid = item.expect("a look").expect("an item");
                json!({ "items": [{ "item_id": item }] })
            }
            "POST /bookings/lookup" => json!({ "email": self.email }),
            CODE => json!({ "code": "000000" }),
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

    async fn version(&self, found: &str, id: Uuid) -> i32 {
        self.db.value(found, vec![id.into()]).await.expect("a look").expect("a row")
    }

    /// The caller's request on the objects of this world. A fault of the test itself, such as a malformed body, does not
    /// count as a result.
    pub async fn ask(&self, caller: &CallerOf<'_>, operation: &str) -> Answer {
        let (_, template) = operation.split_once(' ').expect("a method and a path");
        self.ask_at(&self.path(template), caller, operation).await
    }

    /// Expects that the administrator reaches each operation, so that every path names an object that exists.
    pub async fn is_reached_by(&self, admin: &CallerOf<'_>, operations: &[String]) {
        for operation in operations {
            let answer = self.ask(admin, operation).await;
            assert_ne!(answer.status, 404, "{operation}: {}", answer.text);
        }
    }

    /// [`Self::ask`] with this path in place of the operation's own.
    pub async fn ask_at(&self, path: &str, caller: &CallerOf<'_>, operation: &str) -> Answer {
        let body = self.body(operation).await;
        let answer = self.send(path, caller, operation, body.as_ref()).await;
        // The password is wrong, because the account is needed for the other operations; nobody has mailed a code.
        let is_kept = [ERASURE, CODE].contains(&operation) && answer.status == 400;
        let sound =
            is_kept || answer.status < 500 && ![400, 405, 413, 415].contains(&answer.status);
        assert!(sound, "{operation}: {} {}", answer.status, answer.text);
        answer
    }

    /// Sends the operation to this path with this body, whatever comes of it.
    pub async fn send(
        &self,
        path: &str,
        caller: &CallerOf<'_>,
        operation: &str,
        body: Option<&Value>,
    ) -> Answer {
        if operation == STREAM {
            return caller.opens(path).await;
        }
        let (method, _) = operation.split_once(' ').expect("a method and a path");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let other = format!("other-{}", self.email);
        let key = [("Idempotency-Key", other.as_str())];
        let needs_key =
            ["POST /bookings/confirm", "POST /events/{id}/bookings/{booking_id}/refund"];
        let headers: &[_] = if needs_key.contains(&operation) { &key } else { &[] };
        caller.send(method, path, body, headers).await
    }

    /// All that the caller can read of the event and of what was sold in it.
    pub async fn shown_to(&self, caller: &CallerOf<'_>) -> Vec<(&'static str, String)> {
        let mut shown = Vec::new();
        for part in ["", "/sections", "/inventory", "/seats", "/plan", "/offers", "/bookings"] {
            let read = caller.get(&self.event.path(part)).await;
            assert_eq!(read.status, 200, "{part}: {}", read.text);
            shown.push((part, read.text));
        }
        shown
    }
}

/// The operations of the document, each as a method and a path.
pub async fn operations(app: &TestApp) -> Vec<String> {
    let document = app.get("/openapi.json").await.body;
    let paths = document["paths"].as_object().expect("paths").iter();
    let operations = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods").keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    operations.collect()
}
