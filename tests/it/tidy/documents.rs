//! The documents about security are true to the tree: the tests and the files that they name exist, and the table of the
//! ASVS has every requirement once.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{check_none, sources};

const ASVS: &str = "docs/ASVS.md";
const PAGES: [&str; 3] = [ASVS, "docs/THREATS.md", ".github/SECURITY.md"];
/// The folders of the tree. A text in backquotes that begins with one of them is a path.
const FOLDERS: [&str; 12] = [
    ".github/",
    "crates/",
    "deploy/",
    "docs/",
    "entity/",
    "frontend/",
    "load-tests/",
    "migration/",
    "scripts/",
    "src/",
    "tests/",
    "Cargo.",
];
/// The requirements of levels 1 and 2 in each chapter of ASVS 5.0.0.
const REQUIREMENTS: [(&str, usize); 17] = [
    ("V1", 27),
    ("V2", 11),
    ("V3", 19),
    ("V4", 10),
    ("V5", 9),
    ("V6", 35),
    ("V7", 18),
    ("V8", 7),
    ("V9", 7),
    ("V10", 29),
    ("V11", 14),
    ("V12", 9),
    ("V13", 13),
    ("V14", 9),
    ("V15", 13),
    ("V16", 16),
    ("V17", 7),
];
/// The name of a test has so many underscores at least. Fewer are the name of a function or of a column.
const MIN_UNDERSCORES: usize = 3;
const STATES: [&str; 4] = ["met", "partly", "not met", "does not apply"];

fn page(path: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(page).unwrap_or_else(|_| panic!("no {path}"))
}

/// The texts in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The cells of the rows of all tables, without their heads.
fn rows(page: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| --"));
    lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

/// The names of all tests: of Rust, of scenarios in browsers, and of the checks of `scripts/security.sh`.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["src", "crates", "tests", "frontend/ui/src", "frontend/map/src"] {
        for source in sources(folder) {
            let mut is_test = false;
            for line in source.text.lines().map(str::trim) {
                if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                    is_test = true;
                } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
                    is_test = false;
                    names.extend(rest.split('(').next().map(str::to_owned));
                }
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(root.join("tests/browser")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            let text = fs::read_to_string(path).expect("text");
            let scenarios = text.split("scenario(").skip(1).map(str::trim_start);
            let named = scenarios.filter_map(|it| it.strip_prefix('\'')?.split('\'').next());
            names.extend(named.map(str::to_owned));
        }
    }
    let checks = page("scripts/security.sh");
    names.extend(checks.lines().filter_map(|line| line.strip_suffix("() {")).map(str::to_owned));
    names
}

/// Whether a text in backquotes is the name of a test: a test's name says a fact in several words.
fn is_name_of_test(text: &str) -> bool {
    let is_of_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    text.matches('_').count() >= MIN_UNDERSCORES && text.chars().all(is_of_name)
}

/// The tests and files that a text names and that do not exist.
fn missing<'t>(text: &'t str, tests: &BTreeSet<String>) -> Vec<&'t str> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_missing = |named: &&str| {
        let is_file = FOLDERS.iter().any(|folder| named.starts_with(folder));
        (is_file && !root.join(named).exists())
            || (is_name_of_test(named) && !tests.contains(*named))
    };
    text.lines().flat_map(quoted).filter(is_missing).collect()
}

#[test]
fn tests_and_files_that_are_named_exist() {
    let tests = tests();
    let mut wrong = Vec::new();
    for path in PAGES {
        let page = page(path);
        wrong.extend(missing(&page, &tests).iter().map(|named| format!("{path}: {named}")));
    }
    check_none("these do not exist", wrong);
}

#[test]
fn every_requirement_has_a_row_with_its_state() {
    let page = page(ASVS);
    let (mut states, mut ids, mut wrong) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
    for row in rows(&page) {
        let [id, _, _, state, place, ..] = row[..] else { continue };
        let Some((chapter, _)) = id.split_once('.') else { continue };
        let known = STATES.iter().position(|known| *known == state);
        match known.filter(|_| !place.is_empty() && ids.insert(id)) {
            Some(at) => states.entry(chapter).or_insert([0; STATES.len()])[at] += 1,
            None => wrong.push(row.join(" | ")),
        }
    }
    check_none("each requirement stands once, with its state and where or why", wrong);
    for (chapter, count) in REQUIREMENTS {
        let states = states[chapter];
        assert_eq!(states.iter().sum::<usize>(), count, "{chapter}");
        let summed = rows(&page).find(|row| row[0].starts_with(&format!("{chapter} ")));
        let written = states.map(|count| count.to_string());
        assert_eq!(summed.expect("a row of the summary")[1..], written, "the summary of {chapter}");
    }
}

#[test]
fn what_does_not_exist_is_seen() {
    let tests = BTreeSet::from(["a_link_sets_a_password_once".to_owned()]);
    let text = "`a_link_sets_a_password_once`, `a_link_sets_a_password_twice` in `src/main.rs`\n\
                | `network_address` and `JWT_SECRET_PREVIOUS` | `src/nowhere.rs` |";
    assert_eq!(missing(text, &tests), ["a_link_sets_a_password_twice", "src/nowhere.rs"]);
}
