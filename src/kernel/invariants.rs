//! `holdfast check`: the invariants on a live database, in one read-only snapshot.
//!
//! Reports nothing while everything is right, under load too; a line for each breach otherwise. Every slice
//! lists its own invariants as queries.

use crate::kernel::db::{Db, Sql, StoreError};

/// How many breaches of one invariant are shown.
const MAX_SHOWN: usize = 20;

/// Something that must always be true, and the query that finds where it is not: each row is a breach, in words,
/// in the column `breach`.
#[derive(Debug, Clone, Copy)]
pub struct Invariant {
    /// What must be true.
    pub name: &'static str,
    /// Finds the breaches.
    pub sql: &'static str,
}

/// A place where an invariant does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// What must be true.
    pub invariant: &'static str,
    /// Where it is not.
    pub place: String,
}

/// Finds every breach (at most 20 of each invariant).
///
/// # Errors
/// When the database fails.
pub async fn check(
    db: &Db,
    invariants: impl Iterator<Item = &'static Invariant>,
) -> Result<Vec<Breach>, StoreError> {
    let snapshot = db.snapshot().await?;
    let mut breaches = Vec::new();
    for invariant in invariants {
        for row in snapshot.all(invariant.sql, vec![]).await?.iter().take(MAX_SHOWN) {
            breaches.push(Breach { invariant: invariant.name, place: row.try_get("", "breach")? });
        }
    }
    snapshot.rollback().await?;
    Ok(breaches)
}
