//! The pass that clears lapsed reservations away.
//!
//! Nothing waits for this pass: at the very millisecond when a hold lapses, it is unusable and other buyers can take
//! its seats. The pass updates rows and informs viewers. It runs on every node at once, and a conditional update lets
//! only one node mark each reservation.

use std::{collections::BTreeSet, ops::RangeInclusive, sync::Arc, time::Duration};

use holdfast_domain::ids::{EventId, ReservationId};
use tokio::time::MissedTickBehavior;

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

/// The time between the beginnings of two transactions. Buyers who hold meanwhile use the same cores, so the pass takes its
/// time, and its transactions are short.
const EVERY: Duration = Duration::from_millis(40);
/// The number of transactions after which everything that has lapsed by the beginning is cleared away: 40 s.
const BATCHES: u64 = 1_000;
/// After this many transactions, the pass counts again what has lapsed: after a second.
const COUNT_EVERY: u64 = 25;
/// How many reservations one transaction clears. The more have lapsed, the more.
const BATCH: RangeInclusive<u64> = 25..=200;
/// The maximum number of transactions of one pass; the next pass continues.
const MAX_BATCHES: u64 = 2 * BATCHES;

impl Reservations {
    /// Clears lapsed reservations away; returns how many.
    ///
    /// # Errors
    /// When the database fails, or a reservation cannot be cleared. All others are cleared.
    pub async fn expire_pass(&self) -> Result<u64, StoreError> {
        let (mut tally, mut after) = (Tally::default(), None);
        let stopping = self.base.tasks.stopping();
        let mut turns = tokio::time::interval(EVERY);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = 0;
        for number in 0..MAX_BATCHES {
            tokio::select! {
                () = stopping.cancelled() => break,
                _ = turns.tick() => (),
            }
            if number % COUNT_EVERY == 0 {
                batch = batch_of(store::count_lapsed(&self.base.db).await?);
            }
            let lapsed = store::lapsed(&self.base.db, after, batch).await?;
            let Some(last) = lapsed.last() else { break };
            after = Some(*last);
            let ids: Vec<ReservationId> = lapsed.iter().map(|lapsed| lapsed.id).collect();
            self.clear(&ids, &mut tally).await?;
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
        let (cleared, events) = cleared.await?;
        events.into_iter().for_each(|event| self.relay.nudge(News::Places(event)));
        metrics::counter!("holdfast_reservations_expired_total").increment(cleared);
        Ok(cleared)
    }
}

/// How many reservations a transaction clears when this many have lapsed.
fn batch_of(lapsed: u64) -> u64 {
    lapsed.div_ceil(BATCHES).clamp(*BATCH.start(), *BATCH.end())
}

/// Clears reservations away; returns how many, and the events whose places became free.
async fn clear(tx: &Tx, lapsed: &[ReservationId]) -> Result<(u64, BTreeSet<EventId>), StoreError> {
    let expired = store::expire(tx, lapsed).await?;
    if expired.is_empty() {
        return Ok((0, BTreeSet::new()));
    }
    let seats = store::free_seats(tx, &expired).await?;
    let sections = general::free(tx, &expired).await?;
    record::freed(tx, &seats, &sections).await?;
    let of_seats = seats.iter().map(|seat| seat.event);
    let events = of_seats.chain(sections.iter().map(|(event, _)| *event)).collect();
    Ok((expired.len() as u64, events))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_lapsed_holds_are_cleared_in_forty_seconds() {
        let batches = |lapsed: u64| lapsed.div_ceil(batch_of(lapsed));
        assert_eq!((batch_of(100_000), batches(100_000)), (100, BATCHES));
        assert!(EVERY * 1_000 <= Duration::from_secs(40));
        assert_eq!((batch_of(0), batch_of(25_000), batch_of(10_000_000)), (25, 25, 200));
        assert!(batches(250_000) <= MAX_BATCHES);
    }
}
