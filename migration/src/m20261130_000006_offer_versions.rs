//! Gives each offer a version, so that a change of an offer names what its author has read. Nodes of the previous version
//! name the columns that they read and write. Until the last of them has ended, their `PATCH /offers/{id}` refuses a
//! `version`, and their changes do not raise the version, so that a later change may overwrite them.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str =
    "ALTER TABLE offers ADD COLUMN version {int} NOT NULL DEFAULT 1 CHECK (version > 0)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, "ALTER TABLE offers DROP COLUMN version").await
    }
}
