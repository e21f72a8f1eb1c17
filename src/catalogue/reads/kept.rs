//! The moving state of one event as this node keeps it, for all readers.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::{
    moving::Moving,
    pace::{Age, Pace, ReaderStep},
};
use crate::{catalogue::store::events::EventSnapshot, live::ChangeCounts};

/// A kept state; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct KeptState {
    state: Arc<RwLock<Option<DatedState>>>,
    /// The lock of the reader that reads the state from the database.
    reading: Arc<Mutex<()>>,
}

#[derive(Debug)]
struct DatedState {
    moving: Arc<Moving>,
    /// When its read began.
    read_at: Duration,
    /// When a read last began, also one that has not ended or has failed.
    tried_at: Duration,
    /// When it was last known to be current.
    true_at: Duration,
    /// How often this node had heard of a change of the event by then.
    changes: ChangeCounts,
}

/// The node's time, and how often it has heard of a change of an event by then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NodeTime {
    /// The time of the clock that never goes back.
    pub at: Duration,
    pub changes: ChangeCounts,
}

/// The right to read an event's next state in the background.
#[derive(Debug)]
pub struct Renewal {
    /// Nobody else reads the state of this event.
    pub reading: OwnedMutexGuard<()>,
    /// One of the reads that the node does at once for readers that do not wait.
    pub permit: OwnedSemaphorePermit,
}

/// The answer to a reader.
#[derive(Debug)]
pub enum ReaderAnswer {
    /// The reader takes this state.
    Taken(Arc<Moving>),
    /// The reader takes this state, and holds the right to read the next one.
    ToRenew(Arc<Moving>, Renewal),
    /// The reader waits for the next state.
    Nothing,
}

impl KeptState {
    /// The state for a reader that knows this moment of the event. `renewals` are the reads that the node does at once for
    /// readers that do not wait.
    pub fn find(
        &self,
        moment: &EventSnapshot,
        now: NodeTime,
        pace: Pace,
        renewals: &Arc<Semaphore>,
    ) -> ReaderAnswer {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = state.as_mut().filter(|state| state.moving.is_of(moment)) else {
            return ReaderAnswer::Nothing;
        };
        let moving = Arc::clone(&state.moving);
        if moving.is_current(moment) {
            state.true_at = state.true_at.max(moment.asked.at);
            state.changes = state.changes.max(moment.asked.changes);
            return ReaderAnswer::Taken(moving);
        }
        let age = Age {
            read_at: state.read_at,
            tried_at: state.tried_at,
            true_at: state.true_at,
            is_outdated_here: state.changes != now.changes,
        };
        match pace.step(age, now.at) {
            ReaderStep::Use => ReaderAnswer::Taken(moving),
            ReaderStep::UseAndRenew => match self.renewal(renewals) {
                Some(renewal) => {
                    state.tried_at = now.at;
                    ReaderAnswer::ToRenew(moving, renewal)
                }
                None => ReaderAnswer::Taken(moving),
            },
            ReaderStep::Wait => ReaderAnswer::Nothing,
        }
    }

    /// `None` when somebody reads the next state already, or when the node reads enough states.
    fn renewal(&self, renewals: &Arc<Semaphore>) -> Option<Renewal> {
        let reading = Arc::clone(&self.reading).try_lock_owned().ok()?;
        let permit = Arc::clone(renewals).try_acquire_owned().ok()?;
        Some(Renewal { reading, permit })
    }

    /// Whether the state was read a moment ago, so that the next readers get it whatever has happened since.
    pub fn is_busy(&self, now: Duration, pace: Pace) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.as_ref().is_some_and(|state| !pace.is_quiet(state.read_at, now))
    }

    /// The state that was read last.
    pub fn last(&self) -> Option<Arc<Moving>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.as_ref().map(|state| Arc::clone(&state.moving))
    }

    /// A state whose read began at this time or later, so that it contains everything that was committed before.
    pub fn read_since(&self, moment: &EventSnapshot, since: Duration) -> Option<Arc<Moving>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let state = state.as_ref()?;
        let is_good = state.read_at >= since && state.moving.is_of(moment);
        is_good.then(|| Arc::clone(&state.moving))
    }

    /// Waits for the right to read the next state.
    pub async fn reading(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.reading).lock_owned().await
    }

    /// Keeps a state whose read began at this time.
    pub fn keep(&self, moving: Moving, begun: NodeTime) -> Arc<Moving> {
        let moving = Arc::new(moving);
        let NodeTime { at, changes } = begun;
        let state = DatedState {
            moving: Arc::clone(&moving),
            read_at: at,
            tried_at: at,
            true_at: at,
            changes,
        };
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Some(state);
        moving
    }
}
