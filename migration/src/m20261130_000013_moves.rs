//! The moves of booked events of which the buyers were not told yet. Nodes of the previous version write no rows: nobody
//! gets a mail about an event that such a node moves.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str = "CREATE TABLE event_moves (
    event_id {uuid} NOT NULL,
    version {int} NOT NULL CHECK (version > 1),
    moved_at {big} NOT NULL,
    starts_at {big} NOT NULL,
    ends_at {big} NOT NULL CHECK (ends_at > starts_at),
    time_zone {text} NOT NULL,
    place {text} NOT NULL,
    PRIMARY KEY (event_id, version)
) {end}";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, "DROP TABLE event_moves").await
    }
}
