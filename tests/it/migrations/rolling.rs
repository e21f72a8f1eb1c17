//! A program of the previous version continues with the new schema, while nodes are replaced one after the other.

use holdfast::kernel::db::{Dialect, Sql as _};
use holdfast_migration::{Migrator, MigratorTrait as _};

use super::stored::{before, open, run};
use crate::support::harness::bare_store;

#[tokio::test]
async fn what_a_program_of_before_writes_is_still_taken() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = open(&bare_store(folder.path()).await).await;
    Migrator::up(db.writer(), None).await.expect("up");
    // The previous version knew only owners.
    for statement in include_str!("before.sql").replace("'member'", "'owner'").split(";\n") {
        run(&db, statement).await.expect(statement);
    }
    for (table, implied) in [("audit", "actor_kind = 'user'"), ("refunds", "method = 'gateway'")] {
        let query = format!(
            "SELECT COUNT(*) AS rows FROM {table} UNION ALL \
             SELECT COUNT(*) FROM {table} WHERE {implied}"
        );
        let rows = db.all(&query, vec![]).await.expect("rows");
        let counts: Vec<i64> =
            rows.iter().map(|row| row.try_get("", "rows").expect("a number")).collect();
        assert_eq!(counts, [2, 2], "{table}");
    }
    assert_eq!(holdfast::app::check(&db).await.expect("the check runs"), []);
}

/// The tables from which the program reads every column with `*`, so that the version after it must add none. The test
/// `tables_that_are_read_whole_are_known` compares the list with the source text.
pub const READ_WHOLE: [&str; 3] = ["events", "reservations", "simulated_payments"];

#[tokio::test]
async fn what_a_program_of_before_has_prepared_it_reads_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = before(&bare_store(folder.path()).await).await;
    let queries: Vec<String> =
        READ_WHOLE.iter().map(|table| format!("SELECT * FROM {table}")).collect();
    for query in &queries {
        db.all(query, vec![]).await.expect(query);
    }
    let audit = "SELECT * FROM audit";
    db.all(audit, vec![]).await.expect(audit);
    // The only connection of this pool on PostgreSQL, with its prepared statements.
    Migrator::up(db.writer(), None).await.expect("up");
    for query in &queries {
        db.all(query, vec![]).await.expect(query);
    }
    // The table `audit` gets columns: a known gap, which lasts until the node restarts.
    let read = db.all(audit, vec![]).await;
    assert_eq!(read.is_err(), db.writing().dialect() == Dialect::Postgres, "{read:?}");
}
