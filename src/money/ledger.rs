//! The ledger: double entry. A posting is written in the same transaction as the capture or refund that it records,
//! and never changed.
//!
//! `holdfast_domain::ledger` says which entries a posting has; `reconcile` compares our books with the gateway's.
//! The ledger never moves money.

mod invariants;
pub mod reconcile;
mod reconcile_store;

pub use holdfast_domain::ledger::Kind;
use holdfast_domain::ledger::{Cost, Entry};
use holdfast_entity::{booking_lines, bookings, ledger_entries};
use poem_openapi::OpenApi;
use std::{sync::Arc, time::Duration};

use self::reconcile::{Difference, ReconcileError};
use crate::{
    kernel::{
        db::{self, Db, StoreError, Writes},
        invariants::Invariant,
        passes::Pass,
        ports::{Entropy, PaymentGateway},
    },
    slice::{SharedParts, Slice},
};

/// How often the gateway's books are compared with ours.
const RECONCILE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// How many days back the periodic comparison goes.
const RECONCILED_DAYS: u16 = 35;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Our books and the gateway's; cheap to clone.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub db: Db,
    /// The gateway whose books are compared with ours.
    pub gateway: Arc<dyn PaymentGateway>,
}

impl Ledger {
    /// Compares the gateway's payments of the last `days` days with our books; returns every difference.
    ///
    /// # Errors
    /// When the gateway or the database does not respond.
    pub async fn differences(&self, days: u16) -> Result<Vec<Difference>, ReconcileError> {
        let since_ms = self.db.now().await? - i64::from(days) * DAY_MS;
        reconcile::run(&self.db, &*self.gateway, since_ms).await
    }

    async fn reconcile_pass(&self) -> Result<u64, ReconcileError> {
        let found = self.differences(RECONCILED_DAYS).await?;
        for difference in &found {
            tracing::error!(%difference, "the gateway's books differ from ours");
        }
        metrics::gauge!("holdfast_reconcile_differences").set(found.len() as f64);
        Ok(found.len() as u64)
    }
}

impl Slice for Ledger {
    const INVARIANTS: &'static [Invariant] = invariants::INVARIANTS;

    fn routes(self, _shared: SharedParts) -> impl OpenApi + 'static {}

    fn passes(&self, _shared: &SharedParts) -> Vec<Pass> {
        vec![Pass::on(
            "reconcile",
            RECONCILE_EVERY,
            self,
            |it| async move { it.reconcile_pass().await },
        )]
    }
}

/// Writes a posting of a booking. Writes nothing when there are no entries.
pub async fn post(
    to: &impl Writes,
    entropy: &dyn Entropy,
    booking: &bookings::Model,
    kind: Kind,
    entries: &[Entry],
    now_ms: i64,
) -> Result<(), StoreError> {
    post_all(to, entropy, &[(booking, entries)], kind, now_ms).await
}

/// Writes a posting of each booking with its entries.
pub async fn post_all(
    to: &impl Writes,
    entropy: &dyn Entropy,
    postings: &[(&bookings::Model, &[Entry])],
    kind: Kind,
    now_ms: i64,
) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for (booking, entries) in postings {
        let posting = entropy.id();
        rows.extend(entries.iter().map(|entry| ledger_entries::Model {
            id: entropy.id(),
            posting_id: posting,
            booking_id: booking.id,
            organization_id: booking.organization_id,
            account: entry.account,
            amount_minor: entry.minor,
            currency: booking.currency,
            kind,
            created_at: now_ms,
        }));
    }
    db::insert_all(to, rows).await
}

pub fn cost(line: &booking_lines::Model) -> Cost {
    Cost {
        price_minor: line.price_minor,
        discount_minor: line.discount_minor,
        fee_minor: line.fee_minor,
    }
}

/// The total cost of several lines.
pub fn cost_of<'a>(lines: impl IntoIterator<Item = &'a booking_lines::Model>) -> Cost {
    lines.into_iter().map(cost).fold(Cost::default(), Cost::plus)
}
