//! Codes that let the holder of a link change a booking. Nodes of the previous version do not use the table.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

// A booking has one row: its latest code, and how many mails and tries there were within an hour.
const UP: &str = "CREATE TABLE booking_codes (
    booking_id {uuid} PRIMARY KEY,
    code_id {uuid} NOT NULL,
    sent_at {big} NOT NULL,
    expires_at {big} NOT NULL CHECK (expires_at > sent_at),
    used_at {big},
    hour {big} NOT NULL,
    mails {int} NOT NULL CHECK (mails >= 0),
    tries {int} NOT NULL CHECK (tries >= 0)
) {end};
CREATE INDEX booking_codes_age ON booking_codes (expires_at)";

const DOWN: &str = "DROP TABLE booking_codes";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, DOWN).await
    }
}
