//! The walks in `docs/ARCHITECTURE.md` are true to the tree: they name files that exist, each once, as many as they say,
//! and the code of another file of the walk uses each file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{SourceFile, sources};

/// A walk with the number of files that a reader may have to open at most.
const WALKS: [(&str, usize); 3] = [("hold", 15), ("confirmation", 20), ("cancellation", 25)];

fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ARCHITECTURE.md");
    fs::read_to_string(page).expect("the page")
}

/// The section of a walk, without its heading.
fn section<'a>(page: &'a str, walk: &str) -> &'a str {
    let heading = format!("\n## A {walk}, file by file\n");
    let (_, rest) = page.split_once(&heading).unwrap_or_else(|| panic!("no walk {walk}"));
    rest.split("\n## ").next().unwrap_or_default()
}

/// The numbered files of a section: the path with which each numbered item begins.
fn opened(section: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in section.lines() {
        let Some((number, item)) = line.split_once(". `") else { continue };
        let Ok(number) = number.parse::<usize>() else { continue };
        let (path, _) = item.split_once('`').expect("a path is closed");
        found.push(path.to_owned());
        assert_eq!(number, found.len(), "the numbers of a walk have a gap before {path}");
    }
    found
}

/// A file that the page names: below `src`, or from the root of the tree.
fn source(path: &str) -> Option<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    [format!("src/{path}"), path.to_owned()].into_iter().find_map(|path| {
        let text = fs::read_to_string(root.join(&path)).ok()?;
        Some(SourceFile { path, text })
    })
}

/// The number before these words in bold at the beginning of a section.
fn said(section: &str, words: &str) -> usize {
    let (before, _) = section.split_once(words).unwrap_or_else(|| panic!("no \"{words}\""));
    let number = before.rsplit(|letter: char| !letter.is_ascii_digit()).find(|it| !it.is_empty());
    number.and_then(|number| number.parse().ok()).expect("a number")
}

/// The words that may stand before the name of an item in its definition.
const BEFORE_NAMES: [&str; 13] = [
    "pub", "crate", "super", "in", "async", "unsafe", "const", "fn", "struct", "enum", "trait",
    "type", "static",
];
const KINDS: [&str; 7] = ["const", "fn", "struct", "enum", "trait", "type", "static"];
/// A shorter name of an item says nothing about its file.
const LONG_ENOUGH: usize = 4;

const fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|letter| !is_word(letter)).filter(|word| !word.is_empty())
}

/// The name of the item that this line of code defines.
fn defined(line: &str) -> Option<&str> {
    let mut before = "";
    for word in words(line) {
        if !BEFORE_NAMES.contains(&word) {
            return KINDS.contains(&before).then_some(word);
        }
        before = word;
    }
    None
}

/// In how many files of the tree an item of each name is defined.
fn definitions() -> BTreeMap<String, usize> {
    let mut files: BTreeMap<String, usize> = BTreeMap::new();
    for source in sources("src").iter().chain(&sources("crates")) {
        let names: BTreeSet<&str> = source.code().filter_map(|(_, line)| defined(line)).collect();
        for name in names {
            *files.entry(name.to_owned()).or_default() += 1;
        }
    }
    files
}

/// Whether the code contains this path in whole words. A path that ends with `::` goes on.
fn names(code: &str, path: &str) -> bool {
    code.match_indices(path).any(|(at, _)| {
        let rest = &code[at + path.len()..];
        !code[..at].ends_with(is_word) && (path.ends_with(':') || !rest.starts_with(is_word))
    })
}

/// Whether the code of `user` uses `file`, so that one of these is true: the code names the module together with its
/// folder; `user` stands beside the module or lists it, and begins a path with the module's name; or the code names a
/// public item that only `file` defines.
fn uses(user: &SourceFile, file: &SourceFile, definitions: &BTreeMap<String, usize>) -> bool {
    let code: Vec<&str> = user.code().map(|(_, line)| line).collect();
    let code = code.join("\n");
    let (folder, name) = file.path.trim_end_matches(".rs").rsplit_once('/').expect("a folder");
    // `crates/domain/src` is `holdfast_domain`.
    let of_crate = folder.replace("crates/", "holdfast_").replace("/src", "");
    let parent = of_crate.rsplit('/').next().unwrap_or_default();
    let is_near = user.path == format!("{folder}.rs")
        || user.path.rsplit_once('/').is_some_and(|(beside, _)| beside == folder);
    let is_module_named = names(&code, &format!("{parent}::{name}"))
        || (is_near && names(&code, &format!("{name}::")));
    if is_module_named {
        return true;
    }
    let public = file.code().filter(|(_, line)| line.starts_with("pub"));
    let own: BTreeSet<&str> = public
        .filter_map(|(_, line)| defined(line))
        .filter(|item| item.len() >= LONG_ENOUGH && definitions.get(*item) == Some(&1))
        .collect();
    words(&code).any(|word| own.contains(word))
}

#[test]
fn a_walk_names_as_many_files_as_it_says_and_they_exist() {
    let page = page();
    for (walk, most) in WALKS {
        let section = section(&page, walk);
        let files = opened(section);
        assert_eq!(files.len(), said(section, " files to open"), "a {walk}");
        assert!(files.len() <= most, "a {walk} passes {} files, at most {most}", files.len());
        let row = page.lines().find(|line| line.starts_with(&format!("| a {walk}")));
        let row = row.unwrap_or_else(|| panic!("no row of a {walk}"));
        let passed = said(section, " passed without being read");
        assert!(row.contains(&format!("| {} | {passed} |", files.len())), "{row}");
        assert_eq!(said(section, " files are passed without being read"), passed, "a {walk}");
        let once: BTreeSet<&String> = files.iter().collect();
        assert_eq!(once.len(), files.len(), "a {walk} names a file twice");
        let missing: Vec<&String> = files.iter().filter(|path| source(path).is_none()).collect();
        assert!(missing.is_empty(), "a {walk} names files that do not exist: {missing:?}");
    }
}

#[test]
fn each_file_of_a_walk_is_used_by_another() {
    let (page, definitions) = (page(), definitions());
    for (walk, _) in WALKS {
        let files = opened(section(&page, walk));
        let files: Vec<SourceFile> = files.iter().filter_map(|path| source(path)).collect();
        // The router calls an `api.rs`. Only the composition root names an adapter.
        let is_called = |file: &&SourceFile| {
            !file.path.ends_with("/api.rs") && !file.path.starts_with("src/adapters/")
        };
        for file in files.iter().filter(is_called) {
            let mut others = files.iter().filter(|other| other.path != file.path);
            let is_used = others.any(|other| uses(other, file, &definitions));
            assert!(is_used, "no other file of a {walk} uses {}", file.path);
        }
    }
}

#[test]
fn a_file_that_a_walk_does_not_use_is_noticed() {
    let (page, definitions) = (page(), definitions());
    for (walk, _) in WALKS {
        let files = opened(section(&page, walk));
        let files: Vec<SourceFile> = files.iter().filter_map(|path| source(path)).collect();
        for path in [
            "catalogue/lifecycle.rs",
            "catalogue/store/listing.rs",
            "desk/administration.rs",
            "identity/accounts/store.rs",
            "live/viewers.rs",
            "site/head.rs",
        ] {
            let unrelated = source(path).expect("a file");
            let users: Vec<&str> = files
                .iter()
                .filter(|file| uses(file, &unrelated, &definitions))
                .map(|file| file.path.as_str())
                .collect();
            assert!(users.is_empty(), "{users:?} of a {walk} use {path}");
        }
    }
}

#[test]
fn definitions_are_read_out_of_lines() {
    for (line, name) in [
        ("pub(super) async fn take(tx: &Tx) {", Some("take")),
        ("pub const fn is_taken() {", Some("is_taken")),
        ("const MAX_LOOKS: usize = 3;", Some("MAX_LOOKS")),
        ("pub struct Looks {", Some("Looks")),
        ("pub id: SeatId,", None),
        ("pub mod take;", None),
        ("impl Looks {", None),
        ("let fn_pointer = take;", None),
    ] {
        assert_eq!(defined(line), name, "{line}");
    }
}
