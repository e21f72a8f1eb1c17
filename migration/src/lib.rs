//! The schema of Holdfast, the same steps for PostgreSQL and SQLite.
//!
//! Tables are written as SQL, because their CHECKs and partial indexes are what keeps the invariants when
//! every program above them is wrong. [`ddl::render`] fills in what the two stores call their types. A step that
//! changes CHECKs of tables that exist says so as a [`reshape::Table`], which copies the table on SQLite.

pub use sea_orm_migration::prelude::*;

mod ddl;
mod failpoint;
mod m20261121_000001_base;
mod m20261121_000002_refund_looks;
mod m20261128_000003_room;
mod machinery;
mod money;
mod reshape;
mod whole;

use whole::Way;

/// Every step, in order. `up` and `down` run in one transaction, on SQLite too; nothing else that SeaORM offers does.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Steps::migrations()
    }

    async fn up<'c, C>(db: C, steps: Option<u32>) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        whole::run(db, Way::Up, steps).await
    }

    async fn down<'c, C>(db: C, steps: Option<u32>) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        whole::run(db, Way::Down, steps).await
    }
}

/// The steps as SeaORM runs them: without a transaction on SQLite.
struct Steps;

#[async_trait::async_trait]
impl MigratorTrait for Steps {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_base::Migration),
            Box::new(m20261121_000002_refund_looks::Migration),
            Box::new(m20261128_000003_room::Migration),
        ]
    }
}
