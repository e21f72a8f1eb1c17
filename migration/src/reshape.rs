//! Changes to tables that exist: other words in a CHECK, other CHECKs, columns that may be NULL, new columns.
//!
//! A change is data, and both stores and both directions are made from it. PostgreSQL alters the table in place.
//! SQLite cannot change a CHECK, so the table is copied into a new one under the old name; see [`sqlite`]. Never
//! loses a row: what the other schema cannot hold is refused by name before anything is touched ([`refuse`]).

mod postgres;
mod sqlite;

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait as _, DatabaseBackend, DbErr, QueryResult, Statement},
};

use crate::{ddl, failpoint, whole::Way};

/// What changes in a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) words: &'static [Words],
    /// Columns that may be NULL from now on, with their type.
    pub(crate) loosened: &'static [(&'static str, &'static str)],
    pub(crate) columns: &'static [Column],
    pub(crate) checks: &'static [Check],
}

impl Table {
    /// A table in which nothing changes yet.
    pub(crate) const fn named(name: &'static str) -> Self {
        Self { name, words: &[], loosened: &[], columns: &[], checks: &[] }
    }
}

/// The words that a column may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) column: &'static str,
    pub(crate) before: &'static [&'static str],
    pub(crate) after: &'static [&'static str],
    /// A word of before and what it is called after.
    pub(crate) renamed: Option<(&'static str, &'static str)>,
}

/// A column that is new.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// Its type and constraints, in the tokens of [`ddl::render`].
    pub(crate) definition: &'static str,
    /// The only value with which a row can go back; without one the column is dropped with all it holds.
    pub(crate) implied: Option<&'static str>,
}

/// A CHECK of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Check {
    /// Its name from now on.
    pub(crate) name: &'static str,
    /// What PostgreSQL calls the one that it replaces, and what that one says.
    pub(crate) before: Option<(&'static str, &'static str)>,
    pub(crate) after: &'static str,
}

impl Words {
    /// The words allowed once the schema has gone this way.
    fn allowed(&self, way: Way) -> &'static [&'static str] {
        match way {
            Way::Up => self.after,
            Way::Down => self.before,
        }
    }

    /// The word that is called otherwise once the schema has gone this way, and its new name.
    fn renaming(&self, way: Way) -> Option<(&'static str, &'static str)> {
        let (before, after) = self.renamed?;
        Some(match way {
            Way::Up => (before, after),
            Way::Down => (after, before),
        })
    }
}

/// `CHECK (column IN ('a', 'b'))`, as the first schema writes it.
fn word_check(column: &str, words: &[&str]) -> String {
    format!("CHECK ({column} IN ({}))", quoted(words))
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")
}

/// Takes the tables to the schema after the change, or back.
///
/// # Errors
/// When a row cannot go there, or the store refuses a statement.
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

/// Where statements go.
struct Store<'m, 'c> {
    manager: &'m SchemaManager<'c>,
}

impl Store<'_, '_> {
    fn backend(&self) -> DatabaseBackend {
        self.manager.get_database_backend()
    }

    /// Executes a statement; answers how many rows it changed.
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

    /// The numbers and words that a query answers.
    async fn counts(&self, sql: &str) -> Result<Vec<(i64, String)>, DbErr> {
        let rows = self.all(sql).await?;
        rows.iter().map(|row| Ok((row.try_get("", "rows")?, row.try_get("", "what")?))).collect()
    }
}

/// Fails with every word, NULL and value that the schema before cannot hold. The schema after holds everything.
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

/// Queries that count the rows which the schema before cannot hold, and say why.
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
