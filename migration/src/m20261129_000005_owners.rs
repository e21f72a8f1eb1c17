//! Lets the reservations of a buyer be found without an event: what a guest has is moved when the guest signs in. The
//! index serves the look-ups of a buyer within an event as well, so it replaces theirs, and a hold writes no further
//! index. A table names the reservations that a guest had paid for. Nodes of the previous version move nothing, so they
//! need neither.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str = "CREATE INDEX reservations_owner ON reservations (buyer_id, event_id);
DROP INDEX reservations_buyer;
CREATE TABLE adopted_reservations (
    reservation_id {uuid} PRIMARY KEY REFERENCES reservations (id)
) {end}";

const DOWN: &str = "DROP TABLE adopted_reservations;
CREATE INDEX reservations_buyer ON reservations (event_id, buyer_id);
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
