//! Changes to existing tables: the words in a CHECK, other CHECKs, columns that may be NULL, and new columns.
//!
//! A change is described as data, from which the statements for both stores and both directions are made. PostgreSQL
//! alters the table in place. SQLite cannot change a CHECK, so the table is copied into a new table with the old name;
//! see [`sqlite`]. No row is ever lost: rows that the other schema cannot hold are refused by name before anything is
//! changed ([`refuse`]).

mod postgres;
mod sqlite;

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait as _, DatabaseBackend, DbErr, QueryResult, Statement},
};

use crate::{ddl, failpoint, whole::Way};

/// The changes to one table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) words: &'static [Words],
    /// Columns that may be NULL after the change, with their type.
    pub(crate) loosened: &'static [(&'static str, &'static str)],
    pub(crate) columns: &'static [Column],
    pub(crate) checks: &'static [Check],
}

impl Table {
    /// A table with this name and no changes yet.
    pub(crate) const fn named(name: &'static str) -> Self {
        Self { name, words: &[], loosened: &[], columns: &[], checks: &[] }
    }
}

/// The words that a column may contain before and after the change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) column: &'static str,
    pub(crate) before: &'static [&'static str],
    pub(crate) after: &'static [&'static str],
    /// A word of `before` and its new name in `after`.
    pub(crate) renamed: Option<(&'static str, &'static str)>,
}

/// A column that the step adds to a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// The type and constraints of the column, in the tokens of [`ddl::render`].
    pub(crate) definition: &'static str,
    /// The only value with which a row can return to the older schema. Without such a value, the column is dropped with
    /// all its values.
    pub(crate) implied: Option<&'static str>,
}

/// A CHECK of the table that is replaced or added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Check {
    /// The name of the new CHECK.
    pub(crate) name: &'static str,
    /// PostgreSQL's name of the replaced CHECK, and its condition. `None` if the CHECK is added.
    pub(crate) before: Option<(&'static str, &'static str)>,
    pub(crate) after: &'static str,
}

impl Words {
    /// The words that are allowed after a change in this direction.
    fn allowed(&self, way: Way) -> &'static [&'static str] {
        match way {
            Way::Up => self.after,
            Way::Down => self.before,
        }
    }

    /// The word that is renamed by a change in this direction, and its new name.
    fn renaming(&self, way: Way) -> Option<(&'static str, &'static str)> {
        let (before, after) = self.renamed?;
        Some(match way {
            Way::Up => (before, after),
            Way::Down => (after, before),
        })
    }
}

/// The CHECK `CHECK (column IN ('a', 'b'))`, exactly as the first schema writes it.
fn word_check(column: &str, words: &[&str]) -> String {
    format!("CHECK ({column} IN ({}))", quoted(words))
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")
}

/// Changes the tables to the schema after or before the step.
///
/// # Errors
/// If the other schema cannot hold a row, or the store refuses a statement.
#[expect(clippy::wildcard_enum_match_arm, reason = "SeaORM may add backends")]
pub(crate) async fn run(
    manager: &SchemaManager<'_>,
    tables: &[Table],
    way: Way,
) -> Result<(), DbErr> {
    let store = Store { manager };
    match store.backend() {
        DatabaseBackend::Sqlite => {
            sqlite::prepare(&store).await?;
            refuse(&store, tables, way).await?;
            for table in tables {
                sqlite::change(&store, table, way).await?;
            }
            sqlite::verify(&store).await
        }
        _ => {
            postgres::prepare(&store, tables).await?;
            refuse(&store, tables, way).await?;
            for table in tables {
                postgres::change(&store, table, way).await?;
            }
            Ok(())
        }
    }
}

/// The connection on which the statements of a change run.
struct Store<'m, 'c> {
    manager: &'m SchemaManager<'c>,
}

impl Store<'_, '_> {
    fn backend(&self) -> DatabaseBackend {
        self.manager.get_database_backend()
    }

    /// Executes a statement and returns how many rows it changed.
    async fn run(&self, sql: &str) -> Result<u64, DbErr> {
        failpoint::reach()?;
        let sql = ddl::render(self.backend(), sql)?;
        let done = self.manager.get_connection().execute_unprepared(&sql).await?;
        Ok(done.rows_affected())
    }

    async fn all(&self, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
        let statement = Statement::from_string(self.backend(), sql);
        self.manager.get_connection().query_all_raw(statement).await
    }

    /// The counts and descriptions that a query returns.
    async fn counts(&self, sql: &str) -> Result<Vec<(i64, String)>, DbErr> {
        let rows = self.all(sql).await?;
        rows.iter().map(|row| Ok((row.try_get("", "rows")?, row.try_get("", "what")?))).collect()
    }
}

/// Fails if the older schema cannot hold some rows. The error names every such word, NULL and value. The newer schema
/// can hold every row.
async fn refuse(store: &Store<'_, '_>, tables: &[Table], way: Way) -> Result<(), DbErr> {
    if way == Way::Up {
        return Ok(());
    }
    let mut found = Vec::new();
    for table in tables {
        for query in obstacles(table) {
            for (rows, what) in
                store.counts(&query).await?.into_iter().filter(|(rows, _)| *rows > 0)
            {
                found.push(format!("{}.{what} ({rows} rows)", table.name));
            }
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(DbErr::Custom(format!("the schema before cannot hold {}", found.join(", "))))
}

/// Queries that count the rows that the older schema cannot hold, each with a description.
fn obstacles(table: &Table) -> Vec<String> {
    let name = table.name;
    let counted = |what: &str, condition: &str| {
        format!("SELECT COUNT(*) AS rows, '{what}' AS what FROM {name} WHERE {condition}")
    };
    let words = table.words.iter().map(|words| {
        let (column, mut known) = (words.column, words.before.to_vec());
        known.extend(words.renamed.map(|(_, after)| after));
        format!(
            "SELECT COUNT(*) AS rows, '{column} = ' || {column} AS what FROM {name} \
             WHERE {column} NOT IN ({}) GROUP BY {column} ORDER BY {column}",
            quoted(&known)
        )
    });
    let loosened = table.loosened.iter().map(|(column, _)| {
        counted(&format!("{column} without a value"), &format!("{column} IS NULL"))
    });
    let columns = table.columns.iter().filter_map(|column| {
        let (name, implied) = (column.name, column.implied?);
        Some(counted(&format!("{name} other than {implied}"), &format!("{name} <> '{implied}'")))
    });
    let checks = table.checks.iter().filter_map(|check| {
        let (_, before) = check.before?;
        Some(counted(check.name, &format!("NOT ({before})")))
    });
    words.chain(loosened).chain(columns).chain(checks).collect()
}
