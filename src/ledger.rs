//! The ledger: double entry, written in the transaction of what it records, never changed.
//!
//! `holdfast_domain::ledger` says what a posting consists of; `reconcile` compares the books with the
//! gateway's. Never moves money.

pub mod invariants;
pub mod reconcile;
pub mod reconcile_store;
pub mod store;

pub use holdfast_domain::ledger::Kind;
use holdfast_domain::ledger::{Cost, Entry};
use holdfast_entity::{booking_lines, bookings};
use sea_orm::DbErr;
use uuid::Uuid;

use crate::{db::Writes, ports::Entropy};

/// Writes a posting of a booking; nothing where it has no entries.
///
/// # Errors
/// When the database fails.
pub async fn post(
    to: &impl Writes,
    entropy: &dyn Entropy,
    booking: &bookings::Model,
    kind: Kind,
    entries: &[Entry],
    now_ms: i64,
) -> Result<(), DbErr> {
    if entries.is_empty() {
        return Ok(());
    }
    let posting = entropy.id();
    let ids: Vec<Uuid> = entries.iter().map(|_| entropy.id()).collect();
    store::insert(to, store::Posting { id: posting, ids: &ids, booking, kind, entries, now_ms })
        .await
}

/// What a line costs.
pub fn cost(line: &booking_lines::Model) -> Cost {
    Cost {
        price_minor: line.price_minor,
        discount_minor: line.discount_minor,
        fee_minor: line.fee_minor,
    }
}

/// What lines cost together.
pub fn cost_of<'a>(lines: impl IntoIterator<Item = &'a booking_lines::Model>) -> Cost {
    lines.into_iter().map(cost).fold(Cost::default(), Cost::plus)
}
