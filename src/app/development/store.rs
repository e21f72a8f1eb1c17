//! The SQL of the movable clock.

use sea_orm::DbErr;

use crate::kernel::db::Sql;

/// Moves `db::now` of every node.
pub(super) async fn advance(sql: &impl Sql, by_ms: i64) -> Result<(), DbErr> {
    sql.run("UPDATE clock_offset SET offset_ms = offset_ms + $1", vec![by_ms.into()])
        .await
        .map(|_| ())
}
