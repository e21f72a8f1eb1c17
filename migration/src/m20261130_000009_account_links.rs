//! Links and codes that prove an address, and how often codes were tried.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

// A user has at most one link for each purpose that was neither used nor replaced. The purposes have no CHECK, because
// SQLite would copy the table for each new purpose.
const UP: &str = "CREATE TABLE account_links (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL,
    purpose {text} NOT NULL CHECK (purpose <> ''),
    created_at {big} NOT NULL,
    expires_at {big} NOT NULL CHECK (expires_at > created_at),
    sent_at {big} NOT NULL,
    mails {int} NOT NULL CHECK (mails >= 1),
    ended_at {big}
) {end};
CREATE UNIQUE INDEX account_links_live ON account_links (user_id, purpose) WHERE ended_at IS NULL;
CREATE INDEX account_links_age ON account_links (expires_at);
CREATE TABLE account_tries (
    user_id {uuid} NOT NULL,
    kind {text} NOT NULL CHECK (kind <> ''),
    hour {big} NOT NULL,
    tries {int} NOT NULL CHECK (tries >= 1),
    PRIMARY KEY (user_id, kind, hour)
) {end};
CREATE INDEX account_tries_age ON account_tries (hour)";

const DOWN: &str = "DROP TABLE account_tries;
DROP TABLE account_links";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, DOWN).await
    }
}
