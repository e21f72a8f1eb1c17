//! The sessions of signed-in users. Nodes of the previous version make none: the users whom they sign in have an access
//! token alone, which the new pages keep in memory, so they sign in again at their next page. These nodes also refuse
//! `remember`, and answer 404 to a renewal, which the page tries again.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

// `number` is the number of the present refresh token. `device` is sealed.
const UP: &str = "CREATE TABLE sessions (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL,
    length {text} NOT NULL CHECK (length IN ('browser', 'remembered')),
    number {int} NOT NULL CHECK (number >= 1),
    device {text} NOT NULL,
    created_at {big} NOT NULL,
    replaced_at {big} NOT NULL CHECK (replaced_at >= created_at),
    expires_at {big} NOT NULL CHECK (expires_at > replaced_at),
    ended_at {big}
) {end};
CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_age ON sessions (expires_at)";

const DOWN: &str = "DROP TABLE sessions";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, DOWN).await
    }
}
