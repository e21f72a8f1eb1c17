//! The database: both stores behind one handle, its clock, and transactions that are rerun when the store
//! asks for it.
//!
//! The database is no port: slices write SQL, in their `store.rs` and nowhere else. One text serves both
//! stores; where they differ a token stands, which [`Dialect::render`] replaces. Never held across a
//! network call to anything else.

mod changes;
mod connections;
mod entities;
mod error;
pub mod settings;
mod together;
mod writing;

use std::{future::Future, pin::Pin};

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, FromQueryResult,
    IsolationLevel, QueryResult, SqliteTransactionMode, TransactionOptions, TransactionTrait,
    TryGetable, Value,
};

pub use changes::{Change, change, changed, clock, find, forget, list, literal, plus, write};
pub use connections::{IN_MEMORY, Reader};
use connections::{Losses, Pools};
pub use entities::{
    insert, insert_all, insert_all_at, insert_at, insert_unless_known, is_among, put_all, set,
};
pub use error::{Bug, Failure, StoreError, stored_word};
pub use together::{Expected, Sent, Together, Writes};
pub use writing::{ClockOffset, Dialect, Guard, Writing, largest_power_of_two, placeholders, rows};

/// How often a transaction is rerun after a serialization failure or a deadlock.
pub const MAX_TRANSACTION_ATTEMPTS: u32 = 3;
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
    ) -> impl Future<Output = Result<u64, StoreError>> + Send {
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
    ) -> impl Future<Output = Result<Option<QueryResult>, StoreError>> + Send {
        async move { Ok(self.reading().query_one_raw(self.writing().statement(sql, values)).await?) }
    }

    /// Reads rows.
    fn all(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<QueryResult>, StoreError>> + Send {
        async move { Ok(self.reading().query_all_raw(self.writing().statement(sql, values)).await?) }
    }

    /// Reads at most one row as what it says.
    fn find<T: FromQueryResult + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Option<T>, StoreError>> + Send {
        async move {
            let row = self.one(sql, values).await?;
            Ok(row.map(|row| T::from_query_result(&row, "")).transpose()?)
        }
    }

    /// Reads rows as what they say.
    fn list<T: FromQueryResult + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<T>, StoreError>> + Send {
        async move {
            let rows = self.all(sql, values).await?;
            Ok(rows.iter().map(|row| T::from_query_result(row, "")).collect::<Result<_, _>>()?)
        }
    }

    /// Reads the only column of at most one row.
    fn value<T: TryGetable + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Option<T>, StoreError>> + Send {
        async move {
            let row = self.one(sql, values).await?;
            Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
        }
    }

    /// Reads the only column of rows.
    fn values<T: TryGetable + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<T>, StoreError>> + Send {
        async move {
            let rows = self.all(sql, values).await?;
            Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
        }
    }
}

/// A handle on the database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    writer: DatabaseConnection,
    reader: Reader,
    losses: Losses,
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
    pub async fn connect(url: &str, pool: u32, offset: ClockOffset) -> Result<Self, StoreError> {
        let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let (dialect, pools) = if is_postgres {
            (Dialect::Postgres, connections::postgres(url, pool).await?)
        } else {
            (Dialect::Sqlite, connections::sqlite(url).await?)
        };
        let Pools { writer, reader, losses } = pools;
        Ok(Self { writer, reader, losses, writing: Writing { dialect, offset, dropped: None } })
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
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Begins a transaction that will write. On SQLite it takes the write lock at once: a deferred one
    /// would fail with "database is locked" half-way.
    ///
    /// # Errors
    /// When no connection is free in time.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let writer = self.writer.clone();
        self.whole(move || {
            let writer = writer.clone();
            let options = TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            };
            async move { writer.begin_with_options(options).await }
        })
        .await
    }

    /// Begins a transaction that sees one moment of the database and writes nothing.
    ///
    /// # Errors
    /// When no connection is free in time.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        let (reader, dialect) = (self.reader.pool().clone(), self.writing.dialect);
        self.whole(move || {
            let reader = reader.clone();
            async move {
                match dialect {
                    Dialect::Postgres => {
                        let (level, mode) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
                        reader.begin_with_config(Some(level), Some(mode)).await
                    }
                    Dialect::Sqlite => reader.begin().await,
                }
            }
        })
        .await
    }

    /// Begins in a task of its own, which goes on although the caller is dropped. With SQLx 0.9 a connection whose
    /// `BEGIN` is cut off goes back to the pool with the transaction open, and whoever gets it next writes into it:
    /// its guard undoes only what was counted as begun. Here it is begun, and dropping it undoes it.
    ///
    /// A connection that broke while it was idle fails here first; the transaction is then begun on a fresh one.
    async fn whole<F>(&self, begin: impl Fn() -> F + Send + 'static) -> Result<Tx, StoreError>
    where
        F: Future<Output = Result<DatabaseTransaction, DbErr>> + Send,
    {
        let losses = self.losses.clone();
        let begun = tokio::spawn(async move {
            match begin().await {
                Err(error) if losses.note(&error) => begin().await,
                first => first,
            }
        })
        .await;
        let inner = begun.map_err(|error| Bug::new(format!("BEGIN: {error}")))??;
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
        E: From<StoreError> + Failure + Send,
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
                        && error.store().is_some_and(StoreError::asks_for_rerun) =>
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
    pub async fn now(&self) -> Result<i64, StoreError> {
        now(self).await
    }
}

/// The database's wall clock in milliseconds since 1970.
///
/// # Errors
/// When the database does not answer.
pub async fn now(sql: &impl Sql) -> Result<i64, StoreError> {
    let now = sql.value("SELECT {now} AS now", vec![]).await?;
    Ok(now.ok_or_else(|| Bug::new("the database has no clock"))?)
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
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    /// Undoes it.
    ///
    /// # Errors
    /// When the connection broke; the database undoes it then, too.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.inner.rollback().await?)
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
