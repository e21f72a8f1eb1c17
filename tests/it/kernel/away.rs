//! Every error with which a store says that it cannot work at present counts as unavailable, and no other error does.

use holdfast::kernel::db::{ClockOffset, Db, Dialect, Sql as _, StoreError};

use crate::support::harness::{bare_store, connect};

async fn store() -> (Db, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = bare_store(folder.path()).await;
    (connect(&url, 1, ClockOffset::Ignored).await, folder)
}

async fn refused(db: &Db, statement: &str) -> StoreError {
    db.run(statement, vec![]).await.expect_err(statement)
}

/// PostgreSQL's errors with these codes (manual, appendix A).
async fn postgres(db: &Db) {
    let away =
        ["08006", "08P01", "53100", "53300", "57P01", "57P02", "57P03", "25006", "40001", "40P01"];
    let faults = ["22012", "23505", "25P02", "42601", "57014", "XX000"];
    let codes = away.map(|code| (code, true)).into_iter().chain(faults.map(|code| (code, false)));
    for (code, is_away) in codes {
        let raise = format!("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$");
        let error = refused(db, &raise).await;
        assert_eq!(error.is_unavailable(), is_away, "{code}: {error}");
    }
    let standby = db.snapshot().await.expect("a transaction that only reads");
    let error = standby.run("CREATE TABLE t (a INT)", vec![]).await.expect_err("it only reads");
    assert!(error.is_unavailable(), "{error}");
}

/// A SQLite database without free space, and a read-only SQLite database.
async fn sqlite(db: &Db) {
    for statement in ["CREATE TABLE t (a TEXT)", "PRAGMA max_page_count = 3"] {
        db.run(statement, vec![]).await.expect(statement);
    }
    let full = refused(db, "INSERT INTO t SELECT hex(zeroblob(100000))").await;
    assert!(full.is_unavailable(), "{full}");
    db.run("PRAGMA query_only = ON", vec![]).await.expect("a setting");
    let read_only = refused(db, "INSERT INTO t VALUES ('x')").await;
    assert!(read_only.is_unavailable(), "{read_only}");
    let fault = refused(db, "INSERT INTO nothing VALUES (1)").await;
    assert!(!fault.is_unavailable(), "{fault}");
}

#[tokio::test]
async fn a_store_that_cannot_work_for_now_is_unavailable() {
    let (db, _folder) = store().await;
    match db.writing().dialect() {
        Dialect::Postgres => postgres(&db).await,
        Dialect::Sqlite => sqlite(&db).await,
    }
}
