//! The messages to people, and the mails that development keeps. Nodes of the previous version write no messages: the
//! buyers whom they serve get no mail.
//!
//! The kinds have no CHECK, because SQLite would copy the table for each new kind. A node sends only the kinds that it
//! knows.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str = "CREATE TABLE messages (
    id {uuid} PRIMARY KEY,
    kind {text} NOT NULL CHECK (kind <> ''),
    cause {text} NOT NULL UNIQUE CHECK (cause <> ''),
    subject_id {uuid} NOT NULL,
    detail {text},
    recipient {text} NOT NULL CHECK (recipient <> ''),
    locale {text} NOT NULL,
    status {text} NOT NULL CHECK (status IN ('waiting', 'sent', 'unneeded', 'failed')),
    attempts {int} NOT NULL CHECK (attempts >= 0),
    last_error {text},
    created_at {big} NOT NULL,
    due_at {big} NOT NULL,
    settled_at {big},
    CHECK ((status = 'waiting') = (settled_at IS NULL)),
    CHECK (status <> 'failed' OR last_error IS NOT NULL)
) {end};
CREATE INDEX messages_due ON messages (due_at) WHERE status = 'waiting';
CREATE INDEX messages_failed ON messages (id) WHERE status = 'failed';
CREATE INDEX messages_age ON messages (created_at);
CREATE TABLE kept_mails (
    id {uuid} PRIMARY KEY,
    recipient {text} NOT NULL,
    subject {text} NOT NULL,
    text_body {text} NOT NULL,
    html_body {text} NOT NULL,
    calendar {text},
    kept_at {big} NOT NULL
) {end};
CREATE INDEX kept_mails_age ON kept_mails (kept_at)";

const DOWN: &str = "DROP TABLE kept_mails;
DROP TABLE messages";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, DOWN).await
    }
}
