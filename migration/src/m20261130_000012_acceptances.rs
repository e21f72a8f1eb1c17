//! Which version of the terms users and buyers have accepted. Nodes of the previous version refuse a request that says
//! `accepted`; a page of the new version then shows the refusal, and succeeds when its next try reaches a new node.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

// No foreign keys: a checkout inserts its booking in the same statement, and an account that nobody activates is deleted
// with its rows here.
const UP: &str = "CREATE TABLE acceptances (
    id {uuid} PRIMARY KEY,
    subject_kind {text} NOT NULL CHECK (subject_kind IN ('user', 'booking')),
    subject_id {uuid} NOT NULL,
    document {text} NOT NULL CHECK (document IN ('terms', 'privacy', 'cookies', 'imprint')),
    version {text} NOT NULL CHECK (version <> ''),
    language {text} NOT NULL CHECK (language <> ''),
    accepted_at {big} NOT NULL
) {end};
CREATE UNIQUE INDEX acceptances_subject ON acceptances (subject_id, document, version)";

const DOWN: &str = "DROP TABLE acceptances";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, DOWN).await
    }
}
