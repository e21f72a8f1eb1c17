//! Changes a table in place on PostgreSQL. PostgreSQL reads each table once to prove the new CHECKs, and writes only
//! the rows whose word is renamed.

use sea_orm_migration::sea_orm::DbErr;

use super::{Store, Table, word_check};
use crate::whole::Way;

/// How long the step waits for its tables. Meanwhile, all other transactions on these tables wait behind it. Therefore
/// a long transaction, such as a backup, must make the migration fail instead of stopping the shop.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '10s'";

/// Locks all tables in one statement, so that no transaction of a running program comes between two locks.
pub(super) async fn prepare(store: &Store<'_, '_>, tables: &[Table]) -> Result<(), DbErr> {
    store.run(LOCK_TIMEOUT).await?;
    let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
    store.run(&format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", names.join(", "))).await?;
    Ok(())
}

pub(super) async fn change(store: &Store<'_, '_>, table: &Table, way: Way) -> Result<(), DbErr> {
    let name = table.name;
    alter(store, name, &first(table, way)).await?;
    for words in table.words {
        if let Some((from, to)) = words.renaming(way) {
            let column = words.column;
            store
                .run(&format!("UPDATE {name} SET {column} = '{to}' WHERE {column} = '{from}'"))
                .await?;
        }
    }
    alter(store, name, &second(table, way)).await
}

async fn alter(store: &Store<'_, '_>, name: &str, parts: &[String]) -> Result<(), DbErr> {
    if !parts.is_empty() {
        store.run(&format!("ALTER TABLE {name} {}", parts.join(", "))).await?;
    }
    Ok(())
}

/// The changes before words are renamed: dropping the CHECKs that would refuse the new names, and all changes to
/// columns.
fn first(table: &Table, way: Way) -> Vec<String> {
    let mut parts = Vec::new();
    for words in table.words {
        parts.push(format!("DROP CONSTRAINT {}_{}_check", table.name, words.column));
    }
    for check in table.checks {
        match (way, check.before) {
            (Way::Up, Some((name, _))) => parts.push(format!("DROP CONSTRAINT {name}")),
            (Way::Up, None) => {}
            (Way::Down, _) => parts.push(format!("DROP CONSTRAINT {}", check.name)),
        }
    }
    for (column, _) in table.loosened {
        let what = match way {
            Way::Up => "DROP",
            Way::Down => "SET",
        };
        parts.push(format!("ALTER COLUMN {column} {what} NOT NULL"));
    }
    for column in table.columns {
        parts.push(match way {
            Way::Up => format!("ADD COLUMN {} {}", column.name, column.definition),
            Way::Down => format!("DROP COLUMN {}", column.name),
        });
    }
    parts
}

/// The changes after words are renamed: the new CHECKs.
fn second(table: &Table, way: Way) -> Vec<String> {
    let words = table.words.iter().map(|words| {
        let (column, allowed) = (words.column, words.allowed(way));
        let check = word_check(column, allowed);
        format!("ADD CONSTRAINT {}_{column}_check {check}", table.name)
    });
    let checks = table.checks.iter().filter_map(|check| match (way, check.before) {
        (Way::Up, _) => Some(format!("ADD CONSTRAINT {} CHECK ({})", check.name, check.after)),
        (Way::Down, Some((name, before))) => {
            Some(format!("ADD CONSTRAINT {name} CHECK ({before})"))
        }
        (Way::Down, None) => None,
    });
    words.chain(checks).collect()
}
