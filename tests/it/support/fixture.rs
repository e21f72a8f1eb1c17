//! Events for tests, written directly into the store through its entities: small, exact, fast.

use holdfast::{
    identity::memberships as members,
    kernel::db::{self, Db},
};
use holdfast_contract::{
    accounts::{Registration, Session},
    catalogue::{Event as Shown, NewEvent},
    legal::{Acceptance, LegalText},
    money::Money,
};
use holdfast_domain::{
    access::{MembershipRole, OrganizationStatus, Role},
    event::Status,
    ids::{EventId, OfferId, OrganizationId, SeatId, SectionId},
    inventory::{SeatKind, SeatState, SectionKind},
    money::Currency,
};
use holdfast_entity::{events, offers, organizations, publications, seats as places, sections};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, UpdateMany, sea_query::Expr};
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
    let organization = organizations::Model {
        id: OrganizationId(event.organization),
        name: "Club".to_owned(),
        slug: slug.clone(),
        created_at: now,
        status: OrganizationStatus::Active,
        legal_name: None,
        contact_email: None,
        website: None,
        reason: None,
    };
    db::insert(db, organization).await.expect("an organization");
    let row = events::Model {
        id: EventId(event.id),
        organization_id: OrganizationId(event.organization),
        slug,
        name: "Match".to_owned(),
        description: String::new(),
        category: "sport".to_owned(),
        language: "en".to_owned(),
        place: "Hall".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        starts_at: now + 30 * day,
        ends_at: now + 31 * day,
        sale_starts_at: now - day,
        sale_ends_at: now + 29 * day,
        currency: Currency::parse("EUR").expect("a currency"),
        max_per_user: like.max_per_user,
        max_per_order: like.max_per_order,
        hold_seconds: 600,
        hold_cap_seconds: 1800,
        status: Status::OnSale,
        plan_version: 0,
        next_seat_id: 100_000,
        version: 1,
        created_at: now,
        updated_at: now,
        promised_starts_at: None,
    };
    db::insert(db, row).await.expect("an event");
    let published = publications::Model { event_id: EventId(event.id), published_at: now };
    db::insert(db, published).await.expect("a publication");
    insert_parts(db, &event, like).await;
    event
}

async fn insert_parts(db: &Db, event: &Event, like: Like) {
    let event_id = EventId(event.id);
    for (section, name, kind, capacity, offer, price_minor) in [
        (event.seated, "Block A", SectionKind::Seated, like.seats, event.seat_offer, 4500),
        (event.general, "Standing", SectionKind::General, like.places, event.general_offer, 2000),
    ] {
        let id = SectionId(section);
        let section = sections::Model {
            event_id,
            id,
            name: name.to_owned(),
            kind,
            position: 1,
            capacity,
            held: 0,
            sold: 0,
            blocked: 0,
            version: 1,
        };
        db::insert(db, section).await.expect("a section");
        let offer = offers::Model {
            event_id,
            id: OfferId(offer),
            section_id: Some(id),
            category: None,
            name: "Standard".to_owned(),
            price_minor,
            admits: 1,
            refundable: 0,
            benefits: "[]".to_owned(),
            sale_starts_at: None,
            sale_ends_at: None,
            position: 1,
            created_at: 0,
            withdrawn_at: None,
            version: 1,
        };
        db::insert(db, offer).await.expect("an offer");
    }
    let seat = |seat: i32| places::Model {
        event_id,
        seat_id: SeatId(seat),
        section_id: SectionId(event.seated),
        seat_guid: format!("A-1-{seat}"),
        row_label: "1".to_owned(),
        seat_label: seat.to_string(),
        category: "A".to_owned(),
        kind: SeatKind::Standard,
        price_minor: None,
        status: SeatState::Available,
        version: 1,
        fence: 0,
        reservation_id: None,
        expires_at: None,
        block_reason: None,
    };
    db::insert_all(db, (1..=like.seats).map(seat).collect()).await.expect("seats");
}

/// A server with an event of the default properties.
pub async fn app_with_event() -> (TestApp, Event) {
    let app = TestApp::start().await;
    let event = event(&app, Like::default()).await;
    (app, event)
}

/// Changes the event, and its version, by which every node notices the change.
async fn change(app: &TestApp, event: &Event, change: UpdateMany<events::Entity>) {
    let change = change
        .col_expr(events::Column::Version, db::plus(events::Column::Version, 1))
        .filter(events::Column::Id.eq(event.id));
    let changed = db::change(&app.app.base.db, change).await;
    assert_eq!(changed.expect("the event changes"), 1);
}

async fn change_offers(app: &TestApp, event: &Event, column: offers::Column, to: Expr) {
    let change = offers::Entity::update_many()
        .col_expr(column, to)
        .filter(offers::Column::EventId.eq(event.id));
    let changed = db::change(&app.app.base.db, change).await;
    assert!(changed.expect("the offers change") > 0);
}

/// Changes the price of every place of the event.
pub async fn price(app: &TestApp, event: &Event, minor: i64) {
    change_offers(app, event, offers::Column::PriceMinor, minor.into()).await;
    change(app, event, events::Entity::update_many()).await;
}

/// A second event of the same organization.
pub async fn another_event(app: &TestApp, first: &Event) -> Event {
    let mut other = event(app, Like::default()).await;
    let owner = first.organization.into();
    let moved = events::Entity::update_many().col_expr(events::Column::OrganizationId, owner);
    change(app, &other, moved).await;
    other.organization = first.organization;
    other
}

/// Makes all offers of the event refundable, for purchases from now on.
pub async fn refundable(app: &TestApp, event: &Event) {
    change_offers(app, event, offers::Column::Refundable, 1.into()).await;
}

/// Sets the status of the event to cancelled in the store.
pub async fn call_off(app: &TestApp, event: &Event) {
    set_status(app, event, Status::Cancelled).await;
}

/// Moves the event into the past: its sale, its beginning and its end.
pub async fn over(app: &TestApp, event: &Event) {
    let now = app.app.base.db.now().await.expect("the clock");
    let hours_ago = |hours: i64| Expr::from(now - hours * 3600 * 1000);
    let moved = events::Entity::update_many()
        .col_expr(events::Column::SaleEndsAt, hours_ago(3))
        .col_expr(events::Column::StartsAt, hours_ago(2))
        .col_expr(events::Column::EndsAt, hours_ago(1));
    change(app, event, moved).await;
}

/// Sets the stored status of the event, without anything else that a command would do.
pub async fn set_status(app: &TestApp, event: &Event, status: Status) {
    let set = events::Entity::update_many().col_expr(events::Column::Status, status.into());
    change(app, event, set).await;
}

/// What a request says that accepts the present terms of the shop.
pub async fn acceptance(app: &TestApp) -> Acceptance {
    let shown = app.get("/legal/terms").await.read::<LegalText>();
    Acceptance { terms: Some(shown.version), language: Some("fr".to_owned()) }
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
        accepted: None,
    };
    let accounts = &app.app.slices.accounts;
    let user = accounts.register(registration, role).await.expect("an account");
    if let Some(slug) = organization {
        let organization = members::found(base, slug, slug).await.expect("an organization");
        let role = MembershipRole::Owner;
        members::join(&base.db, organization, user, role).await.expect("a member");
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
