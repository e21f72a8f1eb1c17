//! The database: both stores behind one handle, its clock, and transactions that are rerun when the store
//! asks for it.
//!
//! The database is no port: slices write SQL, in their `store.rs` and nowhere else. One text serves both
//! stores; where they differ a token stands, which [`Dialect::render`] replaces. Never held across a
//! network call to anything else.

use std::{future::Future, path::Path, pin::Pin, time::Duration};

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, IsolationLevel, QueryResult, RuntimeErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait, Value,
};

/// How often a transaction is rerun after a serialization failure or a deadlock.
pub const MAX_TRANSACTION_ATTEMPTS: u32 = 3;
/// How long a request waits for a connection before it is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many connections read from SQLite beside the one that writes.
const SQLITE_READERS: u32 = 8;

/// A store that is gone with its only connection.
pub const IN_MEMORY: &str = "sqlite::memory:";

/// Which store it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL 15 or later.
    Postgres,
    /// SQLite, one file, WAL.
    Sqlite,
}

/// Whether `db::now` may be moved by development and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockOffset {
    /// The database's clock as it is.
    Ignored,
    /// The database's clock plus what stands in the table `clock_offset`.
    Applied,
}

/// The predicates that keep a seat from being sold twice. Statements write them as `[[state: AND …]]`, so that
/// tests can drop one and see the checks fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// The seat is in the state that the step starts from.
    State,
    /// The seat is in the reservation that acts.
    Owner,
    /// Nobody has had the seat since.
    Fence,
}

impl Guard {
    fn of(name: &str) -> Option<Self> {
        match name {
            "state" => Some(Self::State),
            "owner" => Some(Self::Owner),
            "fence" => Some(Self::Fence),
            _ => None,
        }
    }
}

/// How statements are written for this database.
#[derive(Debug, Clone, Copy)]
pub struct Writing {
    dialect: Dialect,
    offset: ClockOffset,
    dropped: Option<Guard>,
}

impl Writing {
    /// The store.
    pub fn dialect(self) -> Dialect {
        self.dialect
    }

    fn guards(self, sql: &str) -> String {
        let mut text = String::with_capacity(sql.len());
        let mut rest = sql;
        while let Some((before, after)) = rest.split_once("[[") {
            let (guarded, after) = after.split_once("]]").expect("a guard is closed by ]]");
            let (name, predicate) = guarded.split_once(':').expect("a guard has a name");
            let guard = Guard::of(name).expect("a guard is state, owner or fence");
            text.push_str(before);
            if self.dropped != Some(guard) {
                text.push_str(predicate);
            }
            rest = after;
        }
        text.push_str(rest);
        text
    }

    /// Replaces the tokens: `{now}` is the database's wall clock in milliseconds since 1970 (not the
    /// transaction's, which is old after a lock wait), `{lock}` locks the rows that a SELECT names,
    /// `{skip}` the same without waiting for rows that others have; `{lock_seats}` locks the rows of the
    /// seats `s` alone; `{uuid_text}(id)` shows an id; `[[fence: AND …]]` is a [`Guard`].
    ///
    /// # Panics
    /// When a guard is written wrongly.
    pub fn render(self, sql: &str) -> String {
        let sql = if sql.contains("[[") { &self.guards(sql) } else { sql };
        if !sql.contains('{') {
            return sql.to_owned();
        }
        let now = match (self.dialect, self.offset) {
            (Dialect::Postgres, ClockOffset::Ignored) => PG_NOW,
            (Dialect::Postgres, ClockOffset::Applied) => PG_NOW_MOVED,
            (Dialect::Sqlite, ClockOffset::Ignored) => SQLITE_NOW,
            (Dialect::Sqlite, ClockOffset::Applied) => SQLITE_NOW_MOVED,
        };
        let (lock, skip, seats, uuid_text) = match self.dialect {
            Dialect::Postgres => (
                "FOR NO KEY UPDATE",
                "FOR NO KEY UPDATE SKIP LOCKED",
                "FOR NO KEY UPDATE OF s",
                "text",
            ),
            Dialect::Sqlite => ("", "", "", "hex"),
        };
        sql.replace("{now}", now)
            .replace("{lock}", lock)
            .replace("{skip}", skip)
            .replace("{lock_seats}", seats)
            .replace("{uuid_text}", uuid_text)
    }

    fn statement(self, sql: &str, values: Vec<Value>) -> Statement {
        let backend = match self.dialect {
            Dialect::Postgres => DbBackend::Postgres,
            Dialect::Sqlite => DbBackend::Sqlite,
        };
        Statement::from_sql_and_values(backend, self.render(sql), values)
    }
}

const PG_NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
const PG_NOW_MOVED: &str = "((extract(epoch FROM clock_timestamp()) * 1000)::bigint + \
    (SELECT offset_ms FROM clock_offset WHERE id = 1))";
const SQLITE_NOW: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
const SQLITE_NOW_MOVED: &str = "(CAST(unixepoch('subsec') * 1000 AS INTEGER) + \
    (SELECT offset_ms FROM clock_offset WHERE id = 1))";

/// `$from, $from+1, …`: placeholders for a list of `count` values.
pub fn placeholders(from: usize, count: usize) -> String {
    let mut text = String::with_capacity(count * 4);
    for at in from..from + count {
        if at > from {
            text.push(',');
        }
        text.push('$');
        text.push_str(&at.to_string());
    }
    text
}

/// What statements can be sent through: the pool or a transaction.
pub trait Sql: Sync {
    /// How statements are written here.
    fn writing(&self) -> Writing;

    /// Changes rows; answers how many.
    fn run(&self, sql: &str, values: Vec<Value>)
    -> impl Future<Output = Result<u64, DbErr>> + Send;

    /// Reads at most one row.
    fn one(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Option<QueryResult>, DbErr>> + Send;

    /// Reads rows.
    fn all(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<QueryResult>, DbErr>> + Send;
}

/// A handle on the database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    writing: Writing,
}

/// A transaction; rolled back when dropped.
#[derive(Debug)]
pub struct Tx {
    inner: DatabaseTransaction,
    writing: Writing,
}

impl Db {
    /// Connects to `url`: `postgres://…`, or `sqlite://path` whose file and folder are made when missing.
    ///
    /// # Errors
    /// When the URL names no store of ours or nothing answers there.
    pub async fn connect(url: &str, pool: u32, offset: ClockOffset) -> Result<Self, DbErr> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = options(url, pool);
            let writer = Database::connect(options).await?;
            let writing = Writing { dialect: Dialect::Postgres, offset, dropped: None };
            return Ok(Self { reader: writer.clone(), writer, writing });
        }
        let sqlite = Writing { dialect: Dialect::Sqlite, offset, dropped: None };
        if url == IN_MEMORY {
            let writer = Database::connect(sqlite_options(url, 1)).await?;
            return Ok(Self { reader: writer.clone(), writer, writing: sqlite });
        }
        let Some(path) = url.strip_prefix("sqlite://") else {
            return Err(DbErr::Custom("DATABASE_URL is neither postgres:// nor sqlite://".into()));
        };
        if let Some(folder) = Path::new(path).parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| DbErr::Custom(format!("{}: {error}", folder.display())))?;
        }
        let url = format!("sqlite://{path}?mode=rwc");
        let writer = Database::connect(sqlite_options(&url, 1)).await?;
        let reader = Database::connect(sqlite_options(&url, SQLITE_READERS)).await?;
        Ok(Self {
            writer,
            reader,
            writing: Writing { dialect: Dialect::Sqlite, offset, dropped: None },
        })
    }

    /// The same database with one of the guards left out of every statement: a negative control.
    #[cfg(feature = "failpoints")]
    #[must_use]
    pub fn without_guard(mut self, guard: Guard) -> Self {
        self.writing.dropped = Some(guard);
        self
    }

    /// The connection for migrations and for SeaORM's own queries that write.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// The connection for SeaORM's own queries that only read.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Begins a transaction that will write. On SQLite it takes the write lock at once: a deferred one
    /// would fail with "database is locked" half-way.
    ///
    /// # Errors
    /// When no connection is free in time.
    pub async fn begin(&self) -> Result<Tx, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let inner = self.writer.begin_with_options(options).await?;
        Ok(Tx { inner, writing: self.writing })
    }

    /// Begins a transaction that sees one moment of the database and writes nothing.
    ///
    /// # Errors
    /// When no connection is free in time.
    pub async fn snapshot(&self) -> Result<Tx, DbErr> {
        let inner = match self.writing.dialect {
            Dialect::Postgres => {
                self.reader
                    .begin_with_config(
                        Some(IsolationLevel::RepeatableRead),
                        Some(AccessMode::ReadOnly),
                    )
                    .await?
            }
            Dialect::Sqlite => self.reader.begin().await?,
        };
        Ok(Tx { inner, writing: self.writing })
    }

    /// Runs `work` in a transaction and commits it; on a serialization failure or a deadlock the whole is
    /// rerun, at most [`MAX_TRANSACTION_ATTEMPTS`] times. `work` may thus run more than once: it takes
    /// its input by clone and does nothing outside of the database.
    ///
    /// Dropping the future rolls back.
    ///
    /// # Errors
    /// What `work` answers, or the database's own.
    pub async fn transact<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t Tx) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>
            + Send
            + Sync,
        E: From<DbErr> + Failure + Send,
        T: Send,
    {
        let mut attempt = 1;
        loop {
            let tx = self.begin().await?;
            let result = match work(&tx).await {
                Ok(value) => tx.commit().await.map(|()| value).map_err(E::from),
                Err(error) => {
                    // The refusal is what the caller wants to hear; a failed rollback ends with the
                    // connection anyway.
                    tx.rollback().await.ok();
                    Err(error)
                }
            };
            match result {
                Err(error)
                    if attempt < MAX_TRANSACTION_ATTEMPTS
                        && error.database().is_some_and(is_rerun_asked_for) =>
                {
                    attempt += 1;
                    metrics::counter!("holdfast_transaction_reruns_total").increment(1);
                }
                other => return other,
            }
        }
    }

    /// The database's wall clock in milliseconds since 1970.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn now(&self) -> Result<i64, DbErr> {
        now(self).await
    }
}

/// The database's wall clock in milliseconds since 1970.
///
/// # Errors
/// When the database does not answer.
pub async fn now(sql: &impl Sql) -> Result<i64, DbErr> {
    let row = sql.one("SELECT {now} AS now", vec![]).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("now".into()))?.try_get("", "now")
}

impl Tx {
    /// The transaction for SeaORM's own queries.
    pub fn orm(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// Makes it last.
    ///
    /// # Errors
    /// When the database cannot; then nothing of it lasts, unless the connection broke at this very
    /// moment: then it is unknown.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.inner.commit().await
    }

    /// Undoes it.
    ///
    /// # Errors
    /// When the connection broke; the database undoes it then, too.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }
}

impl Sql for Db {
    fn writing(&self) -> Writing {
        self.writing
    }

    async fn run(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbErr> {
        let done = self.writer.execute_raw(self.writing.statement(sql, values)).await?;
        Ok(done.rows_affected())
    }

    async fn one(&self, sql: &str, values: Vec<Value>) -> Result<Option<QueryResult>, DbErr> {
        self.reader.query_one_raw(self.writing.statement(sql, values)).await
    }

    async fn all(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, DbErr> {
        self.reader.query_all_raw(self.writing.statement(sql, values)).await
    }
}

impl Sql for Tx {
    fn writing(&self) -> Writing {
        self.writing
    }

    async fn run(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbErr> {
        let done = self.inner.execute_raw(self.writing.statement(sql, values)).await?;
        Ok(done.rows_affected())
    }

    async fn one(&self, sql: &str, values: Vec<Value>) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(self.writing.statement(sql, values)).await
    }

    async fn all(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(self.writing.statement(sql, values)).await
    }
}

/// An error that may come from the database.
pub trait Failure {
    /// The database's error, when it is one.
    fn database(&self) -> Option<&DbErr>;
}

impl Failure for DbErr {
    fn database(&self) -> Option<&DbErr> {
        Some(self)
    }
}

/// Whether the store asks to run the whole transaction again: SQLSTATE 40001 and 40P01 (PostgreSQL manual,
/// 13.5), SQLITE_BUSY and SQLITE_BUSY_SNAPSHOT.
pub fn is_rerun_asked_for(error: &DbErr) -> bool {
    sqlx_code(error)
        .is_some_and(|code| matches!(code.as_str(), "40001" | "40P01" | "5" | "517" | "261"))
}

/// Whether no connection could be had: the caller should come back.
pub fn is_unavailable(error: &DbErr) -> bool {
    matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) || is_rerun_asked_for(error)
}

/// Whether a unique index refused a row.
pub fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_)))
}

/// Whether a CHECK refused a row: SQLSTATE 23514, SQLITE_CONSTRAINT_CHECK.
pub fn is_check_violation(error: &DbErr) -> bool {
    sqlx_code(error).is_some_and(|code| matches!(code.as_str(), "23514" | "275"))
}

fn sqlx_code(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned())
}

fn options(url: &str, pool: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(pool)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .sqlx_logging(false);
    options
}

fn sqlite_options(url: &str, pool: u32) -> ConnectOptions {
    let mut options = options(url, pool);
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "FULL")
            .pragma("foreign_keys", "ON")
            .busy_timeout(ACQUIRE_TIMEOUT)
    });
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dialect: Dialect, dropped: Option<Guard>, sql: &str, expected: &str) {
        let writing = Writing { dialect, offset: ClockOffset::Ignored, dropped };
        assert_eq!(writing.render(sql), expected);
    }

    #[test]
    fn tokens_are_what_the_store_calls_them() {
        check(Dialect::Postgres, None, "SELECT 1 {skip}", "SELECT 1 FOR NO KEY UPDATE SKIP LOCKED");
        check(Dialect::Sqlite, None, "SELECT 1 {skip}", "SELECT 1 ");
        check(
            Dialect::Sqlite,
            None,
            "SELECT {now}",
            "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)",
        );
    }

    #[test]
    fn a_dropped_guard_is_the_only_one_missing() {
        let sql = "WHERE a [[state:AND b]] [[fence:AND c]]";
        check(Dialect::Sqlite, None, sql, "WHERE a AND b AND c");
        check(Dialect::Sqlite, Some(Guard::Fence), sql, "WHERE a AND b ");
    }

    #[test]
    fn placeholders_count_on() {
        assert_eq!(placeholders(3, 2), "$3,$4");
        assert_eq!(placeholders(1, 0), "");
    }
}
