//! Every error with which a store says that it cannot work at present counts as unavailable, and no other error does.
//! A request that meets such a store is told to come again. A read whose connection broke is tried once more before.

use futures_util::future::join_all;
use holdfast::kernel::db::{ClockOffset, Db, Dialect, Sql as _, StoreError};

use crate::support::{
    fixture::{app_with_event, seats},
    harness::{bare_store, connect},
};

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

/// The number of connections of a pool that [`end_connections`] breaks.
const CONNECTIONS: u32 = 3;

/// Opens several connections of the pool of `db`, and ends all connections to its database from outside, as a restart
/// of PostgreSQL does.
async fn end_connections(db: &Db, from: &Db) {
    let opened = join_all((0..CONNECTIONS).map(|_| db.snapshot())).await;
    for snapshot in opened {
        snapshot.expect("a connection").rollback().await.expect("given back to the pool");
    }
    // The number is the time in which each connection has to end, in milliseconds.
    let end = "SELECT pg_terminate_backend(pid, 10000) AS ended FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid() \
               AND backend_type = 'client backend'";
    let ended: Vec<bool> = from.values(end, vec![]).await.expect("an administrator ends them");
    // A background task of the server may meet the end of one and close the others first.
    assert!(ended.contains(&true), "{ended:?}");
}

#[tokio::test]
async fn a_read_or_a_begin_whose_connection_was_ended_is_tried_once_more() {
    let (app, event) = app_with_event().await;
    if app.app.base.db.writing().dialect() == Dialect::Postgres {
        let url = app.app.config.database.url.expose();
        let from = connect(url, 1, ClockOffset::Ignored).await;
        // A pool that nobody else uses, so that the statement below is the first to meet the end.
        let db = connect(url, CONNECTIONS, ClockOffset::Ignored).await;
        end_connections(&db, &from).await;
        let one = db.value::<i32>("SELECT 1", vec![]).await.map(|_| ());
        end_connections(&db, &from).await;
        let all = db.values::<i32>("SELECT 1", vec![]).await.map(|_| ());
        end_connections(&db, &from).await;
        let begun = db.begin().await.map(|_| ());
        assert!(one.is_ok() && all.is_ok() && begun.is_ok(), "{one:?}, {all:?}, {begun:?}");
        for part in ["", "/sections", "/inventory", "/offers", "/purchase-eligibility"] {
            end_connections(&app.app.base.db, &from).await;
            let read = app.get(&event.path(part)).await;
            assert_eq!(read.status, 200, "{part}: {}", read.text);
        }
        end_connections(&app.app.base.db, &from).await;
        let held = app.post(&event.reservations(), &seats(&[1])).await;
        assert_eq!(held.status, 201, "{}", held.text);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_write_that_finds_sqlite_busy_is_unavailable_for_now() {
    let (app, event) = app_with_event().await;
    let db = &app.app.base.db;
    if db.writing().dialect() == Dialect::Sqlite {
        // The only connection that writes waits for 10 s otherwise.
        db.run("PRAGMA busy_timeout = 20", vec![]).await.expect("a setting");
        let other = connect(app.app.config.database.url.expose(), 1, ClockOffset::Ignored).await;
        let writes = other.begin().await.expect("the write lock");
        let refused = app.post(&event.reservations(), &seats(&[1])).await;
        refused.assert_problem(503, "/problems/unavailable");
        let again = refused.header("Retry-After").and_then(|text| text.parse::<u32>().ok());
        assert!(again.is_some_and(|secs| secs > 0), "{:?}", refused.headers);
        // Reads do not wait for who writes.
        assert_eq!(app.get(&event.path("")).await.status, 200);
        writes.rollback().await.expect("the lock is given back");
        let held = app.post(&event.reservations(), &seats(&[1])).await;
        assert_eq!(held.status, 201, "{}", held.text);
    }
    app.finish().await;
}
