//! The walks in `docs/ARCHITECTURE.md` are true to the tree: they name files that exist, each once, as many as they say,
//! and each file is used by another file of the walk.

use std::{collections::BTreeSet, fs, path::Path};

/// A walk with the number of files that a reader may have to open at most.
const WALKS: [(&str, usize); 3] = [("hold", 15), ("confirm", 20), ("cancellation", 25)];

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

/// The numbered files of a section: those with which an item begins, and those that it joins to them with "and".
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

/// The text of a file that the page names: below `src`, or from the root of the tree.
fn text(path: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join("src").join(path))
        .or_else(|_| fs::read_to_string(root.join(path)))
        .ok()
}

/// The number before these words in bold at the beginning of a section.
fn said(section: &str, words: &str) -> usize {
    let (before, _) = section.split_once(words).unwrap_or_else(|| panic!("no \"{words}\""));
    let number = before.rsplit(|letter: char| !letter.is_ascii_digit()).find(|it| !it.is_empty());
    number.and_then(|number| number.parse().ok()).expect("a number")
}

/// The names by which other files may use this one: its own, and its folder's where that lists it.
fn names(path: &str) -> Vec<&str> {
    let parts = path.trim_end_matches(".rs").rsplit('/');
    parts.filter(|part| *part != "src").take(2).collect()
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
        let missing: Vec<&String> = files.iter().filter(|path| text(path).is_none()).collect();
        assert!(missing.is_empty(), "a {walk} names files that do not exist: {missing:?}");
    }
}

#[test]
fn each_file_of_a_walk_is_used_by_another() {
    let page = page();
    for (walk, _) in WALKS {
        let files = opened(section(&page, walk));
        // Nobody but the composition root names an adapter.
        for file in files.iter().filter(|file| !file.starts_with("adapters/")) {
            let others = files.iter().filter(|other| *other != file);
            let is_used = others.filter_map(|other| text(other)).any(|text| {
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
                code.flat_map(|line| line.split(|letter| !is_word(letter)))
                    .any(|word| names(file).contains(&word))
            });
            assert!(is_used, "no other file of a {walk} uses {file}");
        }
    }
}
