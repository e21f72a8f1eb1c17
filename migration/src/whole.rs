//! All pending steps and their records in one transaction, on both stores: a process that dies in the middle leaves
//! the schema it found, and the next start begins anew.

use sea_orm_migration::{
    IntoSchemaManagerConnection, MigratorTrait, SchemaManagerConnection,
    sea_orm::{
        ConnectionTrait as _, DatabaseBackend, DbErr, SqliteTransactionMode, TransactionOptions,
        TransactionTrait as _,
    },
};

use crate::{Steps, failpoint};

/// The key of the advisory lock under which PostgreSQL migrates: nodes that start together migrate one after the
/// other, and all but the first find nothing to do.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7230186014)";

/// Which way the schema goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// To the newest.
    Up,
    /// Back.
    Down,
}

/// Runs at most `steps` steps, all of them without a number.
///
/// SQLite can copy a table that others refer to only while foreign keys are off, and a transaction cannot turn them
/// off. So they are off on this connection around the transaction; the step itself looks for rows whose parent is
/// missing before anything is committed. A caller that drops this future must not use the connection again.
pub(crate) async fn run<'c, C>(db: C, way: Way, steps: Option<u32>) -> Result<(), DbErr>
where
    C: IntoSchemaManagerConnection<'c>,
{
    let db = db.into_database_executor();
    match db.get_database_backend() {
        DatabaseBackend::Sqlite => {
            db.execute_unprepared("PRAGMA foreign_keys = OFF").await?;
            let done = transaction(&db, way, steps).await;
            let on = db.execute_unprepared("PRAGMA foreign_keys = ON").await;
            done.and(on.map(|_| ()))
        }
        _ => transaction(&db, way, steps).await,
    }
}

async fn transaction(
    db: &SchemaManagerConnection<'_>,
    way: Way,
    steps: Option<u32>,
) -> Result<(), DbErr> {
    // SQLite: the write lock at once, for a deferred transaction would fail half-way when somebody else writes.
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let tx = db.begin_with_options(options).await?;
    let done = async {
        if tx.get_database_backend() == DatabaseBackend::Postgres {
            tx.execute_unprepared(LOCK).await?;
        }
        match way {
            Way::Up => Steps::up(&tx, steps).await?,
            Way::Down => Steps::down(&tx, steps).await?,
        }
        failpoint::reach()
    };
    match done.await {
        Ok(()) => tx.commit().await,
        Err(error) => {
            // The error is what the caller wants to hear; a failed rollback ends with the connection anyway.
            tx.rollback().await.ok();
            Err(error)
        }
    }
}
