//! Locks and wake-ups within a single process, used when no Redis is configured.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::kernel::ports::{
    Broker, LockManager,
    locks::{HeldLocks, LockOutcome},
};

/// The capacity of the channel of wake-ups. A listener that falls further behind gets an error that says so.
const WAKE_BUFFER: usize = 1_024;

#[derive(Debug, Clone, Default)]
pub struct InProcessLocks {
    held: Arc<Mutex<HashSet<String>>>,
}

#[async_trait]
impl LockManager for InProcessLocks {
    async fn try_lock(&self, keys: &[String]) -> LockOutcome {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let taken: Vec<usize> = keys
            .iter()
            .enumerate()
            .filter(|(_, key)| held.contains(*key))
            .map(|(place, _)| place)
            .collect();
        if !taken.is_empty() {
            return LockOutcome::Contended(taken);
        }
        held.extend(keys.iter().cloned());
        LockOutcome::Acquired(Box::new(InProcessHeld {
            held: Arc::clone(&self.held),
            keys: keys.to_vec(),
        }))
    }
}

#[derive(Debug)]
struct InProcessHeld {
    held: Arc<Mutex<HashSet<String>>>,
    keys: Vec<String>,
}

impl HeldLocks for InProcessHeld {}

impl Drop for InProcessHeld {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        for key in &self.keys {
            held.remove(key);
        }
    }
}

#[derive(Debug)]
pub struct InProcessBroker {
    sender: broadcast::Sender<Uuid>,
}

impl Default for InProcessBroker {
    fn default() -> Self {
        Self { sender: broadcast::channel(WAKE_BUFFER).0 }
    }
}

#[async_trait]
impl Broker for InProcessBroker {
    async fn wake(&self, event: Uuid) {
        // It is no error when nobody listens.
        self.sender.send(event).ok();
    }

    fn listen(&self) -> broadcast::Receiver<Uuid> {
        self.sender.subscribe()
    }
}
