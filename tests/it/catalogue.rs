//! The catalogue over HTTP: who sees and changes what, plans, sections, offers, what is left.

use std::time::Duration;

use holdfast::{
    accounts::{membership, register::register},
    catalogue::{lifecycle, plan_files, seed},
};
use holdfast_contract::{
    accounts::Registration,
    catalogue::SeatKind,
    seat_map::{MapSeat, SeatMap},
};
use holdfast_domain::access::Role;
use serde_json::{Value, json};

use crate::{
    fixture::seats,
    harness::{Answer, CallerOf, TestApp},
};

const DAY: Duration = Duration::from_secs(24 * 3600);
const ERFURT: &str = include_str!("../../src/catalogue/plans/riethsporthalle-erfurt.json");

/// A server with an organizer, an organizer of somebody else, and an admin.
struct Stage {
    app: TestApp,
    organizer: String,
    stranger: String,
    admin: String,
}

impl Stage {
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

    /// A draft, by its id.
    async fn draft(&self, edit: impl FnOnce(&mut Value)) -> String {
        let mut event = new_event(&self.app).await;
        edit(&mut event);
        let made = self.organizer().post("/events", &event).await;
        assert_eq!(made.status, 201, "{}", made.text);
        text(&made.body["id"])
    }

    /// An event on sale with two rows of three seats (10.00), a seat (30.00) and ten standing places (5.00).
    async fn on_sale(&self) -> String {
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
                json!({ "section_id": made.body["id"], "name": "Standard", "price_minor": offer });
            let made = caller.post(&format!("/events/{id}/offers"), &offer).await;
            assert_eq!(made.status, 201, "{}", made.text);
        }
        let published = caller.post(&format!("/events/{id}/publish"), &json!({})).await;
        assert_eq!(published.body["status"], "on_sale", "{}", published.text);
        id
    }

    async fn section(&self, event: &str, name: &str) -> Value {
        let sections = self.app.get(&format!("/events/{event}/sections")).await.body;
        let found = sections["items"]
            .as_array()
            .and_then(|sections| sections.iter().find(|section| section["name"] == name).cloned());
        found.unwrap_or_else(|| panic!("no section {name} in {sections}"))
    }

    async fn finish(self) {
        self.app.finish().await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

async fn account(app: &TestApp, name: &str, role: Role, organization: Option<&str>) -> String {
    let base = &app.app.base;
    let email = format!("{name}@example.org");
    let registration = Registration {
        email: email.clone(),
        password: "Demo-pass-1".to_owned(),
        first_name: "A".to_owned(),
        last_name: "B".to_owned(),
        locale: None,
    };
    let user = register(&base.db, &base.entropy, registration, role).await.expect("an account");
    if let Some(slug) = organization {
        let organization = membership::found(base, slug, slug).await.expect("an organization");
        membership::join(&base.db, organization, user).await.expect("a member");
    }
    let credentials = json!({ "email": email, "password": "Demo-pass-1" });
    text(&app.post("/auth/login", &credentials).await.body["access_token"])
}

/// In 30 days, on sale since yesterday.
async fn new_event(app: &TestApp) -> Value {
    let at = |days: i64, now: i64| holdfast::http::time::rfc3339(now + days * 86_400_000);
    let now = app.app.base.db.now().await.expect("the clock");
    json!({ "name": "Gala", "category": "concert", "place": "Erfurt", "time_zone": "Europe/Berlin",
            "starts_at": at(30, now), "ends_at": at(31, now), "sale_starts_at": at(-1, now),
            "currency": "EUR", "max_per_user": 4, "max_per_order": 4 })
}

async fn with_tag(caller: &CallerOf<'_>, path: &str, tag: &str) -> Answer {
    caller.send(reqwest::Method::GET, path, None, &[("If-None-Match", tag)]).await
}

#[tokio::test]
async fn a_draft_is_seen_by_its_organization_alone() {
    let stage = Stage::start().await;
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
    assert_eq!(stage.organizer().get(&path).await.body["status"], "draft");
    assert_eq!(stage.app.as_user(&stage.admin).get(&path).await.status, 200);
    let listed = |answer: Answer| answer.body["items"].as_array().map(Vec::len);
    assert_eq!(listed(stage.app.get("/events").await), Some(0));
    assert_eq!(listed(stage.app.get("/events?status=draft").await), Some(0));
    assert_eq!(listed(stage.organizer().get("/events?status=draft").await), Some(1));
    assert_eq!(
        listed(stage.app.as_user(&stage.stranger).get("/events?status=draft").await),
        Some(0)
    );
    stage.finish().await;
}

#[tokio::test]
async fn strangers_change_nothing() {
    let stage = Stage::start().await;
    let id = stage.on_sale().await;
    let section = text(&stage.section(&id, "Floor").await["id"]);
    let offers = stage.app.get(&format!("/events/{id}/offers")).await.body;
    let offer = text(&offers["items"][0]["id"]);
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
        let nobody = stage.app.as_nobody().send(method.clone(), path, Some(&body), &[]).await;
        nobody.assert_problem(401, "/problems/unauthorized");
        let stranger =
            stage.app.as_user(&stage.stranger).send(method, path, Some(&body), &[]).await;
        stranger.assert_problem(403, "/problems/forbidden");
    }
    // Deleting is for admins, and not while anybody holds anything.
    let own = stage.organizer().delete(&format!("/events/{id}")).await;
    own.assert_problem(403, "/problems/forbidden");
    stage.finish().await;
}

#[tokio::test]
async fn events_are_made_with_every_fault_named_and_edited_under_their_version() {
    let stage = Stage::start().await;
    let mut bad = new_event(&stage.app).await;
    bad["name"] = "".into();
    bad["currency"] = "euro".into();
    bad["ends_at"] = "soon".into();
    let refused = stage.organizer().post("/events", &bad).await;
    refused.assert_problem(400, "/problems/invalid-request");
    for field in ["name", "currency", "ends_at"] {
        refused.assert_field(field);
    }
    let good = new_event(&stage.app).await;
    stage.app.post("/events", &good).await.assert_problem(401, "/problems/unauthorized");
    let (first, second) = (stage.draft(|_| ()).await, stage.draft(|_| ()).await);
    let slug = |id: String| {
        let stage = &stage;
        async move { text(&stage.organizer().get(&format!("/events/{id}")).await.body["slug"]) }
    };
    assert_eq!((slug(first.clone()).await, slug(second).await), ("gala".into(), "gala-2".into()));
    let mut taken = new_event(&stage.app).await;
    taken["slug"] = "gala".into();
    stage.organizer().post("/events", &taken).await.assert_problem(409, "/problems/slug-taken");

    let path = format!("/events/{first}");
    let edited = stage.organizer().patch(&path, &json!({ "version": 1, "place": "Weimar" })).await;
    assert_eq!((&edited.body["place"], &edited.body["version"]), (&json!("Weimar"), &json!(2)));
    let stale = stage.organizer().patch(&path, &json!({ "version": 1, "place": "Jena" })).await;
    stale.assert_problem(409, "/problems/stale-version");
    let unknown = stage.organizer().patch(&path, &json!({ "status": "on_sale" })).await;
    unknown.assert_problem(400, "/problems/invalid-request");
    stage.finish().await;
}

#[tokio::test]
async fn an_event_moves_on_by_command_and_by_time() {
    let stage = Stage::start().await;
    let now = stage.app.app.base.db.now().await.expect("the clock");
    let id = stage
        .draft(|event| {
            event["sale_starts_at"] = holdfast::http::time::rfc3339(now + 86_400_000).into()
        })
        .await;
    let (path, caller) = (format!("/events/{id}"), stage.organizer());
    let publish = caller.post(&format!("{path}/publish"), &json!({})).await;
    assert_eq!(publish.body["status"], "upcoming");
    let again = caller.post(&format!("{path}/publish"), &json!({})).await;
    again.assert_problem(409, "/problems/illegal-transition");
    let reasons = stage.app.get(&format!("{path}/purchase-eligibility")).await.body;
    assert_eq!(reasons["reasons"], json!(["sale_not_started", "sold_out"]));
    stage.app.advance(DAY * 2).await;
    let version = stage.app.get(&path).await.body["version"].clone();
    // Shown at once; the pass writes it down, once.
    assert_eq!(stage.app.get(&path).await.body["status"], "sold_out");
    assert_eq!(lifecycle::pass(&stage.app.app.base).await.ok(), Some(1));
    assert_eq!(lifecycle::pass(&stage.app.app.base).await.ok(), Some(0));
    assert!(stage.app.get(&path).await.body["version"].as_i64() > version.as_i64());
    stage.app.advance(DAY * 60).await;
    assert_eq!(stage.app.get(&path).await.body["status"], "completed");
    assert_eq!(lifecycle::pass(&stage.app.app.base).await.ok(), Some(1));
    let late = stage.admin().await.post(&format!("{path}/cancel"), &json!({})).await;
    late.assert_problem(409, "/problems/illegal-transition");
    stage.finish().await;
}

impl Stage {
    /// Signs in anew: the access token is as old as the clock was moved.
    async fn admin(&self) -> CallerOf<'_> {
        let credentials = json!({ "email": "admin@example.org", "password": "Demo-pass-1" });
        let session = self.app.post("/auth/login", &credentials).await;
        self.app.as_user(&text(&session.body["access_token"]))
    }
}

#[tokio::test]
async fn the_list_is_filtered_sorted_and_paged() {
    let stage = Stage::start().await;
    for (name, category, place, days) in [
        ("Beta", "sport", "Jena", 40),
        ("Alpha", "concert", "Erfurt", 50),
        ("100%", "sport", "Jena", 60),
    ] {
        let now = stage.app.app.base.db.now().await.expect("the clock");
        let at = |days: i64| Value::from(holdfast::http::time::rfc3339(now + days * 86_400_000));
        let id = stage
            .draft(|event| {
                event["name"] = name.into();
                event["category"] = category.into();
                event["place"] = place.into();
                (event["starts_at"], event["ends_at"]) = (at(days), at(days + 1));
            })
            .await;
        stage.organizer().post(&format!("/events/{id}/publish"), &json!({})).await;
    }
    let names = |query: &'static str| {
        let app = &stage.app;
        async move {
            let page = app.get(&format!("/events{query}")).await;
            assert_eq!(page.status, 200, "{}", page.text);
            let names: Vec<String> = page.body["items"]
                .as_array()
                .map(|items| items.iter().map(|item| text(&item["name"])).collect())
                .unwrap_or_default();
            names.join(" ")
        }
    };
    assert_eq!(names("").await, "Beta Alpha 100%");
    assert_eq!(names("?sort=name").await, "100% Alpha Beta");
    assert_eq!(names("?sort=-starts_at&category=SPORT").await, "100% Beta");
    assert_eq!(names("?place=erf").await, "Alpha");
    assert_eq!(names("?q=0%25").await, "100%");
    assert_eq!(names("?q=_").await, "");
    assert_eq!(names("?status=on_sale&q=jena").await, "Beta 100%");
    assert_eq!(names("?status=past").await, "");
    let first = stage.app.get("/events?limit=2").await.body;
    let rest = format!("/events?limit=2&after={}", text(&first["next"]));
    let rest = stage.app.get(&rest).await.body;
    assert_eq!((&rest["items"][0]["name"], &rest["next"]), (&json!("100%"), &Value::Null));
    for wrong in ["limit=0", "limit=101", "after=x", "sort=price", "status=sold", "from=today"] {
        let refused = stage.app.get(&format!("/events?{wrong}")).await;
        refused.assert_problem(400, "/problems/invalid-request");
        refused.assert_field(wrong.split('=').next().expect("a name"));
    }
    stage.finish().await;
}

#[tokio::test]
async fn an_imported_plan_comes_back_and_is_on_the_map() {
    let stage = Stage::start().await;
    let id = stage.draft(|_| ()).await;
    let plan: Value = serde_json::from_str(ERFURT).expect("JSON");
    let path = format!("/events/{id}/plan");
    stage.organizer().get(&path).await.assert_problem(404, "/problems/not-found");
    let accepted = stage.organizer().put(&path, &plan).await;
    assert_eq!(accepted.body, json!({ "plan_version": 1, "sections": 6, "seats": 1252 }));
    assert_eq!(stage.organizer().get(&path).await.body, plan);
    let exported = plan_files::export(&stage.app.app.base, &id).await.expect("a plan");
    assert_eq!(serde_json::from_str::<Value>(&exported).expect("JSON"), plan);

    let seats = format!("/events/{id}/seats");
    let map = stage.organizer().get(&seats).await;
    let tag = map.header("etag").expect("a tag").to_owned();
    let map: SeatMap = serde_json::from_value(map.body).expect("a map");
    let on_map: Vec<MapSeat> = map
        .sections
        .iter()
        .flat_map(|section| &section.rows)
        .flat_map(holdfast_contract::seat_map::MapRow::seats)
        .collect();
    assert_eq!((map.sections.len(), on_map.len()), (6, 1252));
    assert_eq!((on_map[0].seat_id, on_map[0].guid.as_str()), (1, "D-14-1"));
    let caller = stage.organizer();
    assert_eq!(with_tag(&caller, &seats, &tag).await.status, 304);
    let kept = caller.get(&format!("{seats}?plan_version=1")).await;
    assert!(kept.header("cache-control").is_some_and(|value| value.contains("immutable")));
    let wheelchair = caller.patch(&format!("{seats}/7"), &json!({ "kind": "wheelchair" })).await;
    assert_eq!(wheelchair.body["kind"], "wheelchair", "{}", wheelchair.text);
    let map = with_tag(&caller, &seats, &tag).await;
    let map: SeatMap = serde_json::from_value(map.body).expect("a newer map");
    assert_eq!(map.plan_version, 2);
    assert_eq!(map.sections[0].rows[0].seats()[6].kind, SeatKind::Wheelchair);
    assert_eq!(caller.get(&path).await.body, plan, "a kind is none of the plan's business");
    stage.finish().await;
}

#[tokio::test]
async fn a_faulty_plan_is_refused_with_every_path_and_nothing_of_it_stays() {
    let stage = Stage::start().await;
    let id = stage.draft(|_| ()).await;
    let path = format!("/events/{id}/plan");
    let mut plan: Value = serde_json::from_str(ERFURT).expect("JSON");
    plan["zones"][0]["rows"][0]["seats"][0]["category"] = "Nowhere".into();
    plan["zones"][0]["rows"][0]["seats"][1]["seat_guid"] = "D-14-3".into();
    plan["zones"][1]["rows"][0]["seats"][0]["position"]["x"] = "left".into();
    let refused = stage.organizer().put(&path, &plan).await;
    refused.assert_problem(422, "/problems/invalid-plan");
    refused.assert_field("zones[0].rows[0].seats[0].category");
    refused.assert_field("zones[0].rows[0].seats[2].seat_guid");
    refused.assert_field("zones[1].rows[0].seats[0].position.x");
    let client = reqwest::Client::new();
    for (body, status, kind) in [
        ("[".repeat(50_000), 422, "/problems/invalid-plan"),
        (" ".repeat(50_000_000), 413, "/problems/body-too-large"),
        (String::new(), 422, "/problems/invalid-plan"),
    ] {
        let answer = client
            .put(stage.app.url(&path))
            .bearer_auth(&stage.organizer)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), status);
        let problem: Value = answer.json().await.expect("a problem");
        assert_eq!((&problem["type"], &problem["errors"][0]["field"]), (&json!(kind), &json!("$")));
    }
    let event = stage.organizer().get(&format!("/events/{id}")).await.body;
    assert_eq!((&event["has_plan"], &event["capacity"]), (&json!(false), &json!(0)));
    stage.finish().await;
}

#[tokio::test]
async fn a_new_plan_keeps_what_somebody_has() {
    let stage = Stage::start().await;
    let id = stage.on_sale().await;
    let (path, caller) = (format!("/events/{id}/plan"), stage.organizer());
    let held = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[2])).await;
    assert_eq!(held.status, 201, "{}", held.text);
    let plan = caller.get(&path).await.body;

    let mut without = plan.clone();
    without["zones"][0]["rows"][0]["seats"].as_array_mut().expect("seats").remove(1);
    let refused = caller.put(&path, &without).await;
    refused.assert_problem(409, "/problems/plan-in-use");
    assert_eq!(refused.body["seats"], json!([{ "seat_id": 2, "reason": "held" }]));

    // The held seat moves to another row of a renamed section and stays held; another one vanishes.
    let mut moved = plan.clone();
    moved["zones"][0]["name"] = "Front".into();
    let mut seat = moved["zones"][0]["rows"][0]["seats"].as_array_mut().expect("seats").remove(1);
    seat["seat_number"] = "9".into();
    moved["zones"][0]["rows"][1]["seats"].as_array_mut().expect("seats").push(seat);
    moved["zones"][0]["rows"][0]["seats"].as_array_mut().expect("seats").remove(0);
    let accepted = caller.put(&path, &moved).await;
    assert_eq!(accepted.body["seats"], 6, "{}", accepted.text);
    let front = stage.section(&id, "Front").await;
    assert_eq!(
        front["counts"],
        json!({ "capacity": 5, "available": 4, "held": 1, "sold": 0, "blocked": 0 })
    );
    let section = text(&front["id"]);
    let listed = stage.app.get(&format!("/events/{id}/sections/{section}/seats")).await.body;
    assert_eq!(listed["items"][0]["seat_id"], 2);
    assert_eq!(
        (&listed["items"][0]["row"], &listed["items"][0]["label"], &listed["items"][0]["status"]),
        (&json!("B"), &json!("9"), &json!("held"))
    );

    // A seat of the old plan that comes back is a new one, with an id that was never used.
    assert_eq!(caller.put(&path, &plan).await.status, 200);
    let stalls = text(&stage.section(&id, "Stalls").await["id"]);
    let listed = stage.app.get(&format!("/events/{id}/sections/{stalls}/seats")).await.body;
    let ids: Vec<i64> = listed["items"]
        .as_array()
        .expect("seats")
        .iter()
        .filter_map(|seat| seat["seat_id"].as_i64())
        .collect();
    assert_eq!(ids, [2, 3, 4, 5, 6, 8]);
    stage.finish().await;
}

#[tokio::test]
async fn a_lapsed_hold_keeps_no_seat_in_the_plan() {
    let stage = Stage::start().await;
    let id = stage.on_sale().await;
    let path = format!("/events/{id}/plan");
    stage.app.post(&format!("/events/{id}/reservations"), &seats(&[1])).await;
    let mut plan = stage.organizer().get(&path).await.body;
    plan["zones"][0]["rows"][0]["seats"].as_array_mut().expect("seats").remove(0);
    stage.organizer().put(&path, &plan).await.assert_problem(409, "/problems/plan-in-use");
    stage.app.advance(Duration::from_secs(600)).await;
    assert_eq!(stage.organizer().put(&path, &plan).await.status, 200);
    stage.finish().await;
}

#[tokio::test]
async fn what_is_left_is_seen_at_once_and_kept_by_its_tag() {
    let stage = Stage::start().await;
    let id = stage.on_sale().await;
    let nobody = stage.app.as_nobody();
    let (inventory, states) =
        (format!("/events/{id}/inventory"), format!("/events/{id}/seats?state=only"));
    let before = nobody.get(&inventory).await;
    assert_eq!(
        before.body["counts"],
        json!({ "capacity": 17, "available": 17, "held": 0, "sold": 0, "blocked": 0 })
    );
    assert_eq!(before.body["price_range"]["min"]["amount"], 500);
    assert_eq!(before.body["price_range"]["max"]["amount"], 3_000);
    assert_eq!(nobody.get(&states).await.body["seats"], json!([]));
    let tags: Vec<String> = {
        let mut tags = Vec::new();
        for path in [&inventory, &states] {
            tags.push(nobody.get(path).await.header("etag").expect("a tag").to_owned());
        }
        tags
    };
    assert_eq!(with_tag(&nobody, &inventory, &tags[0]).await.status, 304);
    assert_eq!(with_tag(&nobody, &states, &tags[1]).await.status, 304);

    let floor = stage.section(&id, "Floor").await["id"].clone();
    let mut wish = seats(&[1, 3]);
    wish["general"] = json!([{ "section_id": floor, "quantity": 2 }]);
    let held = stage.app.post(&format!("/events/{id}/reservations"), &wish).await;
    assert_eq!(held.status, 201, "{}", held.text);
    let after = with_tag(&nobody, &inventory, &tags[0]).await;
    assert_eq!(after.body["counts"]["held"], 4, "{}", after.text);
    let after = with_tag(&nobody, &states, &tags[1]).await;
    let listed = after.body["seats"].as_array().expect("states").clone();
    assert_eq!((listed.len(), &listed[0][0], &listed[0][1]), (2, &json!(1), &json!("held")));
    let until = listed[0][3].as_i64().expect("a time");
    let left = until - after.body["now"].as_i64().expect("a time");
    assert!((595..=601).contains(&left), "{left} seconds");

    // The moment they lapse, nobody having done anything.
    let tag = after.header("etag").expect("a tag").to_owned();
    assert_eq!(with_tag(&nobody, &states, &tag).await.status, 304);
    stage.app.advance(Duration::from_secs(601)).await;
    assert_eq!(with_tag(&nobody, &states, &tag).await.body["seats"], json!([]));
    assert_eq!(nobody.get(&inventory).await.body["counts"]["available"], 17);
    stage.finish().await;
}

#[tokio::test]
async fn seats_are_kept_back_freed_and_priced_unless_somebody_has_them() {
    let stage = Stage::start().await;
    let id = stage.on_sale().await;
    let (caller, seat) = (stage.organizer(), |n: i32| format!("/events/{id}/seats/{n}"));
    caller.patch(&seat(1), &json!({ "blocked": true })).await.assert_field("reason");
    let blocked = caller.patch(&seat(1), &json!({ "blocked": true, "reason": "press" })).await;
    assert_eq!(blocked.body["status"], "blocked", "{}", blocked.text);
    let refused = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[1])).await;
    assert_eq!(refused.body["seats"], json!([{ "seat_id": 1, "reason": "blocked" }]));
    assert_eq!(
        caller.patch(&seat(1), &json!({ "blocked": false })).await.body["status"],
        "available"
    );

    let priced = caller.patch(&seat(2), &json!({ "price_minor": 250 })).await;
    assert_eq!(
        priced.body["price"],
        json!({ "amount": 250, "currency": "EUR" }),
        "{}",
        priced.text
    );
    let held = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[1, 2])).await;
    assert_eq!(held.body["total"]["amount"], 1_250, "{}", held.text);
    for change in [json!({ "blocked": true, "reason": "no" }), json!({ "price_minor": 1 })] {
        let refused = caller.patch(&seat(2), &change).await;
        refused.assert_problem(409, "/problems/seats-unavailable");
        assert_eq!(refused.body["seats"], json!([{ "seat_id": 2, "reason": "held" }]));
    }
    // A later price is for later buyers.
    let offers = caller.get(&format!("/events/{id}/offers")).await.body;
    let offer = format!("/offers/{}", text(&offers["items"][0]["id"]));
    assert_eq!(
        caller.patch(&offer, &json!({ "price_minor": 9_900 })).await.body["price"]["amount"],
        9_900
    );
    let read = stage
        .app
        .as_guest(&text(&held.body["guest_token"]))
        .get(&format!("/reservations/{}", text(&held.body["id"])))
        .await;
    assert_eq!(read.body["total"]["amount"], 1_250);
    let next = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[3])).await;
    assert_eq!(next.body["total"]["amount"], 9_900, "{}", next.text);
    caller
        .patch(&seat(99), &json!({ "blocked": false }))
        .await
        .assert_problem(404, "/problems/not-found");
    stage.finish().await;
}

#[tokio::test]
async fn general_admission_never_shrinks_below_what_is_taken() {
    let stage = Stage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let floor = text(&stage.section(&id, "Floor").await["id"]);
    let path = format!("/events/{id}/sections/{floor}");
    let wish = json!({ "general": [{ "section_id": floor, "quantity": 3 }] });
    assert_eq!(stage.app.post(&format!("/events/{id}/reservations"), &wish).await.status, 201);
    caller
        .patch(&path, &json!({ "capacity": 2 }))
        .await
        .assert_problem(409, "/problems/illegal-transition");
    let shrunk = caller.patch(&path, &json!({ "capacity": 3, "name": "Pit" })).await;
    assert_eq!(
        (&shrunk.body["name"], &shrunk.body["counts"]["available"]),
        (&json!("Pit"), &json!(0))
    );
    caller.delete(&path).await.assert_problem(409, "/problems/illegal-transition");
    let taken = json!({ "name": "Stalls", "capacity": 5 });
    caller.post(&format!("/events/{id}/sections"), &taken).await.assert_field("name");
    let both = json!({ "name": "Both", "capacity": 5, "rows": 2, "seats_per_row": 2 });
    caller.post(&format!("/events/{id}/sections"), &both).await.assert_field("capacity");
    let stalls = text(&stage.section(&id, "Stalls").await["id"]);
    let stalls = format!("/events/{id}/sections/{stalls}");
    caller.delete(&stalls).await.assert_problem(409, "/problems/illegal-transition");
    let spare = caller
        .post(&format!("/events/{id}/sections"), &json!({ "name": "Spare", "capacity": 1 }))
        .await;
    let spare = format!("/events/{id}/sections/{}", text(&spare.body["id"]));
    assert_eq!(caller.delete(&spare).await.status, 204);
    caller.delete(&spare).await.assert_problem(404, "/problems/not-found");
    stage.finish().await;
}

#[tokio::test]
async fn offers_are_found_across_events_and_withdrawn() {
    let stage = Stage::start().await;
    let id = stage.on_sale().await;
    let caller = stage.organizer();
    let path = format!("/events/{id}/offers");
    let family = json!({ "name": "Family", "price_minor": 0, "admits": 4, "refundable": true });
    let family = caller.post(&path, &family).await;
    assert_eq!(family.body["admits"], 4, "{}", family.text);
    let found = stage.app.get("/offers?persons=4").await.body;
    assert_eq!(found["items"], json!([family.body]));
    assert_eq!(stage.app.get("/events?status=free").await.body["items"][0]["id"], *id);
    let two = stage.app.get("/offers?limit=2").await.body;
    let rest = stage.app.get(&format!("/offers?limit=2&after={}", text(&two["next"]))).await.body;
    assert_eq!((rest["items"].as_array().map(Vec::len), &rest["next"]), (Some(2), &Value::Null));
    let offer = format!("/offers/{}", text(&family.body["id"]));
    assert_eq!(caller.delete(&offer).await.status, 204);
    caller.delete(&offer).await.assert_problem(404, "/problems/not-found");
    assert_eq!(stage.app.get("/offers?persons=4").await.body["items"], json!([]));
    for (offer, field) in [
        (json!({ "name": "", "price_minor": 5 }), "name"),
        (json!({ "name": "X", "price_minor": -1 }), "price_minor"),
        (json!({ "name": "X", "price_minor": 5, "admits": 21 }), "admits"),
        (json!({ "name": "X", "price_minor": 5, "section_id": uuid::Uuid::nil() }), "section_id"),
    ] {
        caller.post(&path, &offer).await.assert_field(field);
    }
    stage.finish().await;
}

#[tokio::test]
async fn only_an_admin_deletes_and_only_what_nobody_held() {
    let stage = Stage::start().await;
    let (used, unused) = (stage.on_sale().await, stage.on_sale().await);
    stage.app.post(&format!("/events/{used}/reservations"), &seats(&[1])).await;
    let admin = stage.app.as_user(&stage.admin);
    let refused = admin.delete(&format!("/events/{used}")).await;
    refused.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(stage.app.get(&format!("/events/{used}/inventory")).await.body["counts"]["held"], 1);
    assert_eq!(admin.delete(&format!("/events/{unused}")).await.status, 204);
    stage.app.get(&format!("/events/{unused}")).await.assert_problem(404, "/problems/not-found");
    stage.finish().await;
}

#[tokio::test]
async fn eligibility_names_every_reason() {
    let stage = Stage::start().await;
    let id = stage.on_sale().await;
    let path = format!("/events/{id}/purchase-eligibility");
    let free = stage.app.get(&path).await.body;
    assert_eq!(free, json!({ "can_purchase": true, "reasons": [], "remaining": 4 }));
    let held = stage.app.post(&format!("/events/{id}/reservations"), &seats(&[1, 2, 3, 4])).await;
    let guest = stage.app.as_guest(&text(&held.body["guest_token"])).get(&path).await.body;
    assert_eq!(
        guest,
        json!({ "can_purchase": false, "reasons": ["limit_reached"], "remaining": 0 })
    );
    stage.organizer().post(&format!("/events/{id}/cancel"), &json!({})).await;
    let cancelled = stage.app.get(&path).await.body;
    assert_eq!(cancelled["reasons"], json!(["cancelled"]));
    stage.finish().await;
}

#[tokio::test]
async fn the_demo_is_made_once() {
    let app = TestApp::start().await;
    let (base, holds) = (&app.app.base, app.app.catalogue.holds);
    seed::seed(base, holds).await.expect("a demo");
    let events = app.get("/events?status=on_sale").await.body;
    let shown: Vec<(String, i64)> = events["items"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| (text(&event["slug"]), event["available"].as_i64().unwrap_or_default()))
        .collect();
    let wanted =
        [("erfurt-handball", 1_500), ("theatre-premiere", 1_065), ("arena-concert", 22_000)];
    assert_eq!(shown, wanted.map(|(slug, places)| (slug.to_owned(), places)));
    seed::seed(base, holds).await.expect("the same demo");
    assert_eq!(app.get("/events").await.body, events);
    let seats = app.get("/events/arena-concert/seats").await;
    assert_eq!(seats.body["sections"].as_array().map(Vec::len), Some(40));
    let credentials = json!({ "email": "organizer@demo.test", "password": seed::PASSWORD });
    let session = app.post("/auth/login", &credentials).await;
    assert_eq!(session.body["profile"]["organizations"][0]["name"], "Holdfast Demo");
    app.finish().await;
}
