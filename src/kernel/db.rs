//! One handle for both stores, the database's clock, and transactions that run again when the store asks for it.
//!
//! The database is not a port: slices write SQL themselves, in their `store.rs` and nowhere else. One text of SQL
//! serves both stores: where they differ, the text has a token, which [`StatementForm::render`] replaces. No transaction is
//! open while another system is called over the network.

mod changes;
mod connections;
mod entities;
mod error;
#[cfg(feature = "failpoints")]
mod sent;
mod sets;
pub mod settings;
mod together;
mod writing;

use std::{future::Future, pin::Pin, sync::Arc};

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, FromQueryResult,
    IsolationLevel, QueryResult, SqliteTransactionMode, TransactionOptions, TransactionTrait,
    TryGetable, Value,
};

use crate::kernel::ports::Clock;

pub use changes::{
    ChangeStatement, change, changed, clock, containing, find, forget, list, literal,
    pattern_around, plus, write,
};
use connections::Losses;
pub use connections::{IN_MEMORY, PoolReader};
pub use entities::{
    insert, insert_all, insert_all_at, insert_at, insert_new, insert_unless_known, put_all,
};
pub use error::{Bug, StoreError, UseCaseError, exactly};
pub use sets::{is_among, rows, set};
pub use together::{Expected, Together, WriteResults, Writes};
pub use writing::{ClockOffset, Dialect, Guard, StatementForm};

/// How many times a transaction is tried when it ends with a serialization failure or a deadlock.
pub const MAX_TRANSACTION_ATTEMPTS: u32 = 3;
/// Sends statements: the pool or a transaction.
pub trait Sql: Sync {
    /// The connection for SeaORM's own queries that only read.
    fn reading(&self) -> &impl ConnectionTrait;

    /// The connection for statements that change rows.
    fn changing(&self) -> &impl ConnectionTrait;

    /// The form in which this store takes statements.
    fn writing(&self) -> StatementForm;

    /// Changes rows. Returns their number.
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

    /// Reads any number of rows, in the order of the statement.
    fn all(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<QueryResult>, StoreError>> + Send {
        async move { Ok(self.reading().query_all_raw(self.writing().statement(sql, values)).await?) }
    }

    /// Reads at most one row as a `T`.
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

    /// Reads rows as values of `T`.
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
    reader: PoolReader,
    losses: Losses,
    writing: StatementForm,
    #[cfg(feature = "failpoints")]
    sent: sent::SentTexts,
}

/// A transaction. Dropping it rolls it back.
#[derive(Debug)]
pub struct Tx {
    inner: DatabaseTransaction,
    writing: StatementForm,
}

impl Db {
    /// Connects to `postgres://…` or to `sqlite://path`. A missing SQLite file and its folder are created.
    ///
    /// # Errors
    /// When the URL names neither PostgreSQL nor SQLite, or no database responds.
    pub async fn connect(
        url: &str,
        pool: u32,
        offset: ClockOffset,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let losses = Losses::by(Arc::clone(clock));
        let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let (dialect, pools) = if is_postgres {
            (Dialect::Postgres, connections::postgres(url, pool, losses).await?)
        } else {
            (Dialect::Sqlite, connections::sqlite(url, losses).await?)
        };
        Ok(Self {
            writer: pools.writer,
            reader: pools.reader,
            losses: pools.losses,
            writing: StatementForm { dialect, offset, dropped: None },
            #[cfg(feature = "failpoints")]
            sent: pools.sent,
        })
    }

    /// The same database, whose statements leave out this guard. Tests use it as a negative control.
    #[cfg(feature = "failpoints")]
    #[must_use]
    pub fn without_guard(mut self, guard: Guard) -> Self {
        self.writing.dropped = Some(guard);
        self
    }

    /// The statements that were sent, each once.
    #[cfg(feature = "failpoints")]
    pub fn sent_texts(&self) -> Vec<String> {
        self.sent.all()
    }

    /// The connection for migrations and for SeaORM's own queries that write.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// The connection for SeaORM's own queries that only read.
    pub fn reader(&self) -> &PoolReader {
        &self.reader
    }

    /// Begins a transaction that writes. On SQLite it takes the write lock at once; a deferred transaction would fail
    /// half-way with "database is locked".
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

    /// Begins a transaction that reads one moment of the database and writes nothing.
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

    /// Begins a snapshot for statements that read whole tables, see [`connections::PLANNING`].
    ///
    /// # Errors
    /// When no connection is free in time.
    pub async fn snapshot_of_everything(&self) -> Result<Tx, StoreError> {
        let tx = self.snapshot().await?;
        if self.writing.dialect == Dialect::Postgres {
            tx.run(connections::READ_WHOLE_TABLES, vec![]).await?;
        }
        Ok(tx)
    }

    /// Begins a transaction in a separate task, which continues when the caller is dropped. If a `BEGIN` is cut off,
    /// SQLx 0.9 returns its connection to the pool with the transaction open, because SQLx rolls back only
    /// transactions that it has counted as begun. The next user of the connection would write into that transaction.
    /// Here every `BEGIN` is completed, and dropping the transaction rolls it back.
    ///
    /// A connection that broke while it was idle fails here first. The transaction is then begun on a fresh connection.
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

    /// Runs `work` in a transaction and commits it. After a serialization failure or a deadlock the whole transaction
    /// runs again, with at most [`MAX_TRANSACTION_ATTEMPTS`] attempts in all. `work` can therefore run more than once:
    /// it takes its input by clone and has no effect outside the database.
    ///
    /// Dropping the future rolls the transaction back.
    ///
    /// # Errors
    /// The error of `work`, or of the database.
    pub async fn transact<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t Tx) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>
            + Send
            + Sync,
        E: From<StoreError> + UseCaseError + Send,
        T: Send,
    {
        let mut attempt = 1;
        loop {
            let tx = self.begin().await?;
            let result = match work(&tx).await {
                Ok(value) => tx.commit().await.map(|()| value).map_err(E::from),
                Err(error) => {
                    // The caller needs the error of `work`. If the rollback fails, the transaction ends with its
                    // connection.
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
    /// When the database does not respond.
    pub async fn now(&self) -> Result<i64, StoreError> {
        now(self).await
    }
}

/// The database's wall clock in milliseconds since 1970.
///
/// # Errors
/// When the database does not respond.
pub async fn now(sql: &impl Sql) -> Result<i64, StoreError> {
    let now = sql.value("SELECT {now} AS now", vec![]).await?;
    Ok(now.ok_or_else(|| Bug::new("the database has no clock"))?)
}

impl Tx {
    /// The transaction for SeaORM's own queries.
    pub fn orm(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// # Errors
    /// When the database cannot commit; nothing is kept then. If the connection breaks during the commit, nobody knows
    /// whether the commit happened.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    /// # Errors
    /// When the connection broke. The database then rolls back by itself.
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

    fn writing(&self) -> StatementForm {
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

    fn writing(&self) -> StatementForm {
        self.writing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::system::SystemClock;

    impl Db {
        /// An empty SQLite database in memory, for tests of the kernel.
        pub async fn in_memory() -> Self {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
            Self::connect(IN_MEMORY, 1, ClockOffset::Ignored, &clock).await.expect("a store")
        }
    }
}
