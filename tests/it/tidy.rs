//! The rules of the tree, so that they last: each says where a line may stand, and finds those that stand elsewhere.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// No file is longer; a longer one wants a seam.
const MAX_LINES: usize = 500;
const SLICES: [&str; 11] = [
    "accounts",
    "audit",
    "cancellation",
    "catalogue",
    "checkout",
    "ledger",
    "live",
    "operators",
    "reservations",
    "saga",
    "tickets",
];

struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The lines that are no comment and no test, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let code = self.text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        code.lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line.trim()))
            .filter(|(_, line)| !line.starts_with("//"))
    }
}

fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    assert!(!found.is_empty(), "{folder} has no source");
    found
}

fn walk(folder: &Path, found: &mut Vec<Source>) {
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
            found.push(Source { path, text });
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
        is_sql && !holds_sql(path) && !path.starts_with("src/db")
    });
}

#[test]
fn adapters_are_named_by_the_composition_root_alone() {
    check("only app.rs names adapters", &["src"], |path, line| {
        line.contains("crate::adapters")
            && !path.starts_with("src/app")
            && !path.starts_with("src/adapters")
            && path != "src/config.rs"
    });
}

#[test]
fn slices_do_not_reach_into_each_others_stores() {
    check("slices call each other's verbs, never their store or api", &["src"], |path, line| {
        SLICES.iter().any(|slice| {
            let own = path.starts_with(&format!("src/{slice}"));
            let reaches = line.contains(&format!("{slice}::store"))
                || line.contains(&format!("{slice}::api"));
            reaches && !own && !path.starts_with("src/app")
        })
    });
}

#[test]
fn status_codes_stand_in_the_http_layer() {
    check("a slice answers problems, not status codes", &["src"], |path, line| {
        let in_slice = SLICES.iter().any(|slice| path.starts_with(&format!("src/{slice}")));
        in_slice
            && line.contains("StatusCode::")
            && !path.contains("/api")
            && !path.contains("answer")
    });
}

#[test]
fn the_domain_needs_no_computer() {
    check("no clock, chance, SQL or network in the domain", &["crates/domain/src"], |_, line| {
        ["tokio", "sea_orm", "SystemTime", "Instant::now", "now_v7", "rand::", "reqwest"]
            .iter()
            .any(|word| line.contains(word))
    });
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
        let allowed = if source.path.starts_with("tests/") { 2 * MAX_LINES } else { MAX_LINES };
        assert!(lines <= allowed, "{} has {lines} lines", source.path);
        assert!(source.text.starts_with("//!"), "{} does not say what it is for", source.path);
    }
}
