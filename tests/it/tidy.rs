//! The rules of the source tree, as tests: each rule says where a kind of line may stand, and finds the lines that
//! stand elsewhere.

use std::{
    fs,
    path::{Path, PathBuf},
};

mod awaits;
mod contract;
mod documents;
mod imports;
mod passes;
mod rows;
mod secrets;
mod statements;
mod walks;
mod whole;

/// The maximum number of lines in a file. A longer file should be divided.
const MAX_LINES: usize = 500;
/// The maximum of the composition root, so that it only lists slices and wires adapters.
const MAX_ROOT_LINES: usize = 250;

struct SourceFile {
    path: String,
    text: String,
}

impl SourceFile {
    /// The lines of code, without comments and tests, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let code = self.text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        code.lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line.trim()))
            .filter(|(_, line)| !line.starts_with("//"))
    }
}

fn sources(folder: &str) -> Vec<SourceFile> {
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    assert!(!found.is_empty(), "{folder} has no source");
    found
}

fn walk(folder: &Path, found: &mut Vec<SourceFile>) {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("text");
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let path = path.strip_prefix(root).expect("inside").display().to_string();
            found.push(SourceFile { path, text });
        }
    }
}

/// Fails with every line for which `is_wrong` is true.
fn check(rule: &str, folders: &[&str], is_wrong: impl Fn(&str, &str) -> bool) {
    let mut wrong = Vec::new();
    for source in folders.iter().flat_map(|folder| sources(folder)) {
        for (at, line) in source.code() {
            if is_wrong(&source.path, line) {
                wrong.push(format!("{}:{at}: {line}", source.path));
            }
        }
    }
    check_none(rule, wrong);
}

fn check_none(rule: &str, wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{rule}:\n{}", wrong.join("\n"));
}

fn holds_sql(path: &str) -> bool {
    path.contains("store.rs") || path.contains("/store/") || path.contains("invariants.rs")
}

#[test]
fn sql_stands_in_stores() {
    check("SQL belongs into the slice's store", &["src"], |path, line| {
        let is_sql = ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE ", "\"WITH "]
            .iter()
            .any(|word| line.contains(word));
        is_sql && !holds_sql(path) && !path.starts_with("src/kernel/db")
    });
}

#[test]
fn adapters_are_named_by_the_composition_root_alone() {
    let wrong: Vec<String> = imports::imports()
        .into_iter()
        .filter(|import| import.to == "adapters" && import.from != "app")
        .map(|import| format!("{}: {}", import.file, import.path))
        .collect();
    assert!(wrong.is_empty(), "only app names adapters: {wrong:#?}");
}

#[test]
fn imports_say_whom_they_import() {
    let vague = imports::vague();
    assert!(vague.is_empty(), "the graph of imports cannot see through these: {vague:#?}");
}

#[test]
fn imports_between_units_have_no_cycle() {
    let order = imports::order(&imports::graph()).unwrap_or_else(|cycle| panic!("{cycle}"));
    println!("each imports only units before it:\n  {}", order.join("\n  "));
}

#[test]
fn mechanisms_name_no_slice() {
    let graph = imports::graph();
    for (unit, allowed) in [
        ("kernel", vec![]),
        ("http", vec!["kernel"]),
        ("adapters", vec!["kernel"]),
        ("live", vec!["kernel", "http"]),
        ("messages", vec!["kernel"]),
    ] {
        for (named, place) in &graph[unit] {
            assert!(allowed.contains(&named.as_str()), "{unit} names {named} in {place}");
        }
    }
}

#[test]
fn sections_are_collected_for_the_composition_root_alone() {
    let graph = imports::graph();
    let naming = graph.iter().filter(|(_, named)| named.contains_key("settings"));
    let units: Vec<&String> = naming.map(|(unit, _)| unit).collect();
    assert_eq!(units, ["app"], "a unit declares its section itself and is given the values");
}

#[test]
fn units_do_not_reach_into_each_others_stores() {
    let private = |path: &str| path.contains("::store") || path.contains("::api");
    let reaching: Vec<String> = imports::imports()
        .into_iter()
        .filter(|import| import.from != "app" && import.to != "kernel" && private(&import.path))
        .map(|import| format!("{}: {}", import.file, import.path))
        .collect();
    assert!(
        reaching.is_empty(),
        "a unit calls another one's verbs, never its store or api:\n{}",
        reaching.join("\n")
    );
}

/// The calls by which an operation with an id in its path gets a proof, or acts under a proof that the statement
/// itself requires.
const PROOFS: [&str; 17] = [
    "access.booking_of(",
    "access.of_organization::<",
    "access.operator(",
    "access.organization(",
    "access.organization_judge(",
    "access.booking_permit::<",
    "self.by_link::<",
    "access.permit(",
    "access.readable_booking(",
    "access.user_manager(",
    "access.visible(",
    "self.0.look(",
    "self.0.seen(",
    "self.0.managed(",
    // These functions ask for a proof themselves, in the same file.
    "self.managed(",
    "self.booking(",
    "self.command(",
];
/// Operations with another credential: the statements on a reservation or a session compare its owner, and the holder
/// of a payment's secret may complete the payment. Everybody may read the legal documents and the public page of an organization.
const OTHERWISE: [&str; 7] = [
    "/legal/:kind",
    "/organizations/:id",
    "/reservations/:id",
    "/reservations/:id/extend",
    "/reservations/:id/release",
    "/sessions/:id",
    "/simulated/:client_secret/complete",
];

#[test]
fn every_operation_on_a_thing_takes_a_proof() {
    let mut wrong = Vec::new();
    let mut operations = 0;
    for source in sources("src").iter().filter(|source| source.text.contains("#[OpenApi")) {
        for operation in operations_of(source) {
            operations += 1;
            let named = operation.contains("Path<");
            let path =
                operation.split_once("path = \"").and_then(|(_, rest)| rest.split('"').next());
            let path = path.unwrap_or_default();
            let proved = PROOFS.iter().any(|proof| operation.contains(proof));
            if named && !proved && !OTHERWISE.contains(&path) {
                wrong.push(format!("{}: {path}", source.path));
            }
        }
    }
    assert!(operations > 30, "only {operations} operations were seen");
    assert!(wrong.is_empty(), "operations without a proof of `access`:\n{}", wrong.join("\n"));
}

/// The text of each operation of a file, without comments.
fn operations_of(source: &SourceFile) -> Vec<String> {
    let code: Vec<&str> =
        source.code().map(|(_, line)| line.split(" // ").next().unwrap_or(line)).collect();
    let code = code.join("\n");
    let pieces: Vec<&str> = code.split("#[oai(").skip(1).collect();
    let mut operations: Vec<String> = Vec::new();
    for piece in pieces {
        let is_operation =
            piece.split(")]").next().is_some_and(|attribute| attribute.contains("method"));
        match operations.last_mut() {
            // An attribute of a parameter belongs to the operation before it.
            Some(last) if !is_operation => last.push_str(piece),
            _ => operations.push(piece.to_owned()),
        }
    }
    // The last operation of a file ends where its `impl` ends.
    operations
        .iter()
        .map(|operation| operation.split("\nimpl ").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn an_operation_without_proof_is_seen_in_any_form() {
    let file = |attribute: &str, body: &str| SourceFile {
        path: "src/x.rs".into(),
        text: format!(
            "#[OpenApi]\nimpl X {{\n{attribute}\nasync fn x(&self, #[oai(name = \"K\")] key: Header<String>, id: Path<Uuid>) {{\n{body}\n}}\n}}\nimpl X {{ self.access.permit( }}"
        ),
    };
    for (attribute, body, proved) in [
        (r#"#[oai(path = "/x/:id", method = "get")]"#, "self.access.permit(x)", true),
        (r#"#[oai(method = "get", path = "/x/:id")]"#, "self.access.forget(x)", false),
        (r#"#[oai(method = "get", path = "/x/:id")]"#, "x(); // self.access.permit(", false),
    ] {
        let operations = operations_of(&file(attribute, body));
        assert_eq!(operations.len(), 1, "{operations:?}");
        assert!(operations[0].contains("Path<"));
        assert_eq!(PROOFS.iter().any(|proof| operations[0].contains(proof)), proved, "{body}");
    }
}

#[test]
fn only_the_programs_own_commands_act_without_a_caller() {
    check("ask `access` for the caller's proof", &["src"], |path, line| {
        let own = ["src/access", "src/catalogue/seed.rs", "src/catalogue/plan_files.rs"];
        line.contains("unattended(") && !own.iter().any(|own| path.starts_with(own))
    });
}

#[test]
fn routes_outside_of_the_document_are_known() {
    check("list it here and in tests/it/access/policy.rs", &["src"], |path, line| {
        let known = ["stream::PATH", "buyer_return::PATH"];
        let is_mounted =
            [".at(", ".nest(", ".nest_no_strip("].iter().any(|word| line.contains(word));
        is_mounted
            && line.contains("get(")
                | line.contains("post(")
                | line.contains("nest")
                | line.contains("routes")
            && !path.starts_with("src/app")
            && !known.iter().any(|known| line.contains(known))
    });
}

#[test]
fn status_codes_stand_in_the_http_layer() {
    check("a slice answers problems, not status codes", &["src"], |path, line| {
        let mechanism = ["src/app", "src/http", "src/site", "src/kernel/telemetry"];
        line.contains("StatusCode::")
            && !mechanism.iter().any(|folder| path.starts_with(folder))
            && !path.starts_with("src/adapters")
            && !path.contains("/api")
            && !path.contains("answer")
    });
}

#[test]
fn a_bug_is_not_told_as_an_error_of_the_database() {
    check("slices fail with StoreError; a contradiction is a Bug", &["src"], |path, line| {
        line.contains("DbErr") && !path.starts_with("src/kernel/db")
    });
}

#[test]
fn the_domain_needs_no_computer() {
    // The types of columns need SeaORM's value traits, which are not a driver.
    const STORED: &str = "crates/domain/src/stored.rs";
    check(
        "no clock, chance, SQL or network in the domain",
        &["crates/domain/src"],
        |path, line| {
            ["tokio", "SystemTime", "Instant::now", "now_v7", "rand::", "reqwest"]
                .iter()
                .any(|word| line.contains(word))
                || (line.contains("sea_orm") && path != STORED)
        },
    );
}

/// A file that no module names is not compiled, so its tests would be lost silently.
#[test]
fn every_file_of_tests_is_a_module() {
    let files = sources("tests/it");
    for file in &files {
        let path = file.path.trim_end_matches(".rs");
        let (folder, name) = path.rsplit_once('/').expect("a folder");
        let parent = if folder == "tests/it" { "tests/it/main" } else { folder };
        let parent = files.iter().find(|other| other.path == format!("{parent}.rs"));
        let names = |text: &str| text.contains(&format!("mod {name};\n"));
        let is_root = path == "tests/it/main";
        assert!(is_root || parent.is_some_and(|parent| names(&parent.text)), "{}", file.path);
    }
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let folders = [
        "src",
        "crates",
        "entity",
        "migration",
        "frontend/ui/src",
        "frontend/map/src",
        "frontend/shop/src",
        "frontend/account/src",
        "frontend/desk/src",
        "frontend/bind/src",
        "tests",
    ];
    for source in folders.iter().flat_map(|folder| sources(folder)) {
        let lines = source.text.lines().count();
        let allowed = match source.path.as_str() {
            "src/app.rs" => MAX_ROOT_LINES,
            path if path.starts_with("tests/") => 2 * MAX_LINES,
            _ => MAX_LINES,
        };
        assert!(lines <= allowed, "{} has {lines} lines", source.path);
        assert!(source.text.starts_with("//!"), "{} does not say what it is for", source.path);
    }
}
