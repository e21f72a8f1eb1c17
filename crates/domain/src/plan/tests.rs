//! Tests of reading, refusing and writing plans.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::text::{letters, nfc};

/// A small valid plan with every member of the format.
fn small() -> Value {
    json!({
        "name": "Small", "size": { "width": 400, "height": 300 },
        "categories": [{ "name": "A", "color": "#E87722" }, { "name": "B" }],
        "zones": [{
            "name": "Left", "zone_id": "L", "uuid": "z1", "position": { "x": 10, "y": 20.5 },
            "rows": [
                { "row_number": "1", "row_label": null, "seat_label": "Seat %s",
                  "row_number_position": "both", "uuid": "r1", "position": { "x": 1.0, "y": 2 },
                  "seats": [
                    { "seat_guid": "L-1-1", "seat_number": "1", "uuid": "s1", "category": "A",
                      "start_direction": "<>", "radius": 12, "position": { "x": -5, "y": 0 } },
                    { "seat_guid": "L-1-2", "seat_number": "2", "start_direction": null,
                      "category": "B", "position": { "x": 5.25, "y": 0.0 } }] },
                { "row_number": "2", "row_number_position": null, "seats": [
                    { "seat_guid": "L-2-1", "seat_number": "1", "category": "A",
                      "position": { "x": 0, "y": 0 } }] }],
            "areas": [
                { "shape": "rectangle", "uuid": "a1", "rotation": -12.5, "color": "#ddd",
                  "border_color": "", "position": { "x": 1, "y": 2 },
                  "rectangle": { "width": 10, "height": 2.5 },
                  "text": { "text": "Stage", "color": "#333333", "size": 18,
                            "position": { "x": 5, "y": 1 } } },
                { "shape": "circle", "circle": { "radius": 4 } },
                { "shape": "ellipse", "ellipse": { "radius": { "x": 4, "y": 2 } } },
                { "shape": "polygon", "polygon": { "points": [{ "x": 0, "y": 0 }, { "x": 3, "y": 4 }] } },
                { "shape": "text" }, {}]
        }, { "position": { "x": 0, "y": 0 }, "rows": [] }]
    })
}

fn seat(number: &str, guid: &str) -> Value {
    json!({ "seat_guid": guid, "seat_number": number, "category": "A",
            "position": { "x": 0, "y": 0 } })
}

/// The faults of the small plan after an edit, as lines of the form `path: message`.
fn check(edit: impl FnOnce(&mut Value), expected: &[&str]) {
    let mut plan = small();
    edit(&mut plan);
    check_bytes(plan.to_string().as_bytes(), expected);
}

fn check_bytes(bytes: &[u8], expected: &[&str]) {
    let found: Vec<String> = match Plan::parse(bytes) {
        Ok(_) => Vec::new(),
        Err(PlanFaults(faults)) => {
            faults.iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect()
        }
    };
    let alike = found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, start)| found.starts_with(start));
    assert!(alike, "found {found:#?}, expected {expected:#?}");
}

const FIRST: &str = "/zones/0/rows/0/seats/0";

fn at<'v>(plan: &'v mut Value, pointer: &str) -> &'v mut Value {
    plan.pointer_mut(pointer).expect("the small plan has it")
}

fn shipped() -> [(&'static str, usize, &'static [u8]); 3] {
    [
        (
            "Riethsporthalle Erfurt",
            1252,
            include_bytes!("../../../../src/catalogue/plans/riethsporthalle-erfurt.json"),
        ),
        ("Theatre", 1065, include_bytes!("../../../../src/catalogue/plans/theatre-1000.json")),
        ("Arena", 20_000, include_bytes!("../../../../src/catalogue/plans/arena-20000.json")),
    ]
}

#[test]
fn what_is_read_is_written_back() {
    let mut files: Vec<Vec<u8>> = shipped().iter().map(|(_, _, file)| file.to_vec()).collect();
    files.push(small().to_string().into_bytes());
    for file in files {
        let plan = Plan::parse(&file).expect("a good plan");
        let before: Value = serde_json::from_slice(&file).expect("JSON");
        let after: Value = serde_json::from_str(&plan.to_json()).expect("JSON");
        assert!(before == after, "{} changed", plan.name);
        assert_eq!(Plan::parse(plan.to_json().as_bytes()).as_ref(), Ok(&plan));
    }
}

#[test]
fn the_shipped_plans_have_their_seats() {
    for (name, seats, file) in shipped() {
        let plan = Plan::parse(file).expect("a good plan");
        assert_eq!((plan.name.as_str(), plan.seat_count()), (name, seats));
        let ids: Vec<i32> = plan.numbered().map(|seat| seat.id.0).collect();
        assert_eq!(ids, (1..=i32::try_from(seats).expect("few")).collect::<Vec<_>>());
    }
}

#[test]
fn places_are_absolute() {
    let plan = Plan::parse(small().to_string().as_bytes()).expect("a good plan");
    let places: Vec<_> =
        plan.numbered().map(|seat| (seat.id.0, seat.row, seat.x, seat.y)).collect();
    assert_eq!(places, [(1, 0, 6.0, 22.5), (2, 0, 16.25, 22.5), (3, 1, 10.0, 20.5)]);
}

#[test]
fn every_wrong_type_is_told_with_its_path() {
    check(|plan| *plan = json!([]), &["$: must be an object, is an array"]);
    check(|plan| *plan = json!("plan"), &["$: must be an object, is a string"]);
    check(|plan| *at(plan, "/name") = json!(7), &["name: must be a string, is a number"]);
    check(
        |plan| *at(plan, "/zones/0/rows") = json!({}),
        &["zones[0].rows: must be an array, is an object"],
    );
    check(
        |plan| {
            *at(plan, &format!("{FIRST}/category")) = json!(["A"]);
            *at(plan, &format!("{FIRST}/position")) = json!(null);
            *at(plan, "/zones/0/rows/0/seats/1/position/x") = json!("5");
            *at(plan, "/zones/0/rows/1") = json!(true);
            *at(plan, "/zones/0/rows/0/row_number_position") = json!("left");
            *at(plan, "/zones/0/areas/0/shape") = json!("star");
            *at(plan, "/size/width") = json!(400.5);
        },
        &[
            "size.width: must be a whole number",
            "zones[0].rows[0].row_number_position: must be start, end, both or null",
            "zones[0].rows[0].seats[0].category: must be a string, is an array",
            "zones[0].rows[0].seats[0].position: must be an object, is null",
            "zones[0].rows[0].seats[1].position.x: must be a number, is a string",
            "zones[0].rows[1]: must be an object, is a boolean",
            "zones[0].areas[0].shape: must be polygon",
        ],
    );
}

#[test]
fn unknown_missing_and_doubled_members_are_refused() {
    check(
        |plan| {
            at(plan, FIRST)["price"] = json!({ "deep": [[1]] });
            at(plan, FIRST).as_object_mut().expect("object").remove("seat_guid");
            plan.as_object_mut().expect("object").remove("size");
            plan["ver\nsion"] = json!(1);
        },
        &[
            "zones[0].rows[0].seats[0].price: is not a member of the format",
            "zones[0].rows[0].seats[0].seat_guid: is missing",
            "ver\\nsion: is not a member of the format",
            "size: is missing",
        ],
    );
    let doubled = small().to_string().replacen("{\"name\"", "{\"name\":\"x\",\"name\"", 1);
    check_bytes(doubled.as_bytes(), &["name: stands twice"]);
}

#[test]
fn faults_between_objects_are_told() {
    check(
        |plan| {
            *at(plan, &format!("{FIRST}/category")) = json!("C");
            *at(plan, "/zones/0/rows/0/seats/1/seat_guid") = json!("L-1-1");
            *at(plan, "/zones/0/rows/1/row_number") = json!("1");
            *at(plan, "/zones/0/areas/0/uuid") = json!("z1");
            plan["zones"][1]["name"] = json!("Left");
            plan["categories"][1]["name"] = json!("A");
            *at(plan, "/zones/0/rows/0/seats/1/category") = json!("A");
        },
        &[
            "categories[1].name: another category",
            "zones[0].uuid: something else",
            "zones[0].rows[0].seats[0].category: is not one of",
            "zones[0].rows[0].seats[1].seat_guid: another seat has this seat_guid: L-1-1 is \
             zones[0].rows[0].seats[0], too",
            "zones[0].rows[1].seats[0].seat_number: another seat of this row",
            "zones[1].name: another zone",
        ],
    );
}

#[test]
fn names_are_seen_and_have_one_unicode_form() {
    check(
        |plan| {
            *at(plan, "/zones/0/name") = json!("Cafe\u{301}");
            plan["zones"][1]["name"] = json!("Caf\u{e9}");
            *at(plan, &format!("{FIRST}/seat_number")) = json!("1\u{202e}2");
            *at(plan, "/zones/0/rows/0/seats/1/seat_number") = json!("\u{3164}");
            *at(plan, "/zones/0/rows/1/seats/0/seat_number") = json!("\u{a0}");
        },
        &[
            "zones[0].rows[0].seats[0].seat_number: contains invisible",
            "zones[0].rows[0].seats[1].seat_number: contains invisible",
            "zones[0].rows[1].seats[0].seat_number: must not be empty",
            "zones[1].name: another zone",
        ],
    );
    // A plan that was accepted before stays readable.
    let mut plan = small();
    *at(&mut plan, "/zones/0/name") = json!("\u{202e}Left");
    assert!(Plan::parse(plan.to_string().as_bytes()).is_err());
    assert!(Plan::stored(&plan.to_string()).is_ok());
    check(
        |plan| {
            *at(plan, "/zones/0/rows/1/row_number") = json!("e\u{301}");
            *at(plan, "/zones/0/rows/0/row_number") = json!("\u{e9}");
        },
        &["zones[0].rows[1].seats[0].seat_number: another seat of this row"],
    );
}

#[test]
fn places_that_look_the_same_are_one_place() {
    for number in ["1 ", "1\u{200d}", "\u{a0}1"] {
        check(
            |plan| *at(plan, "/zones/0/rows/0/seats/1/seat_number") = json!(number),
            &["zones[0].rows[0].seats[1].seat_number: another seat of this row"],
        );
    }
    check(
        |plan| plan["zones"][1]["name"] = json!("Left \u{fe0f}"),
        &["zones[1].name: another zone has this name"],
    );
}

#[test]
fn a_row_parted_by_an_aisle_may_stand_as_two() {
    check(
        |plan| {
            *at(plan, "/zones/0/rows/1/row_number") = json!("1");
            *at(plan, "/zones/0/rows/1/seats/0/seat_number") = json!("3");
        },
        &[],
    );
}

#[test]
fn bounds_are_kept() {
    check(
        |plan| {
            *at(plan, &format!("{FIRST}/seat_number")) = json!("");
            *at(plan, &format!("{FIRST}/position/x")) = json!(1_000_001);
            *at(plan, &format!("{FIRST}/radius")) = json!(-1);
            *at(plan, "/zones/0/rows/0/row_number") = json!("x".repeat(MAX_LABEL + 1));
            *at(plan, "/zones/0/name") = json!("Left\u{7}");
        },
        &[
            "zones[0].name: contains control characters",
            "zones[0].rows[0].row_number: is longer than 64 characters",
            "zones[0].rows[0].seats[0].seat_number: must not be empty",
            "zones[0].rows[0].seats[0].radius: must not be negative",
            "zones[0].rows[0].seats[0].position.x: must be between",
        ],
    );
    check(|plan| plan["zones"] = json!([]), &["zones: the plan has no seats"]);
    check(
        |plan| {
            *at(plan, "/zones/1/rows") = json!(vec![json!({"row_number":"","seats":[]}); MAX_ROWS])
        },
        &["zones[1].rows: a plan has at most 20000 rows"],
    );
    check_bytes(&vec![b' '; MAX_BYTES + 1], &["$: is larger than 16777216 bytes"]);
    let huge = small().to_string().replacen("400", "1e999", 1);
    check_bytes(huge.as_bytes(), &["$: is not JSON: number out of range"]);
}

#[test]
fn one_seat_too_many_is_refused() {
    let seats: Vec<Value> =
        (0..=MAX_SEATS).map(|n| seat(&n.to_string(), &format!("g{n}"))).collect();
    check(
        |plan| *at(plan, "/zones/0/rows/0/seats") = json!(seats),
        &["zones[0].rows[0].seats: a plan has at most 100000 seats"],
    );
}

#[test]
fn depth_costs_no_stack() {
    let (open, close) = ("[".repeat(50_000), "]".repeat(50_000));
    check_bytes(format!("{open}{close}").as_bytes(), &["$: must be an object, is an array"]);
    check_bytes(open.as_bytes(), &["$: is not JSON"]);
    check_bytes(
        small().to_string().replacen("\"Small\"", &format!("{open}{close}"), 1).as_bytes(),
        &["name: must be a string, is an array"],
    );
    let unknown = small().to_string().replacen('{', &format!("{{\"x\":{open}{close},"), 1);
    check_bytes(unknown.as_bytes(), &["x: is not a member"]);
}

#[test]
fn faults_are_told_up_to_the_limit() {
    // More kinds of faults than are shown: each text has a length limit of its own in its message.
    let mut plan = small();
    let seats: Vec<Value> = (0..200)
        .map(|n| {
            let value = [json!(1), json!(null), json!([]), json!({}), json!(true)][n % 5].clone();
            json!({ "seat_guid": value, "seat_number": value, "category": "Q", "radius": value,
                    "position": value, "uuid": value, "start_direction": value, "x": value })
        })
        .collect();
    *at(&mut plan, "/zones/0/rows/0/seats") = json!(seats);
    let PlanFaults(faults) = Plan::parse(plan.to_string().as_bytes()).expect_err("faulty");
    assert_eq!(faults.len(), MAX_FAULTS);
}

#[test]
fn a_fault_that_every_seat_has_does_not_hide_the_others() {
    let mut plan = small();
    *at(&mut plan, "/zones/0/rows/0/seats") = json!(vec![seat("1", "g"); 200]);
    plan["zones"][1]["name"] = json!("Left");
    let PlanFaults(faults) = Plan::parse(plan.to_string().as_bytes()).expect_err("faulty");
    let of = |message: &str| faults.iter().filter(|fault| fault.message.contains(message)).count();
    assert_eq!(
        (of("has this seat_guid"), of("has this number"), of("zone has this name")),
        (5, 5, 1)
    );
    assert_eq!(of("(194 more of this kind)"), 2);
}

#[test]
fn what_pretix_takes_is_taken_with_a_warning() {
    let mut plan = small();
    *at(&mut plan, "/zones/0/rows/0/seats/0/category") = json!("");
    *at(&mut plan, "/zones/0/rows/0/seats/1/category") = json!("");
    plan["zones"][0]["areas"][1]["uuid"] = json!("a1");
    *at(&mut plan, "/zones/0/rows/0/seats/1/position") = json!({ "x": -5, "y": 0 });
    let mut file = b"\xEF\xBB\xBF".to_vec();
    file.extend(plan.to_string().into_bytes());
    let warnings = Plan::parse(&file).expect("a plan that pretix takes").warnings();
    let told: Vec<String> =
        warnings.iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect();
    assert!(told[0].starts_with("zones[0].rows[0].seats[0].category: seats without"), "{told:?}");
    assert!(told[0].ends_with(": 2"), "{told:?}");
    assert!(told[1].starts_with("zones[0].areas[1].uuid: another area"), "{told:?}");
    assert!(told[2].starts_with("zones: several seats stand at one point"), "{told:?}");
    assert_eq!(told.len(), 3);
    assert_eq!(Plan::parse(small().to_string().as_bytes()).expect("a plan").warnings(), []);
}

#[test]
fn rows_are_named_as_columns_of_a_sheet() {
    for (index, name) in
        [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
    {
        assert_eq!(row_name(index), name);
    }
    assert!(!row_name(u32::MAX).is_empty());
}

#[test]
fn sections_of_rows_and_seats_make_a_good_plan() {
    let mut plan = Plan { name: "Grid".into(), ..Plan::default() };
    for (name, rows, category) in [("Stalls", 30, "Stalls"), ("Balcony", 2, "Balcony")] {
        let grid =
            Grid { name: name.into(), rows, seats_per_row: 20, category: category.to_owned() };
        grid.add_to(&mut plan).expect("a section");
        assert_eq!(grid.add_to(&mut plan), Err(NotAGrid::NameTaken));
    }
    let plan = plan.checked().expect("a good plan");
    let seats: Vec<_> = plan.numbered().collect();
    assert_eq!(seats.len(), 640);
    assert_eq!((seats[0].guid, seats[0].row_number, seats[0].number), ("Stalls-A-1", "A", "1"));
    assert_eq!((seats[599].row_number, seats[599].number), ("AD", "20"));
    assert!(seats.iter().all(|seat| seat.x < plan.size.width.value()
        && seat.y < plan.size.height.value()
        && seat.x > 0.0));
    for (rows, seats_per_row) in [(0, 5), (5, 0), (20_001, 1), (u32::MAX, u32::MAX)] {
        let grid = Grid { name: "X".into(), rows, seats_per_row, category: "A".into() };
        assert_eq!(grid.zone(Position::default()), Err(NotAGrid::Size));
    }
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-1_000_000i32..=1_000_000).prop_map(Value::from),
        (-1e6f64..=1e6).prop_map(Value::from)
    ]
}

/// A text of which every character is seen.
fn seen() -> impl Strategy<Value = String> {
    let shown = |letter: char| if letters::shows_nothing(letter) { 'x' } else { letter };
    "\\PC{1,40}".prop_map(move |text| text.chars().map(shown).collect::<String>())
}

prop_compose! {
    fn any_plan()(
        rows in prop::collection::vec(prop::collection::vec((number(), number(), 0..2usize), 1..6), 1..6),
        label in prop_oneof![Just(None), Just(Some(Value::Null)), "\\PC{0,20}".prop_map(|t| Some(t.into()))],
        name in seen(),
    ) -> Value {
        let mut plan = small();
        plan["name"] = json!(name);
        let rows: Vec<Value> = rows.iter().enumerate().map(|(r, seats)| {
            let seats: Vec<Value> = seats.iter().enumerate().map(|(s, (x, y, category))| {
                json!({ "seat_guid": format!("{r}/{s}"), "seat_number": s.to_string(),
                        "category": (["A", "B"][*category]), "position": { "x": x, "y": y } })
            }).collect();
            let mut row = json!({ "row_number": r.to_string(), "seats": seats });
            if let Some(label) = &label {
                row["row_label"] = label.clone();
            }
            row
        }).collect();
        plan["zones"][1]["rows"] = json!(rows);
        plan["zones"][0]["rows"] = json!([]);
        plan
    }
}

proptest! {
    #[test]
    fn any_good_plan_comes_back(value in any_plan()) {
        let text = nfc(&value.to_string());
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let plan = Plan::parse(text.as_bytes()).expect("a good plan");
        let after: Value = serde_json::from_str(&plan.to_json()).expect("JSON");
        prop_assert_eq!(after, value);
        prop_assert_eq!(plan.clone().checked(), Ok(plan));
    }

    #[test]
    fn no_mutation_of_the_bytes_panics(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = small().to_string().into_bytes();
        for (index, byte) in edits {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = Plan::parse(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(Plan::parse(&bytes).is_err());
    }

    #[test]
    fn a_value_in_the_wrong_place_is_a_fault_or_nothing(
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let mut plan = small();
        let mut pointers = Vec::new();
        collect(&plan, String::new(), &mut pointers);
        let value = plan.pointer(&pointers[from.index(pointers.len())]).cloned().expect("there");
        *at(&mut plan, &pointers[to.index(pointers.len())]) = value;
        if let Err(PlanFaults(faults)) = Plan::parse(plan.to_string().as_bytes()) {
            prop_assert!((1..=MAX_FAULTS).contains(&faults.len()));
        }
    }
}

fn collect(value: &Value, pointer: String, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{index}"), into);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                collect(member, format!("{pointer}/{name}"), into);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    into.push(pointer);
}
