//! The SQL over sealed columns.

use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::SealedColumn;
use crate::kernel::db::{Sql, StoreError};

/// The maximum number of rows that one statement reads.
const BATCH: i64 = 500;

#[derive(FromQueryResult)]
pub(super) struct SealedRow {
    pub(super) id: Uuid,
    pub(super) sealed: String,
}

/// The next rows after this one whose values do not begin so, in the order of their ids.
pub(super) async fn others(
    sql: &impl Sql,
    column: SealedColumn,
    after: Uuid,
    beginning: &str,
) -> Result<Vec<SealedRow>, StoreError> {
    let SealedColumn { table, column } = column;
    let text = format!(
        "SELECT id, {column} AS sealed FROM {table} \
         WHERE id > $1 AND SUBSTR({column}, 1, LENGTH($2)) <> $2 ORDER BY id LIMIT $3"
    );
    sql.list(&text, vec![after.into(), beginning.into(), BATCH.into()]).await
}

/// Writes a value, unless somebody has changed it since. Returns the number of changed rows.
pub(super) async fn replace(
    sql: &impl Sql,
    column: SealedColumn,
    row: SealedRow,
    renewed: String,
) -> Result<u64, StoreError> {
    let SealedColumn { table, column } = column;
    let text = format!("UPDATE {table} SET {column} = $1 WHERE id = $2 AND {column} = $3");
    sql.run(&text, vec![renewed.into(), row.id.into(), row.sealed.into()]).await
}
