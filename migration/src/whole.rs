//! Runs all pending steps and records them in one transaction, on both stores. A process that dies in the middle leaves
//! the schema unchanged, and the next start begins again.

use sea_orm_migration::{
    IntoSchemaManagerConnection, MigratorTrait, SchemaManagerConnection,
    sea_orm::{
        ConnectionTrait as _, DatabaseBackend, DbErr, SqliteTransactionMode, TransactionOptions,
        TransactionTrait as _,
    },
};

use crate::{Steps, failpoint};

/// Takes the advisory lock under which PostgreSQL migrates. Nodes that start together migrate one after the other, and
/// all but the first find nothing to do.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7230186014)";

/// The direction of a schema change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Forward, to the newest schema.
    Up,
    /// Back to an older schema.
    Down,
}

/// Runs at most `steps` steps, or all steps without a number.
///
/// SQLite can copy a table that others refer to only while foreign keys are off, and they cannot be turned off inside a
/// transaction. Therefore this function turns them off on the connection before the transaction and on again after it.
/// The step itself looks for rows with missing parents before the commit. A caller that drops this future must not use
/// the connection again.
#[expect(clippy::wildcard_enum_match_arm, reason = "SeaORM may add backends")]
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
    // SQLite takes the write lock at once: a deferred transaction would fail half-way if somebody else writes.
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
            // The caller needs this error and not that of the rollback. A failed rollback ends with the connection
            // anyway.
            tx.rollback().await.ok();
            Err(error)
        }
    }
}
