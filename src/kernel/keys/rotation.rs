//! Seals every sealed value anew under the present key, so that an old key can leave the ring.

use uuid::Uuid;

use super::{KeyRing, SealedColumn, UnsealError, sealed, store};
use crate::kernel::{
    db::{Sql, StoreError},
    ports::Entropy,
};

/// Why a rotation ends early. The values before are sealed anew, and another rotation continues.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    #[error("{table}.{column} of the row {row}: {source}", table = .column.table, column = .column.column)]
    Closed { column: SealedColumn, row: Uuid, source: UnsealError },
    #[error("the database failed")]
    Db(#[from] StoreError),
}

/// Seals the values of these columns anew; returns how many it changed. A value that somebody changes meanwhile is left
/// alone: the nodes know the same ring, so it is sealed under the present key.
///
/// # Errors
/// When the ring does not name the key of a value, a value is damaged, or the database fails.
pub async fn rotate(
    sql: &impl Sql,
    ring: &KeyRing,
    entropy: &dyn Entropy,
    columns: impl IntoIterator<Item = SealedColumn>,
) -> Result<u64, RotationError> {
    let mut changed = 0;
    for column in columns {
        changed += rotate_column(sql, ring, entropy, column).await?;
    }
    Ok(changed)
}

async fn rotate_column(
    sql: &impl Sql,
    ring: &KeyRing,
    entropy: &dyn Entropy,
    column: SealedColumn,
) -> Result<u64, RotationError> {
    let (mut after, mut changed) = (Uuid::nil(), 0);
    loop {
        let rows = store::others(sql, column, after, &sealed::beginning(ring)).await?;
        let Some(last) = rows.last() else { return Ok(changed) };
        after = last.id;
        for row in rows {
            let renewed = sealed::renewed(ring, entropy, (column, row.id), &row.sealed)
                .map_err(|source| RotationError::Closed { column, row: row.id, source })?;
            if let Some(renewed) = renewed {
                changed += store::replace(sql, column, row, renewed).await?;
            }
        }
    }
}
