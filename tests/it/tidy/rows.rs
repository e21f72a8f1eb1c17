//! The columns of each table are listed once: in its entity, which is used, and never again in a statement.

use std::collections::BTreeMap;

use super::{SourceFile, sources};

/// The number of columns from which on a list counts as a repetition of the entity's columns.
const LIST: usize = 4;

/// The text of a file's statements on one line each, without the breaks of Rust's strings.
pub(super) fn joined(source: &SourceFile) -> String {
    let lines: Vec<&str> = source.code().map(|(_, line)| line.trim_end_matches('\\')).collect();
    lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn columns(list: &str) -> Vec<String> {
    list.split(',').map(|column| column.trim().to_owned()).collect()
}

/// The column lists of the statements in a text: of `INSERT INTO t (…)`, and of `SELECT … FROM t` if the list
/// contains only names.
fn lists(text: &str) -> Vec<String> {
    let inserted = text.split("INSERT INTO ").skip(1).filter_map(|rest| {
        let (table, rest) = rest.split_once(" (")?;
        let (list, _) = rest.split_once(')')?;
        Some((format!("INSERT INTO {table}"), columns(list)))
    });
    let selected = text.split("SELECT ").skip(1).filter_map(|rest| {
        let (list, rest) = rest.split_once(" FROM ")?;
        let table = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
        Some((format!("SELECT … FROM {table}"), columns(list)))
    });
    let is_name = |column: &String| {
        !column.is_empty()
            && column.chars().all(|letter| letter.is_alphanumeric() || "_.".contains(letter))
    };
    inserted
        .chain(selected)
        .filter(|(_, list)| list.len() >= LIST && list.iter().all(is_name))
        .map(|(statement, list)| format!("{statement}: {}", list.join(", ")))
        .collect()
}

#[test]
fn no_column_list_stands_twice() {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources("src") {
        for list in lists(&joined(&source)) {
            found.entry(list).or_default().push(source.path.clone());
        }
    }
    found.retain(|_, places| places.len() > 1);
    assert!(found.is_empty(), "read rows through their entity: {found:#?}");
}

#[test]
fn a_second_list_is_seen() {
    let insert = "a \"INSERT INTO t (a, b, c, d) VALUES ($1)\" b";
    assert_eq!(lists(insert), ["INSERT INTO t: a, b, c, d"]);
    let select = "\"SELECT a, b, c, t.d FROM t WHERE a\" \"SELECT count(*), b, c, d FROM t\"";
    assert_eq!(lists(select), ["SELECT … FROM t: a, b, c, t.d"]);
}

/// The plain inserts of a text with more than two columns. An entity has their list, and `db::insert` writes it.
fn plain_inserts(text: &str) -> Vec<String> {
    let inserts = text.split("INSERT INTO ").skip(1).filter_map(|rest| {
        let (table, rest) = rest.split_once(" (")?;
        let (list, rest) = rest.split_once(')')?;
        let is_plain = rest.trim_start().starts_with("VALUES") && columns(list).len() > 2;
        is_plain.then(|| format!("{table} ({list})"))
    });
    inserts.collect()
}

#[test]
fn no_insert_lists_the_columns_of_an_entity() {
    let found: Vec<String> = sources("src")
        .iter()
        .flat_map(|source| {
            let inserts = plain_inserts(&joined(source)).into_iter();
            inserts.map(|insert| format!("{}: {insert}", source.path)).collect::<Vec<_>>()
        })
        .collect();
    assert!(found.is_empty(), "insert rows through their entity: {found:#?}");
}

#[test]
fn a_plain_insert_is_seen() {
    let text = "\"INSERT INTO t (a, b, c) VALUES ($1, $2, $3)\"";
    assert_eq!(plain_inserts(text), ["t (a, b, c)"]);
    let others = "INSERT INTO t (a, b) VALUES ($1, $2) INSERT INTO t (a, b, c) SELECT 1, 2, 3";
    assert!(plain_inserts(others).is_empty());
}

#[test]
fn every_entity_is_used() {
    let root = sources("entity/src").into_iter().find(|source| source.path.ends_with("/lib.rs"));
    let root = root.expect("the crate of entities");
    let entities = root.text.lines().filter_map(|line| {
        line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')).map(str::to_owned)
    });
    let entities: Vec<String> = entities.collect();
    assert!(!entities.is_empty(), "no entity was found");
    let used = sources("src");
    let unused: Vec<&String> = entities
        .iter()
        .filter(|entity| {
            let is_used = |source: &SourceFile| source.code().any(|(_, line)| uses(line, entity));
            !used.iter().any(is_used)
        })
        .collect();
    assert!(unused.is_empty(), "entities that nothing reads or writes: {unused:?}");
}

/// Whether a text names the entity's rows or columns, and not those of an entity whose name ends with the same word.
fn uses(text: &str, entity: &str) -> bool {
    let parts = ["Entity", "Model", "Column", "{self"].map(|part| format!("{entity}::{part}"));
    parts.iter().any(|part| {
        text.match_indices(part.as_str()).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_')
        })
    })
}

#[test]
fn an_unused_entity_is_seen() {
    assert!(uses("(events::Model)", "events"));
    assert!(!uses("webhook_events::Model, use events;", "events"));
}
