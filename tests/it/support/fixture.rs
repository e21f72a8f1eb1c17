//! Events for tests, written directly into the store: small, exact, fast.

use holdfast::{identity::organizations, kernel::db::Sql};
use holdfast_contract::{
    accounts::{Registration, Session},
    catalogue::{Event as Shown, NewEvent},
    money::Money,
};
use holdfast_domain::access::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    harness::{CallerOf, TestApp},
};

/// An event on sale, with the ids of its parts.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: Uuid,
    pub organization: Uuid,
    /// The section with the seats 1, 2, 3 and so on.
    pub seated: Uuid,
    /// The general-admission section, where people stand.
    pub general: Uuid,
    /// The offer for a seat, 45.00 EUR.
    pub seat_offer: Uuid,
    /// The offer for a standing place, 20.00 EUR.
    pub general_offer: Uuid,
}

/// The properties of the event to create.
#[derive(Debug, Clone, Copy)]
pub struct Like {
    pub seats: i32,
    pub places: i32,
    pub max_per_user: i32,
    pub max_per_order: i32,
}

impl Default for Like {
    fn default() -> Self {
        Self { seats: 10, places: 100, max_per_user: 10, max_per_order: 10 }
    }
}

impl Event {
    pub fn path(&self, rest: &str) -> String {
        format!("/events/{}{rest}", self.id)
    }

    pub fn reservations(&self) -> String {
        self.path("/reservations")
    }
}

fn picks(ids: &[i32]) -> Value {
    ids.iter().map(|id| json!({ "seat_id": id })).collect()
}

/// A wish for all of these seats or none.
pub fn seats(ids: &[i32]) -> Value {
    json!({ "seats": picks(ids) })
}

/// A wish for as many of these seats as can be held.
pub fn some_seats(ids: &[i32]) -> Value {
    json!({ "seats": picks(ids), "partial": true })
}

/// A wish for seats and this number of the event's standing places.
pub fn seats_and_places(event: &Event, ids: &[i32], quantity: i32) -> Value {
    json!({ "seats": picks(ids), "general": [{ "section_id": event.general, "quantity": quantity }] })
}

pub fn euros(amount: i64) -> Money {
    Money { amount, currency: "EUR".to_owned() }
}

/// An event on sale with seats in one row and a standing section.
pub async fn event(app: &TestApp, like: Like) -> Event {
    let db = &app.app.base.db;
    let new = || app.app.base.entropy.id();
    let event = Event {
        id: new(),
        organization: new(),
        seated: new(),
        general: new(),
        seat_offer: new(),
        general_offer: new(),
    };
    let now = db.now().await.expect("the clock");
    let (day, slug) = (24 * 3600 * 1000_i64, format!("event-{}", event.id.simple()));
    db.run(
        "INSERT INTO organizations (id, name, slug, created_at) VALUES ($1, 'Club', $2, $3)",
        vec![event.organization.into(), slug.clone().into(), now.into()],
    )
    .await
    .expect("an organization");
    db.run(
        "INSERT INTO events (id, organization_id, slug, name, description, category, language, place, \
         time_zone, starts_at, ends_at, sale_starts_at, sale_ends_at, currency, max_per_user, max_per_order, \
         hold_seconds, hold_cap_seconds, status, plan_version, next_seat_id, version, created_at, updated_at) \
         VALUES ($1, $2, $3, 'Match', '', 'sport', 'en', 'Hall', 'Europe/Berlin', $4, $5, $6, $7, 'EUR', $8, $9, \
         600, 1800, 'on_sale', 0, 100000, 1, $10, $10)",
        vec![
            event.id.into(),
            event.organization.into(),
            slug.into(),
            (now + 30 * day).into(),
            (now + 31 * day).into(),
            (now - day).into(),
            (now + 29 * day).into(),
            like.max_per_user.into(),
            like.max_per_order.into(),
            now.into(),
        ],
    )
    .await
    .expect("an event");
    let published = "INSERT INTO publications (event_id, published_at) VALUES ($1, $2)";
    db.run(published, vec![event.id.into(), now.into()]).await.expect("a publication");
    sections(app, &event, like).await;
    event
}

async fn sections(app: &TestApp, event: &Event, like: Like) {
    let db = &app.app.base.db;
    for (section, name, kind, capacity, offer, price) in [
        (event.seated, "Block A", "seated", like.seats, event.seat_offer, 4500_i64),
        (event.general, "Standing", "general", like.places, event.general_offer, 2000),
    ] {
        db.run(
            "INSERT INTO sections (event_id, id, name, kind, position, capacity) \
             VALUES ($1, $2, $3, $4, 1, $5)",
            vec![event.id.into(), section.into(), name.into(), kind.into(), capacity.into()],
        )
        .await
        .expect("a section");
        db.run(
            "INSERT INTO offers (event_id, id, section_id, name, price_minor, admits, refundable, position, \
             created_at) VALUES ($1, $2, $3, 'Standard', $4, 1, 0, 1, 0)",
            vec![event.id.into(), offer.into(), section.into(), price.into()],
        )
        .await
        .expect("an offer");
    }
    for seat in 1..=like.seats {
        db.run(
            "INSERT INTO seats (event_id, seat_id, section_id, seat_guid, row_label, seat_label, category, kind, \
             status, version, fence) VALUES ($1, $2, $3, $4, '1', $5, 'A', 'standard', 'available', 1, 0)",
            vec![
                event.id.into(),
                seat.into(),
                event.seated.into(),
                format!("A-1-{seat}").into(),
                seat.to_string().into(),
            ],
        )
        .await
        .expect("a seat");
    }
}

/// A server with an event of the default properties.
pub async fn app_with_event() -> (TestApp, Event) {
    let app = TestApp::start().await;
    let event = event(&app, Like::default()).await;
    (app, event)
}

/// Changes the price of every place of the event.
pub async fn price(app: &TestApp, event: &Event, minor: i64) {
    let db = &app.app.base.db;
    for text in [
        "UPDATE offers SET price_minor = $2 WHERE event_id = $1",
        "UPDATE events SET version = version + CAST($2 * 0 + 1 AS integer) WHERE id = $1",
    ] {
        let changed = db.run(text, vec![event.id.into(), minor.into()]).await;
        assert!(changed.expect("the price changes") > 0);
    }
}

/// A second event of the same organization.
pub async fn another_event(app: &TestApp, first: &Event) -> Event {
    let mut other = event(app, Like::default()).await;
    let db = &app.app.base.db;
    db.run(
        "UPDATE events SET organization_id = $2, version = version + 1 WHERE id = $1",
        vec![other.id.into(), first.organization.into()],
    )
    .await
    .expect("the organization takes it over");
    other.organization = first.organization;
    other
}

/// Makes all offers of the event refundable, for purchases from now on.
pub async fn refundable(app: &TestApp, event: &Event) {
    let db = &app.app.base.db;
    let text = "UPDATE offers SET refundable = 1 WHERE event_id = $1";
    assert!(db.run(text, vec![event.id.into()]).await.expect("the offers change") > 0);
}

/// Sets the status of the event to cancelled in the store.
pub async fn call_off(app: &TestApp, event: &Event) {
    let text = "UPDATE events SET status = 'cancelled', version = version + 1 WHERE id = $1";
    let changed = app.app.base.db.run(text, vec![event.id.into()]).await;
    assert_eq!(changed.expect("the event changes"), 1);
}

/// Creates an account. If an organization is named by its slug, the user becomes a member of it. Returns the access
/// token.
pub async fn account(app: &TestApp, name: &str, role: Role, organization: Option<&str>) -> String {
    let base = &app.app.base;
    let email = format!("{name}@example.org");
    let registration = Registration {
        email: email.clone(),
        password: "Demo-pass-1".to_owned(),
        first_name: "A".to_owned(),
        last_name: "B".to_owned(),
        locale: None,
    };
    let accounts = &app.app.slices.accounts;
    let user = accounts.register(registration, role).await.expect("an account");
    if let Some(slug) = organization {
        let organization = organizations::found(base, slug, slug).await.expect("an organization");
        organizations::join(&base.db, organization, user).await.expect("a member");
    }
    let credentials = json!({ "email": email, "password": "Demo-pass-1" });
    let session = app.post("/auth/login", &credentials).await;
    session.read::<Session>().access_token
}

/// Gives the event places and an offer for them, and publishes it.
pub async fn publish(organizer: &CallerOf<'_>, event: &str) {
    for (path, body) in [
        ("sections", json!({ "name": "Room", "capacity": 10 })),
        ("offers", json!({ "name": "Standard", "price_minor": 500 })),
    ] {
        let made = organizer.post(&format!("/events/{event}/{path}"), &body).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    let published = organizer.post(&format!("/events/{event}/publish"), &json!({})).await;
    assert_eq!(published.status, 200, "{}", published.text);
}

/// Changes an event in its present version; the body needs no version.
pub async fn edit(organizer: &CallerOf<'_>, path: &str, mut body: Value) -> Answer {
    let now: Shown = organizer.get(path).await.read();
    body["version"] = now.version.into();
    organizer.patch(path, &body).await
}

/// The body that creates an event in 30 days, on sale since yesterday.
pub async fn new_event(app: &TestApp) -> NewEvent {
    let now = app.app.base.db.now().await.expect("the clock");
    let at = |days: i64| holdfast::http::time::rfc3339(now + days * 86_400_000);
    NewEvent {
        organization_id: None,
        name: "Gala".to_owned(),
        slug: None,
        description: String::new(),
        category: "concert".to_owned(),
        language: None,
        place: "Erfurt".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        starts_at: at(30),
        ends_at: at(31),
        sale_starts_at: at(-1),
        sale_ends_at: None,
        currency: "EUR".to_owned(),
        max_per_user: Some(4),
        max_per_order: Some(4),
        hold_seconds: None,
    }
}
