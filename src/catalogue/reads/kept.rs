//! The moving state of one event as this node keeps it, for all readers.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    moving::Moving,
    pace::{Age, Pace, Step},
};
use crate::catalogue::store::events::Moment;

/// A kept state; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    state: Arc<RwLock<Option<State>>>,
    /// Whoever reads the state from the database holds this lock.
    reading: Arc<Mutex<()>>,
}

#[derive(Debug)]
struct State {
    moving: Arc<Moving>,
    read_at: Duration,
    true_at: Duration,
    commits: u64,
}

/// The node's time, and how many transactions it has committed by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    /// The time of the clock that never goes back.
    pub at: Duration,
    pub commits: u64,
}

/// The answer to a reader.
#[derive(Debug)]
pub enum Found {
    /// The reader takes this state.
    Taken(Arc<Moving>),
    /// The reader takes this state, and holds the right to read the next one.
    ToRenew(Arc<Moving>, OwnedMutexGuard<()>),
    /// The reader waits for the next state.
    Nothing,
}

impl Kept {
    /// What a reader gets that asked for the event's moment, at this time.
    pub fn find(&self, moment: &Moment, now: Instant, pace: Pace) -> Found {
        if let Some(moving) = self.current(moment, now) {
            return Found::Taken(moving);
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = state.as_ref().filter(|state| state.moving.is_of(moment)) else {
            return Found::Nothing;
        };
        let age = Age {
            read_at: state.read_at,
            true_at: state.true_at,
            is_outdated_here: state.commits != now.commits,
        };
        let moving = Arc::clone(&state.moving);
        match pace.step(age, now.at) {
            Step::Use => Found::Taken(moving),
            Step::UseAndRenew => match Arc::clone(&self.reading).try_lock_owned() {
                Ok(reading) => Found::ToRenew(moving, reading),
                // Somebody reads the next state already.
                Err(_) => Found::Taken(moving),
            },
            Step::Wait => Found::Nothing,
        }
    }

    /// The kept state, if it is current.
    fn current(&self, moment: &Moment, now: Instant) -> Option<Arc<Moving>> {
        let moving = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            let state = state.as_ref().filter(|state| state.moving.is_current(moment))?;
            if state.true_at == now.at {
                return Some(Arc::clone(&state.moving));
            }
            Arc::clone(&state.moving)
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = state.as_mut().filter(|state| Arc::ptr_eq(&state.moving, &moving)) {
            state.true_at = state.true_at.max(now.at);
            state.commits = state.commits.max(now.commits);
        }
        Some(moving)
    }

    /// Waits for the right to read the next state.
    pub async fn reading(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.reading).lock_owned().await
    }

    /// Keeps a state whose read began at this time.
    pub fn keep(&self, moving: Moving, begun: Instant) -> Arc<Moving> {
        let moving = Arc::new(moving);
        let Instant { at, commits } = begun;
        let state = State { moving: Arc::clone(&moving), read_at: at, true_at: at, commits };
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Some(state);
        moving
    }
}
