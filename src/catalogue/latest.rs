//! Shares one database query among all callers that asked before the query was sent.
//!
//! A result is never older than the call that gets it, so nothing outdated is shown. At most one query for each key
//! is under way, so a thousand callers cost a handful of statements.

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

/// The maximum number of keys that are kept.
const MAX_KEYS: u64 = 10_000;

/// Shares the results of queries, one query for each key.
pub struct Latest<K, V> {
    gates: Cache<K, Arc<Gate<V>>>,
}

struct Gate<V> {
    /// The number of calls so far.
    asked: AtomicU64,
    /// The last result, and the number of calls when its query was sent.
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
    /// Starts empty: no query has been sent.
    pub fn new() -> Self {
        Self { gates: Cache::new(MAX_KEYS) }
    }

    /// Sends the query, or shares the result of a query that is sent after this call. If the future is dropped during
    /// its query, the next caller sends the query.
    ///
    /// # Errors
    /// The error of the query.
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
            // The first query is under way: these three calls need a newer result, and share it.
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
