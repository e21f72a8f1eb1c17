//! Changes a table on SQLite by copying it (<https://sqlite.org/lang_altertable.html#otheralter>): create a new table
//! from the old definition with the changes, copy every row, give it the old name, and create the old indexes again.

use sea_orm_migration::sea_orm::{DatabaseBackend, DbErr};

use super::{Store, Table, Words, word_check};
use crate::{ddl, whole::Way};

/// Refuses to begin if foreign keys are on: then dropping a table would delete the rows that refer to it.
pub(super) async fn prepare(store: &Store<'_, '_>) -> Result<(), DbErr> {
    let rows = store.all("PRAGMA foreign_keys").await?;
    match rows.first().map(|row| row.try_get_by_index::<i32>(0)).transpose()? {
        Some(0) => Ok(()),
        _ => Err(DbErr::Custom("tables are copied while foreign keys are off".to_owned())),
    }
}

/// Fails if a row refers to a row that does not exist.
pub(super) async fn verify(store: &Store<'_, '_>) -> Result<(), DbErr> {
    let rows = store
        .all("SELECT \"table\" AS child, parent FROM pragma_foreign_key_check LIMIT 1")
        .await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (child, parent): (String, String) = (row.try_get("", "child")?, row.try_get("", "parent")?);
    Err(DbErr::Custom(format!("a row of {child} has no row in {parent}")))
}

pub(super) async fn change(store: &Store<'_, '_>, table: &Table, way: Way) -> Result<(), DbErr> {
    let name = table.name;
    if way == Way::Up {
        for column in table.columns {
            let (column, definition) = (column.name, column.definition);
            store.run(&format!("ALTER TABLE {name} ADD COLUMN {column} {definition}")).await?;
        }
    }
    copy(store, table, way).await?;
    if way == Way::Down {
        for column in table.columns {
            store.run(&format!("ALTER TABLE {name} DROP COLUMN {}", column.name)).await?;
        }
    }
    Ok(())
}

async fn copy(store: &Store<'_, '_>, table: &Table, way: Way) -> Result<(), DbErr> {
    let name = table.name;
    let indexes = texts(store, name, "index").await?;
    let old = texts(store, name, "table").await?.pop().unwrap_or_default();
    let new = format!("{name}_new");
    store
        .run(&edited(&old, table, way)?.replacen(
            &format!("TABLE {name} ("),
            &format!("TABLE {new} ("),
            1,
        ))
        .await?;
    let columns = columns(store, name).await?;
    let values: Vec<String> = columns.iter().map(|column| value(table, column, way)).collect();
    let copied = store
        .run(&format!(
            "INSERT INTO {new} ({}) SELECT {} FROM {name}",
            columns.join(", "),
            values.join(", ")
        ))
        .await?;
    let counted = store.counts(&format!("SELECT COUNT(*) AS rows, '' AS what FROM {name}")).await?;
    if counted.first().map(|(rows, _)| *rows) != i64::try_from(copied).ok() {
        return Err(DbErr::Custom(format!("{name}: {copied} rows copied, {counted:?} there")));
    }
    store.run(&format!("DROP TABLE {name}")).await?;
    store.run(&format!("ALTER TABLE {new} RENAME TO {name}")).await?;
    for index in indexes {
        store.run(&index).await?;
    }
    Ok(())
}

/// The definitions of the table or of its indexes, with single spaces. An index that SQLite creates for UNIQUE has no
/// definition.
async fn texts(store: &Store<'_, '_>, table: &str, kind: &str) -> Result<Vec<String>, DbErr> {
    let rows = store
        .all(&format!(
            "SELECT sql FROM sqlite_master WHERE type = '{kind}' AND tbl_name = '{table}' \
             AND sql IS NOT NULL ORDER BY name"
        ))
        .await?;
    rows.iter()
        .map(|row| {
            let text: String = row.try_get("", "sql")?;
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            // In the definition of a table that was copied before, the name is in quotes.
            Ok(text.replacen(&format!("TABLE \"{table}\""), &format!("TABLE {table}"), 1))
        })
        .collect()
}

async fn columns(store: &Store<'_, '_>, table: &str) -> Result<Vec<String>, DbErr> {
    let rows =
        store.all(&format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid")).await?;
    rows.iter().map(|row| row.try_get("", "name")).collect()
}

/// The expression for the value of a column in the copy.
fn value(table: &Table, column: &str, way: Way) -> String {
    let words = table.words.iter().find(|words| words.column == column);
    match words.and_then(|words| words.renaming(way)) {
        Some((from, to)) => format!("CASE {column} WHEN '{from}' THEN '{to}' ELSE {column} END"),
        None => column.to_owned(),
    }
}

/// The definition of the table with the changes.
fn edited(old: &str, table: &Table, way: Way) -> Result<String, DbErr> {
    let mut text = old.to_owned();
    for Words { column, before, after, .. } in table.words {
        text = swap(&text, way, &word_check(column, before), &word_check(column, after))?;
    }
    for (column, kind) in table.loosened {
        let loose = ddl::render(DatabaseBackend::Sqlite, &format!("{column} {kind}"))?;
        text = swap(&text, way, &format!("{loose} NOT NULL"), &loose)?;
    }
    for check in table.checks {
        let after = format!("CONSTRAINT {} CHECK ({})", check.name, check.after);
        text = match (check.before, way) {
            (Some((_, before)), _) => swap(&text, way, &format!("CHECK ({before})"), &after)?,
            (None, Way::Up) => once(&text, ") STRICT", &format!(", {after}) STRICT"))?,
            (None, Way::Down) => once(&text, &format!(", {after}"), "")?,
        };
    }
    Ok(text)
}

/// Replaces `before` by `after` on the way up, and `after` by `before` on the way down.
fn swap(text: &str, way: Way, before: &str, after: &str) -> Result<String, DbErr> {
    match way {
        Way::Up => once(text, before, after),
        Way::Down => once(text, after, before),
    }
}

/// Replaces a text that must occur exactly once; fails otherwise.
fn once(text: &str, from: &str, to: &str) -> Result<String, DbErr> {
    match text.matches(from).count() {
        1 => Ok(text.replacen(from, to, 1)),
        found => Err(DbErr::Custom(format!("{from:?} stands {found} times in {text}"))),
    }
}
