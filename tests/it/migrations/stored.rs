//! The contents of a store as text that can be compared: its schema and its rows. Also a store in the state in which
//! a program of the previous version left it, with rows in every table that the third step changes.

use std::collections::BTreeMap;

use holdfast::kernel::db::{ClockOffset, Db, Dialect, Sql as _, StoreError};
use holdfast_migration::{Migrator, MigratorTrait as _};
use uuid::Uuid;

use crate::support::harness::connect;

/// The rows of each table, sorted, so that two stores can be compared.
pub(super) type Rows = BTreeMap<String, Vec<String>>;

/// The number of steps in the previous version.
pub(super) const STEPS_BEFORE: u32 = 2;

pub(super) async fn open(url: &str) -> Db {
    connect(url, 1, ClockOffset::Ignored).await
}

/// A store of the previous version, with rows.
pub(super) async fn before(url: &str) -> Db {
    let db = open(url).await;
    Migrator::up(db.writer(), Some(STEPS_BEFORE)).await.expect("the steps of before");
    for statement in include_str!("before.sql").split(";\n") {
        run(&db, statement).await.expect(statement);
    }
    db
}

/// Runs a statement in which `#12` stands for the id of this number.
pub(super) async fn run(db: &Db, statement: &str) -> Result<u64, StoreError> {
    db.run(&with_ids(db, statement), vec![]).await
}

/// The statement with ids as the store writes them.
pub(super) fn with_ids(db: &Db, statement: &str) -> String {
    let mut parts = statement.split('#');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let id = Uuid::from_u128(number.parse().expect("a number"));
        text.push_str(&match db.writing().dialect() {
            Dialect::Postgres => format!("'{id}'"),
            Dialect::Sqlite => format!("X'{}'", id.simple()),
        });
        text.push_str(rest);
    }
    text
}

/// The values of a query whose only column is a text.
async fn texts(db: &Db, query: &str) -> Vec<String> {
    let rows = db.all(query, vec![]).await.expect(query);
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}

/// Every table with its columns.
async fn tables(db: &Db) -> BTreeMap<String, Vec<String>> {
    let found = texts(
        db,
        match db.writing().dialect() {
            Dialect::Postgres => {
                "SELECT table_name || '.' || column_name FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name <> 'seaql_migrations' ORDER BY 1"
            }
            Dialect::Sqlite => {
                "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' \
                 AND m.name <> 'seaql_migrations' ORDER BY 1"
            }
        },
    )
    .await;
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in found {
        let (table, column) = name.split_once('.').expect("a table and a column");
        tables.entry(table.to_owned()).or_default().push(column.to_owned());
    }
    tables
}

/// The columns of a store, so that rows are compared by the columns of the previous version.
pub(super) struct Columns(BTreeMap<String, Vec<String>>);

impl Columns {
    pub(super) async fn of(db: &Db) -> Self {
        Self(tables(db).await)
    }

    /// Every row in these columns.
    pub(super) async fn rows(&self, db: &Db) -> Rows {
        let mut all = Rows::new();
        for (table, columns) in &self.0 {
            let parts: Vec<String> = columns
                .iter()
                .map(|column| match db.writing().dialect() {
                    Dialect::Postgres => format!("COALESCE(quote_literal({column}), 'NULL')"),
                    Dialect::Sqlite => format!("quote({column})"),
                })
                .collect();
            let query = format!("SELECT {} FROM {table} ORDER BY 1", parts.join(" || ' ' || "));
            all.insert(table.clone(), texts(db, &query).await);
        }
        all
    }
}

/// The rows of the previous version, after the third step.
pub(super) fn with_managers(mut rows: Rows) -> Rows {
    for row in rows.get_mut("memberships").expect("memberships") {
        *row = row.replace("'member'", "'manager'");
    }
    rows.get_mut("memberships").expect("memberships").sort();
    rows
}

/// The schema: the definitions of tables and indexes on SQLite; columns, constraints, indexes and settings on
/// PostgreSQL.
pub(super) async fn schema(db: &Db) -> Vec<String> {
    match db.writing().dialect() {
        Dialect::Sqlite => {
            let found = texts(db, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").await;
            // The definition of a copied table has the name in quotes and other white space.
            let bare = |text: String| text.replace('"', "").split_whitespace().collect::<String>();
            let mut found: Vec<String> = found.into_iter().map(bare).collect();
            found.sort();
            found
        }
        Dialect::Postgres => {
            texts(
                db,
                "SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, \
                     column_default) FROM information_schema.columns WHERE table_schema = 'public' \
                 UNION ALL SELECT format('%s: %s %s %s', conrelid::regclass, conname, \
                     pg_get_constraintdef(oid), convalidated) FROM pg_constraint \
                     WHERE connamespace = 'public'::regnamespace \
                 UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
                 UNION ALL SELECT format('%s: %s', relname, reloptions) FROM pg_class \
                     WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL ORDER BY 1",
            )
            .await
        }
    }
}
