//! The address that a link proves, for users who want another one, and indexes that find accounts that were never activated
//! and what an erasure deletes. Nodes of the previous version name the columns that they read and write, so they go on.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str = "ALTER TABLE account_links ADD COLUMN address {text} CHECK (address <> '');
CREATE INDEX users_inactive ON users (created_at) WHERE status = 'inactive';
CREATE INDEX account_links_user ON account_links (user_id);
CREATE INDEX messages_recipient ON messages (recipient);
CREATE INDEX messages_subject ON messages (subject_id)";

const DOWN: &str = "DROP INDEX messages_subject;
DROP INDEX messages_recipient;
DROP INDEX account_links_user;
DROP INDEX users_inactive;
ALTER TABLE account_links DROP COLUMN address";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, DOWN).await
    }
}
