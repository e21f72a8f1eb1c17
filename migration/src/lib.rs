//! The schema of Holdfast, with the same steps for PostgreSQL and SQLite.
//!
//! Tables are written as SQL, because their CHECKs and partial indexes keep the invariants even if every program above
//! them is wrong. [`ddl::render`] fills in the names of the types in the two stores. A step that changes the CHECKs of
//! existing tables describes the change as a [`reshape::Table`], for which SQLite copies the table.

pub use sea_orm_migration::prelude::*;

mod ddl;
mod failpoint;
mod m20261121_000001_base;
mod m20261121_000002_refund_looks;
mod m20261128_000003_room;
mod m20261128_000004_event_texts;
mod m20261129_000005_owners;
mod m20261130_000006_offer_versions;
mod m20261130_000007_messages;
mod m20261130_000008_sessions;
mod m20261130_000009_account_links;
mod m20261130_000010_addresses;
mod m20261130_000011_organizations;
mod m20261130_000012_acceptances;
mod m20261130_000013_moves;
mod m20261130_000014_booking_codes;
mod machinery;
mod money;
mod reshape;
mod whole;

use whole::Way;

/// Every step, in order. `up` and `down` run in one transaction, on SQLite too. The other functions of SeaORM's trait
/// do not.
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

/// The steps as SeaORM runs them, without a transaction on SQLite. [`whole::run`] adds the transaction.
struct Steps;

#[async_trait::async_trait]
impl MigratorTrait for Steps {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_base::Migration),
            Box::new(m20261121_000002_refund_looks::Migration),
            Box::new(m20261128_000003_room::Migration),
            Box::new(m20261128_000004_event_texts::Migration),
            Box::new(m20261129_000005_owners::Migration),
            Box::new(m20261130_000006_offer_versions::Migration),
            Box::new(m20261130_000007_messages::Migration),
            Box::new(m20261130_000008_sessions::Migration),
            Box::new(m20261130_000009_account_links::Migration),
            Box::new(m20261130_000010_addresses::Migration),
            Box::new(m20261130_000011_organizations::Migration),
            Box::new(m20261130_000012_acceptances::Migration),
            Box::new(m20261130_000013_moves::Migration),
            Box::new(m20261130_000014_booking_codes::Migration),
        ]
    }
}
