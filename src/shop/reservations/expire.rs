//! The pass that clears lapsed reservations away.
//!
//! Nothing waits for this pass: at the very millisecond when a hold lapses, it is unusable and other buyers can take
//! its seats. The pass updates rows and informs viewers. It runs on every node at once, and a conditional update lets
//! only one node mark each reservation.

use std::sync::Arc;

use holdfast_domain::ids::ReservationId;

use super::{
    Reservations,
    store::{self, general},
};
use crate::{
    kernel::{
        db::{StoreError, Tx},
        passes::Tally,
    },
    live::{News, record},
};

/// How many reservations one transaction clears.
const BATCH: u64 = 200;
/// The maximum number of batches of one pass; the next pass continues.
const MAX_BATCHES: u32 = 500;

impl Reservations {
    /// Clears lapsed reservations away; returns how many.
    ///
    /// # Errors
    /// When the database fails, or a reservation cannot be cleared. All others are cleared.
    pub async fn expire_pass(&self) -> Result<u64, StoreError> {
        let (mut tally, mut after) = (Tally::default(), None);
        for _ in 0..MAX_BATCHES {
            let lapsed = store::lapsed(&self.base.db, after, BATCH).await?;
            let Some(last) = lapsed.last() else { break };
            after = Some(*last);
            let ids: Vec<ReservationId> = lapsed.iter().map(|lapsed| lapsed.id).collect();
            self.clear(&ids, &mut tally).await?;
            self.relay.nudge(News::Anything);
        }
        let expired = tally.end()?;
        if expired > 0 {
            tracing::info!(expired, "lapsed reservations cleared");
        }
        Ok(expired)
    }

    /// Clears the reservations in one transaction. When one of them makes the transaction fail, each is cleared in
    /// its own, so that the others do not stay.
    async fn clear(&self, lapsed: &[ReservationId], tally: &mut Tally) -> Result<(), StoreError> {
        match self.clear_together(lapsed).await {
            Err(error) if !error.is_unavailable() => {
                for id in lapsed {
                    tally.add(id, self.clear_together(&[*id]).await)?;
                }
                Ok(())
            }
            cleared => tally.add("lapsed reservations", cleared),
        }
    }

    async fn clear_together(&self, lapsed: &[ReservationId]) -> Result<u64, StoreError> {
        let lapsed: Arc<[ReservationId]> = lapsed.into();
        let cleared = self.base.db.transact(|tx| {
            let lapsed = Arc::clone(&lapsed);
            Box::pin(async move { clear(tx, &lapsed).await })
        });
        let cleared = cleared.await?;
        metrics::counter!("holdfast_reservations_expired_total").increment(cleared);
        Ok(cleared)
    }
}

async fn clear(tx: &Tx, lapsed: &[ReservationId]) -> Result<u64, StoreError> {
    let expired = store::expire(tx, lapsed).await?;
    if expired.is_empty() {
        return Ok(0);
    }
    let seats = store::free_seats(tx, &expired).await?;
    let sections = general::free(tx, &expired).await?;
    record::freed(tx, &seats, &sections).await?;
    Ok(expired.len() as u64)
}
