//! The relay: numbers committed outbox rows within their event, without gaps.
//!
//! Serial ids become visible out of order, so a reader that remembers the last id would miss rows. A number that is
//! assigned after the commit cannot be missed. One node numbers at a time, under a row lock that ends when the node
//! dies.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use holdfast_domain::ids::EventId;
use tokio::sync::Notify;

use super::{
    heard::{ChangeCounts, Heard, News},
    store,
};
use crate::kernel::{
    base::Base,
    db::{Db, StoreError, Tx},
    ports::Broker,
};

/// The maximum number of rows that one transaction numbers.
const BATCH: i64 = 500;
/// How often the relay looks at the outbox when no call of [`Relay::nudge`] wakes it.
const POLL: Duration = Duration::from_millis(250);
/// The minimum time between the beginnings of two passes. The first wake-up is served at once, and in a busy sale
/// one pass numbers many rows.
const PACE: Duration = Duration::from_millis(25);
/// How long numbered changes are kept for viewers that come back.
const KEPT_MS: i64 = 60 * 60 * 1000;

/// Wakes the relay of this node; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Relay {
    nudged: Arc<Notify>,
    heard: Arc<Heard>,
}

impl Relay {
    /// Tells the relay that this was committed.
    pub fn nudge(&self, news: News) {
        self.hear(news);
        self.nudged.notify_one();
    }

    /// Counts that this node has heard of a change: it has committed it, or is about to pass it to viewers.
    pub fn hear(&self, news: News) {
        self.heard.hear(news);
    }

    /// How often this node has heard of a change of this event. A state that was read under lower numbers may lack the
    /// last change.
    pub fn changes(&self, event: EventId) -> ChangeCounts {
        self.heard.of(event)
    }

    /// Numbers committed rows until the process stops.
    pub async fn run(self, base: Base, broker: Arc<dyn Broker>) {
        let stopping = base.tasks.stopping();
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = self.nudged.notified() => (),
                () = tokio::time::sleep(POLL) => (),
            }
            let pause = tokio::time::sleep(PACE);
            if let Err(error) = pass(&base.db, broker.as_ref()).await {
                tracing::warn!(error = %error, "changes could not be numbered; trying again");
            }
            pause.await;
        }
    }
}

/// Numbers all committed rows; returns how many.
///
/// # Errors
/// When the database fails. The rows of the failed batch are still in the outbox.
pub async fn pass(db: &Db, broker: &dyn Broker) -> Result<u64, StoreError> {
    let mut numbered = 0;
    let mut is_full = store::is_waiting(db).await?;
    while is_full {
        let events = db.transact(|tx| Box::pin(number(tx))).await?;
        let count: u64 = events.iter().map(|(_, count)| count).sum();
        for (event, _) in events {
            broker.wake(event.0).await;
        }
        numbered += count;
        is_full = count == BATCH.unsigned_abs();
    }
    Ok(numbered)
}

async fn number(tx: &Tx) -> Result<Vec<(EventId, u64)>, StoreError> {
    store::lock_relay(tx).await?;
    let mut by_event: BTreeMap<EventId, Vec<String>> = BTreeMap::new();
    for row in store::take(tx, BATCH).await? {
        by_event.entry(row.event).or_default().push(row.payload);
    }
    let mut events = Vec::with_capacity(by_event.len());
    for (event, payloads) in by_event {
        let count = i64::try_from(payloads.len()).unwrap_or(BATCH);
        let last = store::advance(tx, event, count).await?;
        events.push((event, payloads.len() as u64));
        store::append(tx, event, last - count + 1, payloads).await?;
    }
    Ok(events)
}

/// Deletes changes that are older than `KEPT_MS`; returns how many.
pub async fn retention_pass(db: &Db) -> Result<u64, StoreError> {
    store::forget(db, KEPT_MS).await
}
