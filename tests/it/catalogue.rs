//! The catalogue over HTTP: which callers see and change events, and how the status of an event changes.

mod ages;
mod followed;
mod halls;
mod left;
mod names;
mod places;
mod promises;
mod registries;
mod sale;

use std::time::Duration;

use holdfast::{
    catalogue::{lifecycle, texts},
    kernel::db::Sql as _,
};
use holdfast_contract::catalogue::{
    Eligibility, Event, EventPage, EventStatus, Inventory, NewEvent, OfferPage, Section,
    SectionPage,
};
use holdfast_domain::access::Role;
use serde_json::json;
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    fixture::{account, edit, new_event, publish, seats},
    harness::{CallerOf, TestApp},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A server with an organizer, an organizer of another organization, and an administrator.
pub struct CatalogueStage {
    app: TestApp,
    organizer: String,
    stranger: String,
    admin: String,
}

impl CatalogueStage {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let organizer = account(&app, "organizer", Role::Organizer, Some("club")).await;
        let stranger = account(&app, "stranger", Role::Organizer, Some("other")).await;
        let admin = account(&app, "admin", Role::Admin, None).await;
        Self { app, organizer, stranger, admin }
    }

    fn organizer(&self) -> CallerOf<'_> {
        self.app.as_user(&self.organizer)
    }

    /// Creates a draft and returns its id.
    async fn draft(&self, edit: impl FnOnce(&mut NewEvent)) -> Uuid {
        let mut event = new_event(&self.app).await;
        edit(&mut event);
        let made = self.organizer().post("/events", &event).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.id()
    }

    /// An event on sale with two rows of three seats (10.00), a seat (30.00) and ten standing places (5.00).
    async fn on_sale(&self) -> Uuid {
        let id = self.draft(|_| ()).await;
        let caller = self.organizer();
        for (section, offer) in [
            (json!({ "name": "Stalls", "rows": 2, "seats_per_row": 3 }), 1_000),
            (json!({ "name": "Box", "rows": 1, "seats_per_row": 1 }), 3_000),
            (json!({ "name": "Floor", "capacity": 10 }), 500),
        ] {
            let made = caller.post(&format!("/events/{id}/sections"), &section).await;
            assert_eq!(made.status, 201, "{}", made.text);
            let offer =
                json!({ "section_id": made.id(), "name": "Standard", "price_minor": offer });
            let made = caller.post(&format!("/events/{id}/offers"), &offer).await;
            assert_eq!(made.status, 201, "{}", made.text);
        }
        let published = caller.post(&format!("/events/{id}/publish"), &json!({})).await;
        assert_eq!(published.read::<Event>().status, EventStatus::OnSale);
        id
    }

    async fn section(&self, event: Uuid, name: &str) -> Section {
        let sections = self.app.get(&format!("/events/{event}/sections")).await;
        let mut sections = sections.read::<SectionPage>().items.into_iter();
        sections.find(|section| section.name == name).expect("a section of this name")
    }

    async fn finish(self) {
        self.app.finish().await;
    }
}

async fn with_tag(caller: &CallerOf<'_>, path: &str, tag: &str) -> Answer {
    caller.send(reqwest::Method::GET, path, None, &[("If-None-Match", tag)]).await
}

#[tokio::test]
async fn a_draft_is_seen_by_its_organization_alone() {
    let stage = CatalogueStage::start().await;
    let id = stage.draft(|_| ()).await;
    let path = format!("/events/{id}");
    for rest in
        ["", "/inventory", "/sections", "/seats", "/offers", "/plan", "/purchase-eligibility"]
    {
        let path = format!("{path}{rest}");
        stage.app.get(&path).await.assert_problem(404, "/problems/not-found");
        stage
            .app
            .as_user(&stage.stranger)
            .get(&path)
            .await
            .assert_problem(404, "/problems/not-found");
    }
    let own: Event = stage.organizer().get(&path).await.read();
    assert_eq!(own.status, EventStatus::Draft);
    assert_eq!(stage.app.as_user(&stage.admin).get(&path).await.status, 200);
    let listed = |answer: Answer| answer.read::<EventPage>().items.len();
    assert_eq!(listed(stage.app.get("/events").await), 0);
    assert_eq!(listed(stage.app.get("/events?status=draft").await), 0);
    assert_eq!(listed(stage.organizer().get("/events?status=draft").await), 1);
    assert_eq!(listed(stage.app.as_user(&stage.stranger).get("/events?status=draft").await), 0);
    stage.finish().await;
}

#[tokio::test]
async fn strangers_change_nothing() {
    let stage = CatalogueStage::start().await;
    let id = stage.on_sale().await;
    let section = stage.section(id, "Floor").await.id;
    let offers = stage.app.get(&format!("/events/{id}/offers")).await;
    let offer = offers.read::<OfferPage>().items[0].id;
    let routes = [
        ("PATCH", format!("/events/{id}")),
        ("POST", format!("/events/{id}/publish")),
        ("POST", format!("/events/{id}/cancel")),
        ("POST", format!("/events/{id}/sections")),
        ("PATCH", format!("/events/{id}/sections/{section}")),
        ("DELETE", format!("/events/{id}/sections/{section}")),
        ("PATCH", format!("/events/{id}/seats/1")),
        ("PUT", format!("/events/{id}/plan")),
        ("POST", format!("/events/{id}/offers")),
        ("PATCH", format!("/offers/{offer}")),
        ("DELETE", format!("/offers/{offer}")),
        ("DELETE", format!("/events/{id}")),
    ];
    for (method, path) in &routes {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let body = json!({ "name": "X", "capacity": 5 });
        let body =
            if path.ends_with("/offers") { json!({ "name": "X", "price_minor": 5 }) } else { body };
        let body = if path.contains("/seats/") { json!({ "blocked": false }) } else { body };
        let body = if method == "PATCH" && !path.contains("/seats/") {
            json!({ "name": "X" })
        } else {
            body
        };
        let named = [format!("/events/{id}"), format!("/offers/{offer}")];
        let body = if method == "PATCH" && named.contains(path) {
            json!({ "version": 1, "name": "X" })
        } else {
            body
        };
        let nobody = stage.app.as_nobody().send(method.clone(), path, Some(&body), &[]).await;
        nobody.assert_problem(401, "/problems/unauthorized");
        let stranger =
            stage.app.as_user(&stage.stranger).send(method, path, Some(&body), &[]).await;
        stranger.assert_problem(403, "/problems/forbidden");
    }
    // Only administrators delete events, and only while nobody holds a place.
    let own = stage.organizer().delete(&format!("/events/{id}")).await;
    own.assert_problem(403, "/problems/forbidden");
    stage.finish().await;
}

#[tokio::test]
async fn events_are_made_with_every_fault_named_and_edited_under_their_version() {
    let stage = CatalogueStage::start().await;
    let mut bad = new_event(&stage.app).await;
    bad.name = String::new();
    bad.currency = "euro".to_owned();
    bad.ends_at = "soon".to_owned();
    let refused = stage.organizer().post("/events", &bad).await;
    refused.assert_problem(400, "/problems/invalid-request");
    for field in ["name", "currency", "ends_at"] {
        refused.assert_field(field);
    }
    let good = new_event(&stage.app).await;
    stage.app.post("/events", &good).await.assert_problem(401, "/problems/unauthorized");
    let (first, second) = (stage.draft(|_| ()).await, stage.draft(|_| ()).await);
    let slug =
        async |id: Uuid| stage.organizer().get(&format!("/events/{id}")).await.read::<Event>().slug;
    assert_eq!((slug(first).await, slug(second).await), ("gala".into(), "gala-2".into()));
    let mut taken = new_event(&stage.app).await;
    taken.slug = Some("gala".to_owned());
    stage.organizer().post("/events", &taken).await.assert_problem(409, "/problems/slug-taken");

    let path = format!("/events/{first}");
    let edited = stage.organizer().patch(&path, &json!({ "version": 1, "place": "Weimar" })).await;
    let edited: Event = edited.read();
    assert_eq!((edited.place.as_str(), edited.version), ("Weimar", 2));
    let stale = stage.organizer().patch(&path, &json!({ "version": 1, "place": "Jena" })).await;
    stale.assert_problem(409, "/problems/stale-version");
    let blind = stage.organizer().patch(&path, &json!({ "place": "Jena" })).await;
    blind.assert_problem(400, "/problems/invalid-request");
    blind.assert_field("version");
    let body = json!({ "version": 2, "status": "on_sale" });
    let unknown = stage.organizer().patch(&path, &body).await;
    unknown.assert_problem(400, "/problems/invalid-request");
    stage.finish().await;
}

#[tokio::test]
async fn an_event_moves_on_by_command_and_by_time() {
    let stage = CatalogueStage::start().await;
    let now = stage.app.app.base.db.now().await.expect("the clock");
    let id = stage
        .draft(|event| {
            event.sale_starts_at = holdfast::http::time::rfc3339(now + 86_400_000);
        })
        .await;
    let (path, caller) = (format!("/events/{id}"), stage.organizer());
    publish(&caller, &id.to_string()).await;
    assert_eq!(stage.app.get(&path).await.read::<Event>().status, EventStatus::Upcoming);
    let again = caller.post(&format!("{path}/publish"), &json!({})).await;
    again.assert_problem(409, "/problems/illegal-transition");
    let asked: Eligibility = stage.app.get(&format!("{path}/purchase-eligibility")).await.read();
    assert_eq!(asked.reasons, ["sale_not_started"]);
    stage.app.advance(DAY * 2).await;
    let shown = async || stage.app.get(&path).await.read::<Event>();
    let before = shown().await;
    // The API shows the new status at once. The pass writes it, once.
    assert_eq!(before.status, EventStatus::OnSale);
    assert_eq!(lifecycle::pass(&stage.app.app.base).await.ok(), Some(1));
    assert_eq!(lifecycle::pass(&stage.app.app.base).await.ok(), Some(0));
    assert!(shown().await.version > before.version);
    stage.app.advance(DAY * 60).await;
    assert_eq!(shown().await.status, EventStatus::Completed);
    assert_eq!(lifecycle::pass(&stage.app.app.base).await.ok(), Some(1));
    let admin = stage.app.as_user(&stage.admin);
    let late = admin.post(&format!("{path}/cancel"), &json!({})).await;
    late.assert_problem(409, "/problems/illegal-transition");
    stage.finish().await;
}

#[tokio::test]
async fn the_list_is_filtered_sorted_and_paged() {
    let stage = CatalogueStage::start().await;
    for (name, category, place, days) in [
        ("Beta", "sport", "Jena", 40),
        ("Alpha", "concert", "Erfurt", 50),
        ("100%", "sport", "Jena", 60),
    ] {
        let now = stage.app.app.base.db.now().await.expect("the clock");
        let at = |days: i64| holdfast::http::time::rfc3339(now + days * 86_400_000);
        let id = stage
            .draft(|event| {
                event.name = name.to_owned();
                event.category = category.to_owned();
                event.place = place.to_owned();
                (event.starts_at, event.ends_at) = (at(days), at(days + 1));
            })
            .await;
        publish(&stage.organizer(), &id.to_string()).await;
    }
    let names = async |query: &str| {
        let page: EventPage = stage.app.get(&format!("/events{query}")).await.read();
        page.items.into_iter().map(|event| event.name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("").await, "Beta Alpha 100%");
    assert_eq!(names("?sort=name").await, "100% Alpha Beta");
    assert_eq!(names("?sort=-starts_at&category=SPORT").await, "100% Beta");
    assert_eq!(names("?place=erf").await, "Alpha");
    assert_eq!(names("?q=0%25").await, "100%");
    assert_eq!(names("?q=_").await, "");
    assert_eq!(names("?status=on_sale&q=jena").await, "Beta 100%");
    assert_eq!(names("?status=past").await, "");
    let first: EventPage = stage.app.get("/events?limit=2").await.read();
    let rest = format!("/events?limit=2&after={}", first.next.expect("a second page"));
    let rest: EventPage = stage.app.get(&rest).await.read();
    assert_eq!((rest.items[0].name.as_str(), rest.next), ("100%", None));
    for wrong in ["limit=0", "limit=101", "after=x", "sort=price", "status=sold", "from=today"] {
        let refused = stage.app.get(&format!("/events?{wrong}")).await;
        refused.assert_problem(400, "/problems/invalid-request");
        refused.assert_field(wrong.split('=').next().expect("a name"));
    }
    stage.finish().await;
}

#[tokio::test]
async fn events_are_found_and_sorted_as_people_write_them() {
    let stage = CatalogueStage::start().await;
    let mut ids = Vec::new();
    for (name, category, place) in [
        ("zebra", "Théâtre", "Österreich"),
        ("Äpfel", "sport", "O\u{308}sterreich"),
        ("apple", "sport", "Łódź"),
        ("Banane", "sport", "Straße 50%_!"),
    ] {
        let id = stage
            .draft(|event| {
                (event.name, event.category) = (name.to_owned(), category.to_owned());
                (event.place, event.description) = (place.to_owned(), "Ein\nFest".to_owned());
            })
            .await;
        publish(&stage.organizer(), &id.to_string()).await;
        ids.push(id);
    }
    let names = async |query: &str| {
        let page: EventPage = stage.app.get(&format!("/events?{query}")).await.read();
        page.items.into_iter().map(|event| event.name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("sort=name").await, "Äpfel apple Banane zebra");
    assert_eq!(names("sort=-name").await, "zebra Banane apple Äpfel");
    for (query, found) in [
        ("q=%C3%96sterreich", "Äpfel zebra"),
        ("q=OSTERREICH", "Äpfel zebra"),
        ("place=%C3%B6sterreich", "Äpfel zebra"),
        ("q=lodz", "apple"),
        ("place=STRASSE", "Banane"),
        ("q=%25_!", "Banane"),
        ("q=%C3%A4PFEL", "Äpfel"),
        ("q=ein%20fest", "Äpfel apple Banane zebra"),
        ("category=theatre", "zebra"),
        ("category=TH%C3%89%C3%82TRE", "zebra"),
    ] {
        assert_eq!(names(&format!("sort=name&{query}")).await, found, "{query}");
    }
    let first: EventPage = stage.app.get("/events?sort=name&limit=3").await.read();
    let rest = format!("sort=name&limit=3&after={}", first.next.expect("a second page"));
    assert_eq!(names(&rest).await, "zebra");

    // An event that a node of an older version changes has no texts until the pass has written them.
    let base = &stage.app.app.base;
    let rename = "UPDATE events SET name = 'Übel', version = version + 1 WHERE id = $1";
    assert_eq!(base.db.run(rename, vec![ids[0].into()]).await.ok(), Some(1));
    let forget = "DELETE FROM event_texts WHERE event_id = $1";
    assert_eq!(base.db.run(forget, vec![ids[1].into()]).await.ok(), Some(1));
    assert_eq!(names("sort=name&q=fest").await, "Äpfel apple Banane Übel");
    assert_eq!(texts::pass(base).await.ok(), Some(2));
    assert_eq!(texts::pass(base).await.ok(), Some(0));
    assert_eq!(names("q=ubel").await, "Übel");
    assert_eq!(names("sort=name").await, "Äpfel apple Banane Übel");
    let path = format!("/events/{}", ids[0]);
    let edited = edit(&stage.organizer(), &path, json!({ "name": "Axt" })).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    assert_eq!(names("sort=name").await, "Äpfel apple Axt Banane");
    stage.finish().await;
}

#[tokio::test]
async fn only_an_admin_deletes_and_only_what_nobody_held() {
    let stage = CatalogueStage::start().await;
    let (used, unused) = (stage.on_sale().await, stage.on_sale().await);
    stage.app.post(&format!("/events/{used}/reservations"), &seats(&[1])).await;
    let admin = stage.app.as_user(&stage.admin);
    let refused = admin.delete(&format!("/events/{used}")).await;
    refused.assert_problem(409, "/problems/illegal-transition");
    let left: Inventory = stage.app.get(&format!("/events/{used}/inventory")).await.read();
    assert_eq!(left.counts.held, 1);
    assert_eq!(admin.delete(&format!("/events/{unused}")).await.status, 204);
    stage.app.get(&format!("/events/{unused}")).await.assert_problem(404, "/problems/not-found");
    stage.finish().await;
}
