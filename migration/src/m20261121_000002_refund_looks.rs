//! Adds the time at which to check whether a completed refund has failed at the bank since. The next pass checks the
//! refunds that were completed before this step.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str =
    "ALTER TABLE refunds ADD COLUMN look_at {big} CHECK (status = 'done' OR look_at IS NULL);
UPDATE refunds SET look_at = settled_at WHERE status = 'done';
CREATE INDEX refunds_payment ON refunds (payment_id);
CREATE INDEX refunds_look ON refunds (look_at) WHERE look_at IS NOT NULL";

const DOWN: &str = "DROP INDEX refunds_look;
DROP INDEX refunds_payment;
ALTER TABLE refunds DROP COLUMN look_at";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, DOWN).await
    }
}
