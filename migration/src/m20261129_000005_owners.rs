//! Lets the reservations of a buyer be found without an event: what a guest has is moved when the guest signs in. The
//! index serves the look-ups within an event as well, so it replaces theirs, and a hold writes no further index.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str = "CREATE INDEX reservations_owner ON reservations (buyer_id, event_id);
DROP INDEX reservations_buyer";

const DOWN: &str = "CREATE INDEX reservations_buyer ON reservations (event_id, buyer_id);
DROP INDEX reservations_owner";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, DOWN).await
    }
}
