//! The invariants of every slice, for `holdfast check`.

use sea_orm::DbErr;

use crate::{
    kernel::{
        db::Db,
        invariants::{self, Breach, Invariant},
    },
    money, shop,
};

/// Every invariant of every slice.
pub fn all() -> impl Iterator<Item = &'static Invariant> {
    [
        shop::reservations::invariants::INVARIANTS,
        shop::checkout::invariants::INVARIANTS,
        shop::cancellation::invariants::INVARIANTS,
        money::refunds::invariants::INVARIANTS,
        money::ledger::invariants::INVARIANTS,
    ]
    .into_iter()
    .flatten()
}

/// Finds every breach of every invariant.
///
/// # Errors
/// When the database fails.
pub async fn check(db: &Db) -> Result<Vec<Breach>, DbErr> {
    invariants::check(db, all()).await
}
