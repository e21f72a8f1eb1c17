//! Adds a table with the texts of events as they are searched and sorted: without case and accents, and the same on both
//! stores. The program writes its rows, because SQL has no such functions; this step adds none.
//!
//! The texts have a separate table, because nodes of the previous version read `events` with `*`. Those nodes write
//! no rows here. An event without a row, or with a row of an older version of the event, is found by its lower-case
//! letters alone, until the pass `event-texts` of a newer node has written the row.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str = "CREATE TABLE event_texts (
    event_id {uuid} PRIMARY KEY,
    of_version {int} NOT NULL CHECK (of_version > 0),
    folding {int} NOT NULL,
    searched {text} NOT NULL,
    place {text} NOT NULL,
    category {text} NOT NULL,
    sort_key {text} NOT NULL
) {end}";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, "DROP TABLE event_texts").await
    }
}
