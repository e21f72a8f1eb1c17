//! Shares one database query among all callers that asked before the query was sent, and among those that ask soon
//! afterwards.
//!
//! At most one query for each key is under way, so a thousand callers cost a handful of statements. A result is at most
//! as old as [`Sharing`] allows; without an allowance it is never older than the call that gets it.

use std::{
    fmt,
    future::Future,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::future::Cache;
use tokio::sync::Mutex;

use crate::live::ChangeCounts;

/// The maximum number of keys that are kept.
const MAX_KEYS: u64 = 10_000;

/// Shares the results of queries, one query for each key.
pub struct Latest<K, V> {
    gates: Cache<K, Arc<Gate<V>>>,
}

/// When a caller takes the result of an earlier query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sharing {
    /// The time of the call.
    pub now: Duration,
    /// The maximum time between a query and a later call that takes its result.
    pub within: Duration,
    /// A call does not take a result that was asked for under other numbers.
    pub of: ChangeCounts,
}

struct Gate<V> {
    /// The number of calls so far.
    asked: AtomicU64,
    last: Mutex<Option<Last<V>>>,
}

/// The result of the last query, with what says for which calls it is good.
struct Last<V> {
    /// The number of calls when its query was sent.
    covered: u64,
    /// The time of the call that sent the query, and its numbers.
    sharing: Sharing,
    value: V,
}

impl<V> Last<V> {
    fn is_for(&self, mine: u64, sharing: Sharing) -> bool {
        let age = sharing.now.saturating_sub(self.sharing.now);
        mine < self.covered || (age < sharing.within && self.sharing.of == sharing.of)
    }
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

    /// Sends the query, or shares the result of a query that is sent after this call, or of an earlier one as `sharing`
    /// allows. If the future is dropped during its query, the next caller sends the query.
    ///
    /// # Errors
    /// The error of the query.
    pub async fn get<E>(
        &self,
        key: K,
        sharing: Sharing,
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
        if let Some(last) = last.as_ref().filter(|last| last.is_for(mine, sharing)) {
            return Ok(last.value.clone());
        }
        let covered = gate.asked.load(Ordering::SeqCst);
        let value = question.await?;
        *last = Some(Last { covered, sharing, value: value.clone() });
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

    fn at_once() -> Sharing {
        Sharing::default()
    }

    #[tokio::test]
    async fn a_result_is_shared_for_a_while_and_under_its_numbers() {
        let latest = Latest::<u8, u64>::new();
        let sharing = |now, of| Sharing {
            now: Duration::from_millis(now),
            within: Duration::from_millis(20),
            of: ChangeCounts { places: of, anything: 0 },
        };
        for (now, of, result) in
            [(0, 1, 1), (19, 1, 1), (20, 1, 2), (21, 1, 2), (22, 2, 3), (23, 2, 3)]
        {
            let question = async { Ok::<_, ()>(result) };
            assert_eq!(latest.get(1, sharing(now, of), question).await, Ok(result), "at {now}");
        }
    }

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
        let first = latest.get(1, at_once(), question());
        let others = async {
            started.notified().await;
            // The first query is under way: these three calls need a newer result, and share it.
            let three = async {
                tokio::join!(
                    latest.get(1, at_once(), question()),
                    latest.get(1, at_once(), question()),
                    latest.get(1, at_once(), question())
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
        assert_eq!(latest.get(1, at_once(), async { Err("gone") }).await, Err("gone"));
        assert_eq!(latest.get(1, at_once(), async { Ok::<_, &str>(7) }).await, Ok(7));
    }
}
