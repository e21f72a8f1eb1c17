//! The schema of Holdfast, the same steps for PostgreSQL and SQLite.
//!
//! Tables are written as SQL, because their CHECKs and partial indexes are what keeps the invariants when
//! every program above them is wrong. [`ddl::render`] fills in what the two stores call their types.

pub use sea_orm_migration::prelude::*;

mod ddl;
mod m20261121_000001_base;
mod m20261121_000002_refund_looks;
mod machinery;
mod money;

/// Every step, in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_base::Migration),
            Box::new(m20261121_000002_refund_looks::Migration),
        ]
    }
}
