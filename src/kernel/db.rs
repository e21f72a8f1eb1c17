//! The database: both stores behind one handle, its clock, and transactions that are rerun when the store
//! asks for it.
//!
//! The database is no port: slices write SQL, in their `store.rs` and nowhere else. One text serves both
//! stores; where they differ a token stands, which [`Dialect::render`] replaces. Never held across a
//! network call to anything else.

mod changes;
mod entities;
pub mod settings;
mod together;
mod writing;

use std::{future::Future, path::Path, pin::Pin, time::Duration};

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction,
    DbErr, FromQueryResult, IsolationLevel, QueryResult, RuntimeErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait, TryGetable, Value,
};

pub use changes::{Change, change, changed, clock, find, forget, list, literal, plus, write};
pub use entities::{
    insert, insert_all, insert_all_at, insert_at, insert_unless_known, is_among, put_all, set,
};
pub use together::{Expected, Sent, Together, Writes};
pub use writing::{ClockOffset, Dialect, Guard, Writing, largest_power_of_two, placeholders, rows};

/// How often a transaction is rerun after a serialization failure or a deadlock.
pub const MAX_TRANSACTION_ATTEMPTS: u32 = 3;
/// How long a request waits for a connection before it is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many connections read from SQLite beside the one that writes.
const SQLITE_READERS: u32 = 8;
/// How many statements a connection keeps prepared: more than the program has. SQLx keeps 100 by itself.
const PREPARED: usize = 500;

/// A store that is gone with its only connection.
pub const IN_MEMORY: &str = "sqlite::memory:";

/// What statements can be sent through: the pool or a transaction.
pub trait Sql: Sync {
    /// The connection for SeaORM's own queries that only read.
    fn reading(&self) -> &impl ConnectionTrait;

    /// The connection of statements that change rows.
    fn changing(&self) -> &impl ConnectionTrait;

    /// How statements are written here.
    fn writing(&self) -> Writing;

    /// Changes rows; answers how many.
    fn run(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<u64, DbErr>> + Send {
        async move {
            let statement = self.writing().statement(sql, values);
            Ok(self.changing().execute_raw(statement).await?.rows_affected())
        }
    }

    /// Reads at most one row.
    fn one(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Option<QueryResult>, DbErr>> + Send {
        async move { self.reading().query_one_raw(self.writing().statement(sql, values)).await }
    }

    /// Reads rows.
    fn all(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<QueryResult>, DbErr>> + Send {
        async move { self.reading().query_all_raw(self.writing().statement(sql, values)).await }
    }

    /// Reads at most one row as what it says.
    fn find<T: FromQueryResult + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Option<T>, DbErr>> + Send {
        async move {
            let row = self.one(sql, values).await?;
            row.map(|row| T::from_query_result(&row, "")).transpose()
        }
    }

    /// Reads rows as what they say.
    fn list<T: FromQueryResult + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<T>, DbErr>> + Send {
        async move {
            let rows = self.all(sql, values).await?;
            rows.iter().map(|row| T::from_query_result(row, "")).collect()
        }
    }

    /// Reads the only column of at most one row.
    fn value<T: TryGetable + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Option<T>, DbErr>> + Send {
        async move {
            let row = self.one(sql, values).await?;
            row.map(|row| row.try_get_by_index(0)).transpose()
        }
    }

    /// Reads the only column of rows.
    fn values<T: TryGetable + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<T>, DbErr>> + Send {
        async move {
            let rows = self.all(sql, values).await?;
            rows.iter().map(|row| row.try_get_by_index(0)).collect()
        }
    }
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
            let mut options = options(url, pool);
            options.map_sqlx_postgres_opts(|postgres| postgres.statement_cache_capacity(PREPARED));
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
        let writer = self.writer.clone();
        self.whole(async move { writer.begin_with_options(options).await }).await
    }

    /// Begins a transaction that sees one moment of the database and writes nothing.
    ///
    /// # Errors
    /// When no connection is free in time.
    pub async fn snapshot(&self) -> Result<Tx, DbErr> {
        let (reader, dialect) = (self.reader.clone(), self.writing.dialect);
        self.whole(async move {
            match dialect {
                Dialect::Postgres => {
                    let (level, mode) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
                    reader.begin_with_config(Some(level), Some(mode)).await
                }
                Dialect::Sqlite => reader.begin().await,
            }
        })
        .await
    }

    /// Begins in a task of its own, which goes on although the caller is dropped. With SQLx 0.9 a connection whose
    /// `BEGIN` is cut off goes back to the pool with the transaction open, and whoever gets it next writes into it:
    /// its guard undoes only what was counted as begun. Here it is begun, and dropping it undoes it.
    async fn whole(
        &self,
        begin: impl Future<Output = Result<DatabaseTransaction, DbErr>> + Send + 'static,
    ) -> Result<Tx, DbErr> {
        let begun = tokio::spawn(begin).await;
        let inner = begun.map_err(|error| DbErr::Custom(format!("BEGIN: {error}")))??;
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
    let now = sql.value("SELECT {now} AS now", vec![]).await?;
    now.ok_or_else(|| DbErr::RecordNotFound("now".into()))
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
    fn reading(&self) -> &impl ConnectionTrait {
        &self.reader
    }

    fn changing(&self) -> &impl ConnectionTrait {
        &self.writer
    }

    fn writing(&self) -> Writing {
        self.writing
    }
}

impl Sql for Tx {
    fn reading(&self) -> &impl ConnectionTrait {
        &self.inner
    }

    fn changing(&self) -> &impl ConnectionTrait {
        &self.inner
    }

    fn writing(&self) -> Writing {
        self.writing
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

/// What a stored word stands for, read by one of the domain's parsers.
///
/// # Errors
/// When the parser does not know it: a newer program wrote it, or the row is damaged. To guess could sell a seat
/// twice.
pub fn stored_word<T>(
    word: &str,
    what: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, DbErr> {
    parse(word).ok_or_else(|| DbErr::Type(format!("{word} is no {what}")))
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
            .statement_cache_capacity(PREPARED)
    });
    options
}
