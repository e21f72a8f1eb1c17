//! `holdfast check`: checks the invariants on a live database, in one read-only snapshot.
//!
//! It reports one line for each breach, and nothing while everything is right, also under load. Every slice lists
//! its own invariants as queries.

use crate::kernel::db::{Db, Sql, StoreError};

/// The maximum number of breaches that are reported for one invariant.
const MAX_SHOWN: usize = 20;

/// A condition that must always be true, and the query that finds its breaches: each row is a breach, described
/// in the column `breach`.
#[derive(Debug, Clone, Copy)]
pub struct Invariant {
    /// The condition in words, as `holdfast check` prints it.
    pub name: &'static str,
    /// The query that finds the breaches.
    pub sql: &'static str,
}

/// A place where an invariant does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The name of the invariant.
    pub invariant: &'static str,
    /// Which row breaks the invariant, in words.
    pub place: String,
}

/// Finds every breach, at most 20 of each invariant.
pub async fn check(
    db: &Db,
    invariants: impl Iterator<Item = &'static Invariant>,
) -> Result<Vec<Breach>, StoreError> {
    let snapshot = db.snapshot_of_everything().await?;
    let mut breaches = Vec::new();
    for invariant in invariants {
        for row in snapshot.all(invariant.sql, vec![]).await?.iter().take(MAX_SHOWN) {
            breaches.push(Breach { invariant: invariant.name, place: row.try_get("", "breach")? });
        }
    }
    snapshot.rollback().await?;
    Ok(breaches)
}
