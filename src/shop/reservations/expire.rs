//! The pass that clears lapsed reservations away.
//!
//! Nothing waits for this pass: at the very millisecond when a hold lapses, it is unusable and other buyers can take
//! its seats. The pass updates rows and informs viewers. It runs on every node at once, and a conditional update lets
//! only one node mark each reservation.

use std::{
    collections::{BTreeSet, VecDeque},
    ops::RangeInclusive,
    sync::Arc,
    time::Duration,
};

use holdfast_domain::ids::{EventId, ReservationId};
use tokio::time::MissedTickBehavior;

use super::{
    Reservations,
    store::{self, Lapsed, general},
};
use crate::{
    kernel::{
        db::{Db, StoreError, Tx},
        passes::Tally,
    },
    live::{News, record},
};

/// The time between the beginnings of two transactions. Buyers who hold meanwhile use the same cores, so the pass takes its
/// time, and its transactions are short.
const EVERY: Duration = Duration::from_millis(40);
/// The number of transactions after which everything that has lapsed by the beginning is cleared away: 40 s.
const BATCHES: u64 = 1_000;
/// After this many transactions, the pass counts again what has lapsed: after five seconds.
const COUNT_EVERY: u64 = 125;
/// How many reservations one transaction clears. The more have lapsed, the more.
const BATCH: RangeInclusive<u64> = 25..=200;
/// The maximum number of transactions of one pass; the next pass continues.
const MAX_BATCHES: u64 = 2 * BATCHES;
/// From this many lapsed reservations on, one node clears them alone.
const MANY: u64 = 1_000;
/// How long a node watches whether another node clears them.
const WATCH: Duration = Duration::from_millis(200);
/// After this many batches in a row that another node has taken, a node leaves the rest to that node. A few reservations that
/// somebody keeps locked make no batch after them another's.
const MAX_ANOTHERS: u32 = 3;
/// How many lapsed reservations are read at once. They are cleared event by event: each event of a transaction costs a row
/// in the outbox, and the relay and every node work on each such row.
const WINDOW: u64 = 2_000;

impl Reservations {
    /// Clears lapsed reservations away; returns how many.
    ///
    /// # Errors
    /// When the database fails, or a reservation cannot be cleared. All others are cleared.
    pub async fn expire_pass(&self) -> Result<u64, StoreError> {
        let (mut tally, mut window) = (Tally::default(), LapsedWindow::default());
        let Some(lapsed) = self.lapsed_for_this_node().await? else { return Ok(0) };
        let stopping = self.base.tasks.stopping();
        let mut turns = tokio::time::interval(EVERY);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut batch, mut anothers) = (batch_of(lapsed), 0);
        for number in 0..MAX_BATCHES {
            tokio::select! {
                () = stopping.cancelled() => break,
                _ = turns.tick() => (),
            }
            if number > 0 && number % COUNT_EVERY == 0 {
                // A pass never slows down, or the last of many lapsed reservations would wait for long.
                batch = batch_of(store::count_lapsed(&self.base.db).await?).max(batch);
            }
            let ids = window.next(&self.base.db, batch).await?;
            if ids.is_empty() {
                break;
            }
            let cleared = self.clear(&ids, &mut tally).await?;
            let is_anothers = is_anothers_work(ids.len() as u64, cleared);
            anothers = if is_anothers { anothers + 1 } else { 0 };
            if anothers == MAX_ANOTHERS {
                break;
            }
        }
        let expired = tally.end()?;
        if expired > 0 {
            tracing::info!(expired, "lapsed reservations cleared");
        }
        Ok(expired)
    }

    /// How many reservations have lapsed. `None` if another node clears many of them: they become fewer while this node
    /// watches. Two nodes at this work would take twice as much of the cores from buyers.
    async fn lapsed_for_this_node(&self) -> Result<Option<u64>, StoreError> {
        let before = store::count_lapsed(&self.base.db).await?;
        if before < MANY {
            return Ok(Some(before));
        }
        tokio::time::sleep(WATCH).await;
        let now = store::count_lapsed(&self.base.db).await?;
        Ok((now >= before).then_some(now))
    }

    /// Clears the reservations in one transaction. When one of them makes the transaction fail, each is cleared in
    /// its own, so that the others do not stay. Returns how many were cleared or failed.
    async fn clear(&self, lapsed: &[ReservationId], tally: &mut Tally) -> Result<u64, StoreError> {
        match self.clear_together(lapsed).await {
            Err(error) if !error.is_unavailable() => {
                for id in lapsed {
                    tally.add(id, self.clear_together(&[*id]).await)?;
                }
                Ok(lapsed.len() as u64)
            }
            result => {
                let cleared = *result.as_ref().unwrap_or(&0);
                tally.add("lapsed reservations", result)?;
                Ok(cleared)
            }
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

/// Lapsed reservations that were read and not worked on yet.
#[derive(Default)]
struct LapsedWindow {
    /// The reservations of one event stand together.
    left: VecDeque<Lapsed>,
    /// The last reservation of all that were read.
    last: Option<Lapsed>,
}

impl LapsedWindow {
    /// The next lapsed reservations, at most `most`; none when all were worked on.
    async fn next(&mut self, db: &Db, most: u64) -> Result<Vec<ReservationId>, StoreError> {
        if self.left.is_empty() {
            let mut lapsed = store::lapsed(db, self.last, WINDOW).await?;
            self.last = lapsed.last().copied().or(self.last);
            lapsed.sort_by_key(|lapsed| lapsed.event_id);
            self.left = lapsed.into();
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(self.left.len());
        Ok(self.left.drain(..most).map(|lapsed| lapsed.id).collect())
    }
}

/// Whether another node has begun the same work at the same time: it has cleared most of a large batch, or locked it. The next
/// pass looks again.
fn is_anothers_work(batch: u64, cleared: u64) -> bool {
    batch >= *BATCH.start() && cleared < batch / 2
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

    #[test]
    fn a_node_leaves_large_batches_that_another_node_clears() {
        assert!(is_anothers_work(100, 0) && is_anothers_work(100, 49));
        assert!(!is_anothers_work(100, 50) && !is_anothers_work(100, 100));
        assert!(!is_anothers_work(5, 0), "a buyer who pays has locked a few");
    }
}
