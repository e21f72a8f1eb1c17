//! The one reader of an event's log on this node, however many viewers there are: it follows the log and passes
//! each change to every viewer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use holdfast_contract::live::Change;
use holdfast_domain::ids::EventId;
use tokio::sync::broadcast;

use super::{
    Relay,
    record::ChangeDraft,
    store::{self, Numbered},
};
use crate::kernel::{base::Base, db::StoreError, ports::Broker};

/// How many changes a viewer may lag behind before the server ends its stream. The viewer then reconnects with the
/// number of its last change.
const VIEWER_BUFFER: usize = 1_024;
/// The maximum number of changes that one statement reads.
pub(super) const READ_LIMIT: u64 = 500;
/// How often the log is read when no wake-up comes.
const POLL: Duration = Duration::from_millis(250);
/// The maximum number of viewers of one node.
pub const MAX_VIEWERS: usize = 10_000;

/// A change as it is sent: its number and its JSON, which is made once for all viewers.
pub type Sent = (i64, Arc<str>);

/// Follows the log; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    events: Arc<Mutex<HashMap<EventId, Followed>>>,
}

#[derive(Debug)]
struct Followed {
    seen: i64,
    sender: broadcast::Sender<Sent>,
}

#[derive(Debug, thiserror::Error)]
#[error("too many viewers")]
pub struct Full;

impl Tail {
    /// Receives the changes of an event after `seen`. After this call, the caller reads the changes between
    /// `seen` and the first received change from the log.
    ///
    /// # Errors
    /// When the node has [`MAX_VIEWERS`] viewers already.
    pub fn follow(&self, event: EventId, seen: i64) -> Result<broadcast::Receiver<Sent>, Full> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let viewers: usize = events.values().map(|followed| followed.sender.receiver_count()).sum();
        if viewers >= MAX_VIEWERS {
            return Err(Full);
        }
        let followed = events
            .entry(event)
            .or_insert_with(|| Followed { seen, sender: broadcast::channel(VIEWER_BUFFER).0 });
        Ok(followed.sender.subscribe())
    }

    /// Follows the log for all viewers until the process stops.
    pub async fn run(self, base: Base, broker: Arc<dyn Broker>, relay: Relay) {
        let stopping = base.tasks.stopping();
        let mut wakes = broker.listen();
        loop {
            tokio::select! {
                () = stopping.cancelled() => break,
                // A lagging or closed channel does no harm, because new changes are read from the log.
                wake = wakes.recv() => if matches!(wake, Err(broadcast::error::RecvError::Closed)) {
                    tokio::time::sleep(POLL).await;
                },
                () = tokio::time::sleep(POLL) => (),
            }
            if let Err(error) = self.catch_up(&base, &relay).await {
                tracing::warn!(error = %error, "the change log could not be read; trying again");
            }
        }
        // Ends every viewer's channel, so that the server can shut down.
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn followed(&self) -> Vec<EventId> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.retain(|_, followed| followed.sender.receiver_count() > 0);
        events.keys().copied().collect()
    }

    async fn catch_up(&self, base: &Base, relay: &Relay) -> Result<(), StoreError> {
        let events = self.followed();
        if events.is_empty() {
            return Ok(());
        }
        for (event, last) in store::last_seqs(&base.db, &events).await? {
            while let Some(seen) = self.seen(event).filter(|seen| *seen < last) {
                let (changes, now) = store::since(&base.db, event, seen, READ_LIMIT).await?;
                let Some(newest) = changes.last().map(|change| change.seq) else { break };
                // A viewer that reads the event because of a change must not get what was read before it.
                relay.hear();
                for change in &changes {
                    self.send(event, (change.seq, wire(change, now)));
                }
                self.saw(event, newest);
            }
        }
        Ok(())
    }

    fn seen(&self, event: EventId) -> Option<i64> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.get(&event).map(|followed| followed.seen)
    }

    fn saw(&self, event: EventId, seq: i64) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(followed) = events.get_mut(&event) {
            followed.seen = followed.seen.max(seq);
        }
    }

    fn send(&self, event: EventId, change: Sent) {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(followed) = events.get(&event) {
            // It is no error when nobody listens: the next look removes the event from the map.
            followed.sender.send(change).ok();
        }
    }
}

/// The JSON of a stored change, as viewers get it.
pub(super) fn wire(change: &Numbered, now_ms: i64) -> Arc<str> {
    let draft: ChangeDraft = serde_json::from_str(&change.payload).unwrap_or_else(|error| {
        // A change that cannot be read must not be lost. Telling viewers to read the whole event again is always
        // right.
        tracing::error!(error = %error, seq = change.seq, "a change is malformed");
        ChangeDraft::of_event()
    });
    let change = Change {
        seq: change.seq,
        now: now_ms / 1000,
        seats: draft.seats,
        sections: draft.sections,
        event: draft.event,
    };
    serde_json::to_string(&change).expect("wire types serialize").into()
}
