//! Redlock over several independent Redis nodes, through `rslock`
//! (<https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/>).
//!
//! Each lock is tried once; nobody waits for a lock. One time budget covers a whole round of locks. After several
//! outages in a row a breaker skips Redis for a while and probes it in the background, so that a dead Redis costs
//! a hold nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures_util::future::join_all;
use redis::aio::ConnectionManager;
use rslock::Lock;

use super::redis_nodes::{ANSWER_BUDGET, lazy_connection};
use crate::kernel::{
    ports::{
        Clock, LockManager,
        locks::{HeldLocks, LockOutcome},
    },
    tasks::Tasks,
};

/// The time limit of a whole round of locks.
const BUDGET: Duration = Duration::from_millis(50);
/// The number of outages in a row that opens the breaker.
const OUTAGES_TO_OPEN: u32 = 3;
/// How long the breaker stays open before Redis is probed again.
const OPEN_FOR: Duration = Duration::from_secs(1);
/// The time limit for releasing locks. A lock that is not released lapses by its TTL.
const RELEASE_BUDGET: Duration = Duration::from_millis(200);

#[derive(Debug, Clone)]
pub struct Redlock {
    manager: rslock::LockManager,
    nodes: Arc<Vec<redis::Client>>,
    pingers: Arc<Vec<ConnectionManager>>,
    ttl: Duration,
    breaker: Arc<Breaker>,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
}

#[derive(Debug, Default)]
struct Breaker {
    outages: AtomicU32,
    open_until_ms: AtomicU64,
    probing: AtomicBool,
}

impl Redlock {
    /// `ttl` is how long a lock lasts when its holder dies.
    pub fn new(
        nodes: Vec<redis::Client>,
        ttl: Duration,
        clock: Arc<dyn Clock>,
        tasks: Tasks,
    ) -> Self {
        let mut manager = rslock::LockManager::from_clients(nodes.clone());
        // One try for each lock: the loser is told at once. The delay is never used.
        manager.set_retry(1, Duration::from_millis(1));
        Self {
            manager,
            pingers: Arc::new(nodes.iter().filter_map(lazy_connection).collect()),
            nodes: Arc::new(nodes),
            ttl,
            breaker: Arc::new(Breaker::default()),
            clock,
            tasks,
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn is_open(&self) -> bool {
        self.now_ms() < self.breaker.open_until_ms.load(Ordering::Acquire)
    }

    fn answered(&self) {
        self.breaker.outages.store(0, Ordering::Release);
    }

    fn outage(&self) -> LockOutcome {
        metrics::counter!("holdfast_locks_total", "outcome" => "unavailable").increment(1);
        let outages = self.breaker.outages.fetch_add(1, Ordering::AcqRel) + 1;
        if outages >= OUTAGES_TO_OPEN {
            self.open();
        }
        LockOutcome::Unavailable
    }

    fn open(&self) {
        let until = self.now_ms() + u64::try_from(OPEN_FOR.as_millis()).unwrap_or(1_000);
        self.breaker.open_until_ms.store(until, Ordering::Release);
        if self.breaker.probing.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::warn!("Redis does not answer: holds go on with the database alone");
        let this = self.clone();
        self.tasks.spawn(async move { this.probe().await });
    }

    /// Keeps the breaker open until a majority of the Redis nodes responds again.
    async fn probe(self) {
        let stopping = self.tasks.stopping();
        while !stopping.is_cancelled() {
            if self.majority_answers().await {
                tracing::info!("Redis answers again");
                self.answered();
                self.breaker.open_until_ms.store(0, Ordering::Release);
                break;
            }
            let until = self.now_ms() + u64::try_from(OPEN_FOR.as_millis()).unwrap_or(1_000);
            self.breaker.open_until_ms.store(until, Ordering::Release);
            tokio::select! {
                () = stopping.cancelled() => break,
                () = tokio::time::sleep(OPEN_FOR / 2) => (),
            }
        }
        self.breaker.probing.store(false, Ordering::Release);
    }

    /// Pings over connections that are already open. They may be stale after an outage.
    async fn majority_answers_quickly(&self) -> bool {
        let pings = self.pingers.iter().map(|pinger| {
            let mut pinger = pinger.clone();
            async move {
                let ping = redis::cmd("PING");
                let answer = ping.query_async::<String>(&mut pinger);
                matches!(tokio::time::timeout(BUDGET, answer).await, Ok(Ok(_)))
            }
        });
        self.is_majority(join_all(pings).await)
    }

    async fn majority_answers(&self) -> bool {
        self.is_majority(join_all(self.nodes.iter().map(ping)).await)
    }

    fn is_majority(&self, answered: Vec<bool>) -> bool {
        answered.into_iter().filter(|answered| *answered).count() * 2 > self.nodes.len()
    }

    /// Distinguishes contention from an outage, which `rslock` does not: when a majority of nodes responds, the locks
    /// were refused.
    async fn refused(&self, places: Vec<usize>) -> LockOutcome {
        if self.majority_answers_quickly().await || self.majority_answers().await {
            self.answered();
            metrics::counter!("holdfast_locks_total", "outcome" => "contended").increment(1);
            return LockOutcome::Contended(places);
        }
        self.outage()
    }

    /// Tries every key once. Returns the locks that it got, and the positions of the keys that it did not get.
    async fn round(self, keys: &[String]) -> (RedlockHeld, Vec<usize>) {
        // One lock for each key, all at once: `rslock` would treat a slice of keys as one key with a long name.
        let tries = keys.iter().map(|key| self.manager.lock(key.as_bytes(), self.ttl));
        let (mut locks, mut missing) = (Vec::new(), Vec::new());
        for (place, result) in join_all(tries).await.into_iter().enumerate() {
            match result {
                Ok(lock) => locks.push(lock),
                Err(_) => missing.push(place),
            }
        }
        (RedlockHeld { redlock: self, locks }, missing)
    }

    fn release_later(&self, locks: Vec<Lock>) {
        if locks.is_empty() {
            return;
        }
        let manager = self.manager.clone();
        self.tasks.spawn(async move { release(&manager, locks).await });
    }
}

async fn ping(client: &redis::Client) -> bool {
    let ping = async {
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("PING").query_async::<String>(&mut connection).await
    };
    matches!(tokio::time::timeout(ANSWER_BUDGET, ping).await, Ok(Ok(_)))
}

async fn release(manager: &rslock::LockManager, locks: Vec<Lock>) {
    let unlocks = join_all(locks.iter().map(|lock| manager.unlock(lock)));
    if tokio::time::timeout(RELEASE_BUDGET, unlocks).await.is_err() {
        tracing::debug!("locks were not released in time; they end by themselves");
    }
}

#[async_trait]
impl LockManager for Redlock {
    async fn try_lock(&self, keys: &[String]) -> LockOutcome {
        if self.is_open() {
            metrics::counter!("holdfast_locks_total", "outcome" => "skipped").increment(1);
            return LockOutcome::Unavailable;
        }
        let (this, owned) = (self.clone(), keys.to_vec());
        let round = self.tasks.start(async move { this.round(&owned).await });
        // After the timeout nobody waits for the round. It goes on in its task and releases the locks that it
        // got.
        let Ok(Ok((held, missing))) = tokio::time::timeout(BUDGET, round).await else {
            return self.outage();
        };
        if missing.is_empty() {
            self.answered();
            metrics::counter!("holdfast_locks_total", "outcome" => "acquired").increment(1);
            return LockOutcome::Acquired(Box::new(held));
        }
        drop(held);
        self.refused(missing).await
    }
}

#[derive(Debug)]
struct RedlockHeld {
    redlock: Redlock,
    locks: Vec<Lock>,
}

impl HeldLocks for RedlockHeld {}

impl Drop for RedlockHeld {
    /// Releases the locks in a background task, so that nobody waits for the Redis nodes.
    fn drop(&mut self) {
        self.redlock.release_later(std::mem::take(&mut self.locks));
    }
}
