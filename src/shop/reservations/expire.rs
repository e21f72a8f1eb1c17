//! The pass that clears lapsed reservations away.
//!
//! Nothing waits for this pass: at the very millisecond when a hold lapses, it is unusable and other buyers can take
//! its seats. The pass updates rows and informs viewers. It runs on every node at once, and a conditional update lets
//! only one node mark each reservation.

use super::{
    Reservations,
    store::{self, general},
};
use crate::{
    kernel::db::{StoreError, Tx},
    live::record,
};

/// How many reservations one transaction clears.
const BATCH: u64 = 200;
/// The maximum number of transactions of one pass; the next pass continues.
const MAX_BATCHES: u32 = 500;

impl Reservations {
    /// Clears lapsed reservations away; returns how many.
    ///
    /// # Errors
    /// When the database fails. Reservations that were cleared stay cleared.
    pub async fn expire_pass(&self) -> Result<u64, StoreError> {
        let mut expired = 0;
        for _ in 0..MAX_BATCHES {
            let batch =
                self.base.db.transact(|tx| Box::pin(async move { clear(tx).await })).await?;
            if batch == 0 {
                break;
            }
            expired += batch;
            self.relay.nudge();
        }
        if expired > 0 {
            tracing::info!(expired, "lapsed reservations cleared");
            metrics::counter!("holdfast_reservations_expired_total").increment(expired);
        }
        Ok(expired)
    }
}

async fn clear(tx: &Tx) -> Result<u64, StoreError> {
    let expired = store::expire_due(tx, BATCH).await?;
    if expired.is_empty() {
        return Ok(0);
    }
    let seats = store::free_seats(tx, &expired).await?;
    let sections = general::free(tx, &expired).await?;
    record::freed(tx, &seats, &sections).await?;
    Ok(expired.len() as u64)
}
