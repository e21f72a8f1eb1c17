//! The tables from which a statement reads every column with `*`. On PostgreSQL, a column that a migration adds to such a
//! table breaks the statement on nodes that prepared it before, so `tests/it/migrations/rolling.rs` lists these tables.

use std::collections::BTreeSet;

use super::{rows::joined, sources};
use crate::migrations::rolling::READ_WHOLE;

/// The tables from which a statement of the text reads every column. A set of rows, as in `SELECT * FROM {rows $1 (…)}`,
/// is no table, and neither is a query with a name, which says itself what it reads.
///
/// # Panics
/// When a statement does not say in a form that is known here which table it reads.
fn read_whole(text: &str) -> BTreeSet<String> {
    let words: Vec<&str> = text.split([' ', '"', ',']).filter(|word| !word.is_empty()).collect();
    let bare = |word: &str| word.trim_matches(|letter: char| !is_of_name(letter)).to_owned();
    let mut found = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        let verb = at.checked_sub(1).map(|before| bare(words[before])).unwrap_or_default();
        if *word == "*" && ["SELECT", "RETURNING"].contains(&&*verb) {
            let table = words[at..].strip_prefix(&["*", "FROM"]).and_then(|rest| rest.first());
            let table = table.unwrap_or_else(|| panic!("{verb} * of which table? {text}"));
            let is_table = !table.starts_with(['{', '(', '\\']);
            found.extend(is_table.then(|| bare(table)));
        }
        if let Some(alias) = word.strip_suffix(".*").map(bare).filter(|alias| !alias.is_empty()) {
            let named = words[at..]
                .windows(3)
                .find(|named| ["FROM", "JOIN"].contains(&named[0]) && bare(named[2]) == alias);
            let parts = [format!("{alias} AS ("), format!(") {alias}"), format!(") AS {alias}")];
            let is_part = parts.iter().any(|part| text.contains(part));
            assert!(named.is_some() || is_part, "{alias}.* is of which table? {text}");
            found.extend(named.map(|named| bare(named[1])));
        }
    }
    found
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[test]
fn tables_that_are_read_whole_are_known() {
    let found: BTreeSet<String> =
        sources("src").iter().flat_map(|source| read_whole(&joined(source))).collect();
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, READ_WHOLE, "list these tables in tests/it/migrations/rolling.rs");
}

#[test]
fn a_statement_that_reads_a_table_whole_is_seen() {
    let tables = |text: &str| read_whole(text).into_iter().collect::<Vec<_>>();
    assert_eq!(tables("f(\"SELECT * FROM a WHERE b = c * d\")"), ["a"]);
    assert_eq!(tables("\"SELECT x.*, y.b FROM y y JOIN a x ON TRUE\""), ["a"]);
    assert_eq!(tables("\"WITH w AS (SELECT x.* FROM a x) SELECT w.* FROM w\""), ["a"]);
    assert_eq!(tables("(SELECT COUNT(*) FROM a)"), [""; 0]);
    assert_eq!(tables("(SELECT * FROM {rows $3 (id uuid)}) use a::*;"), [""; 0]);
}
