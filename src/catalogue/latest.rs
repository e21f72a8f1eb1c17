//! One question to the database answers everybody who asked before it was sent.
//!
//! An answer is never older than its question, so nothing shown is stale; and at most one question per key
//! is under way, so a thousand lookers cost a handful of statements.

use std::{
    fmt,
    future::Future,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use moka::future::Cache;
use tokio::sync::Mutex;

/// How many keys are remembered.
const MAX_KEYS: u64 = 10_000;

/// See the module.
pub struct Latest<K, V> {
    gates: Cache<K, Arc<Gate<V>>>,
}

struct Gate<V> {
    /// How many have asked so far.
    asked: AtomicU64,
    /// The last answer, and how many had asked when its question was sent.
    last: Mutex<Option<(u64, V)>>,
}

impl<K, V> fmt::Debug for Latest<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latest").finish_non_exhaustive()
    }
}

impl<K, V> Latest<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Nothing asked yet.
    pub fn new() -> Self {
        Self { gates: Cache::new(MAX_KEYS) }
    }

    /// Asks, or shares the answer to a question that is sent after this call. Dropping the future while
    /// it asks lets the next one ask.
    ///
    /// # Errors
    /// What the question fails with.
    pub async fn get<E>(
        &self,
        key: K,
        question: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        let gate = self
            .gates
            .get_with(key, async {
                Arc::new(Gate { asked: AtomicU64::new(0), last: Mutex::new(None) })
            })
            .await;
        let mine = gate.asked.fetch_add(1, Ordering::SeqCst);
        let mut last = gate.last.lock().await;
        if let Some((covered, value)) = &*last
            && mine < *covered
        {
            return Ok(value.clone());
        }
        let covered = gate.asked.load(Ordering::SeqCst);
        let value = question.await?;
        *last = Some((covered, value.clone()));
        Ok(value)
    }
}

impl<K, V> Default for Latest<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn those_who_ask_before_the_question_share_its_answer() {
        let (latest, asked) = (Latest::<u8, u64>::new(), AtomicU64::new(0));
        let (started, go) = (Notify::new(), Notify::new());
        let question = || async {
            let number = asked.fetch_add(1, Ordering::SeqCst);
            started.notify_one();
            go.notified().await;
            Ok::<_, ()>(number)
        };
        let first = latest.get(1, question());
        let others = async {
            started.notified().await;
            // The first question is under way: these three need a younger one, and share it.
            let three = async {
                tokio::join!(
                    latest.get(1, question()),
                    latest.get(1, question()),
                    latest.get(1, question())
                )
            };
            let release = async {
                go.notify_one();
                started.notified().await;
                go.notify_one();
            };
            tokio::join!(three, release).0
        };
        let (first, others) = tokio::join!(first, others);
        assert_eq!((first, others), (Ok(0), (Ok(1), Ok(1), Ok(1))));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_failed_question_is_asked_again() {
        let latest = Latest::<u8, u8>::new();
        assert_eq!(latest.get(1, async { Err("gone") }).await, Err("gone"));
        assert_eq!(latest.get(1, async { Ok::<_, &str>(7) }).await, Ok(7));
    }
}
