//! Connections to both stores, and what happens when the store breaks them.
//!
//! A PostgreSQL that crashes or restarts breaks every connection of the pool at once. Each of them would fail once
//! more, under some request, before the pool replaced it. Therefore this module remembers when a connection broke,
//! and replaces connections that were idle at that time before anybody gets them. A read or a `BEGIN` on a broken
//! connection has changed nothing, so it is tried once more, on a fresh connection.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, ExecResult,
    QueryResult, Statement,
};

use super::error::{StoreError, has_lost_connection, no_connection};
#[cfg(feature = "failpoints")]
use super::sent::SentTexts;
use crate::kernel::{files::private_file, ports::Clock};

/// How long a request waits for a free connection before it is refused with 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// The number of SQLite connections that read, beside the connection that writes.
const SQLITE_READERS: u32 = 8;
/// How many statements a connection keeps prepared: more than the program has. SQLx's default is 100.
const PREPARED: usize = 500;

/// How PostgreSQL plans (manual, 20.7). A prepared statement is planned once for all values, and by its indexes. A server
/// that has just begun has small tables; a plan that reads them whole would be kept while the first sale fills them, until
/// the next ANALYZE.
///
/// Where no index fits, PostgreSQL reads the table all the same, and counts the plan as enormously dear. It would compile such
/// a plan to machine code each time, for a quarter of a second.
pub(super) const PLANNING: [(&str, &str); 3] =
    [("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off"), ("jit", "off")];
/// Lets the statements of a transaction read whole tables.
pub(super) const READ_WHOLE_TABLES: &str = "SET LOCAL enable_seqscan = on";

/// The URL of a SQLite database in memory, which vanishes when its only connection closes.
pub const IN_MEMORY: &str = "sqlite::memory:";

/// The pools of one store.
pub(super) struct Pools {
    pub writer: DatabaseConnection,
    pub reader: PoolReader,
    pub losses: Losses,
    #[cfg(feature = "failpoints")]
    pub sent: SentTexts,
}

impl Pools {
    fn of(writer: DatabaseConnection, reader: DatabaseConnection, losses: Losses) -> Self {
        #[cfg(feature = "failpoints")]
        let (sent, writer, reader) = SentTexts::of(writer, reader);
        Self {
            writer,
            reader: PoolReader { pool: reader, losses: losses.clone() },
            losses,
            #[cfg(feature = "failpoints")]
            sent,
        }
    }
}

/// The last time when the store broke a connection. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Losses {
    clock: Arc<dyn Clock>,
    /// The clock's [`Clock::elapsed`] at that time.
    last: Arc<Mutex<Option<Duration>>>,
}

impl Losses {
    pub fn by(clock: Arc<dyn Clock>) -> Self {
        Self { clock, last: Arc::default() }
    }

    /// Remembers the present time if the error says that the connection broke. Returns whether the error says so.
    pub fn note(&self, error: &DbErr) -> bool {
        let is_lost = has_lost_connection(error);
        if is_lost {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clock.elapsed());
        }
        is_lost
    }

    /// Whether a connection that has been idle for this long was already idle when another connection broke.
    fn reach(&self, idle_for: Duration) -> bool {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| self.clock.elapsed().saturating_sub(last) <= idle_for)
    }
}

/// Reads outside of transactions. A read whose connection broke is tried once more on a fresh connection.
#[derive(Debug, Clone)]
pub struct PoolReader {
    pool: DatabaseConnection,
    losses: Losses,
}

impl PoolReader {
    /// The pool in which transactions begin.
    pub fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }
}

#[async_trait]
impl ConnectionTrait for PoolReader {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.pool.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.pool.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self.pool.query_one_raw(statement.clone()).await {
            Err(error) if self.losses.note(&error) => self.pool.query_one_raw(statement).await,
            first => first,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self.pool.query_all_raw(statement.clone()).await {
            Err(error) if self.losses.note(&error) => self.pool.query_all_raw(statement).await,
            first => first,
        }
    }
}

/// Connects to PostgreSQL; one pool reads and writes.
pub(super) async fn postgres(url: &str, pool: u32, losses: Losses) -> Result<Pools, StoreError> {
    let mut options = options(url, pool);
    options.map_sqlx_postgres_opts(|postgres| {
        postgres.statement_cache_capacity(PREPARED).options(PLANNING)
    });
    let seen = losses.clone();
    options.map_sqlx_postgres_before_acquire(move |_, connection| {
        let is_sound = !seen.reach(connection.idle_for);
        Box::pin(async move { Ok(is_sound) })
    });
    let writer = Database::connect(options).await?;
    Ok(Pools::of(writer.clone(), writer, losses))
}

/// Opens SQLite; creates a missing file and its folder. One connection writes, [`SQLITE_READERS`] read.
pub(super) async fn sqlite(url: &str, losses: Losses) -> Result<Pools, StoreError> {
    if url == IN_MEMORY {
        let writer = Database::connect(sqlite_options(url, 1)).await?;
        return Ok(Pools::of(writer.clone(), writer, losses));
    }
    let Some(path) = url.strip_prefix("sqlite://") else {
        return Err(no_connection("DATABASE_URL is neither postgres:// nor sqlite://"));
    };
    // SQLite gives its write-ahead log the mode of the database's file.
    private_file(Path::new(path)).map_err(|error| no_connection(format!("{path}: {error}")))?;
    let url = format!("sqlite://{path}?mode=rwc");
    let writer = Database::connect(sqlite_options(&url, 1)).await?;
    let pool = Database::connect(sqlite_options(&url, SQLITE_READERS)).await?;
    Ok(Pools::of(writer, pool, losses))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ports::clock::SetClock;

    #[test]
    fn only_connections_that_were_idle_when_one_broke_are_replaced() {
        let clock = Arc::new(SetClock::default());
        let losses = Losses::by(clock.clone());
        assert!(!losses.reach(Duration::from_secs(60)), "nothing broke");
        let end_of_file = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let broken = DbErr::Query(sea_orm::RuntimeErr::SqlxError(Arc::new(end_of_file.into())));
        assert!(losses.note(&broken));
        clock.set(5_000);
        assert!(losses.reach(Duration::from_secs(5)), "idle when it broke");
        assert!(!losses.reach(Duration::from_millis(4_999)), "opened since");
        assert!(!Losses::by(clock).note(&DbErr::RecordNotUpdated));
    }
}
