//! The buckets of senders in Redis, shared by all nodes of the program. A hash of the sender's name says on which of the
//! independent Redis nodes its buckets are, so that the nodes share the work. One script counts a request in one round
//! (<https://redis.io/docs/latest/develop/interact/programmability/eval-intro/>).
//!
//! While a Redis node is away, each node of the program counts its senders in its own memory. A node that comes back empty
//! begins anew.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use redis::{Script, aio::ConnectionManager};
use sha2::{Digest, Sha256};

use super::{in_process_limiter::InProcessLimiter, redis_nodes::lazy_connection};
use crate::kernel::{
    ports::{
        Clock, RateLimiter,
        limiter::{Count, Counted},
    },
    tasks::Tasks,
};

/// The time limit for a round.
const BUDGET: Duration = Duration::from_millis(200);
/// The pause between two attempts to reach a Redis node that is away.
const PROBE_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, Clone)]
pub struct RedisLimiter {
    nodes: Vec<Arc<Node>>,
    script: Arc<Script>,
    meanwhile: InProcessLimiter,
    tasks: Tasks,
}

struct Node {
    connection: ConnectionManager,
    /// Whether the node did not answer in time. Nobody asks it until it answers a probe.
    is_away: AtomicBool,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("is_away", &self.is_away).finish_non_exhaustive()
    }
}

impl Node {
    /// Whether the node counts: a node that is full or read-only answers a ping, and runs no script.
    async fn answers(&self, script: &Script) -> bool {
        let mut connection = self.connection.clone();
        let mut call = script.prepare_invoke();
        call.key("holdfast:rate:probe").arg(1).arg(1).arg(1);
        let filled = call.invoke_async::<Vec<u64>>(&mut connection);
        matches!(tokio::time::timeout(BUDGET, filled).await, Ok(Ok(_)))
    }

    async fn probe(&self, script: &Script) {
        loop {
            tokio::time::sleep(PROBE_EVERY).await;
            if self.answers(script).await {
                break;
            }
        }
        self.is_away.store(false, Ordering::Relaxed);
        tracing::info!("a Redis node counts requests again");
    }
}

impl RedisLimiter {
    /// Connects in the background. The order of the nodes is the same for every node of the program, so that all find the
    /// same one for a sender.
    pub fn start(clients: &[redis::Client], clock: Arc<dyn Clock>, tasks: Tasks) -> Self {
        let node = |connection| Arc::new(Node { connection, is_away: AtomicBool::default() });
        let limiter = Self {
            nodes: clients.iter().filter_map(lazy_connection).map(node).collect(),
            script: Arc::new(Script::new(include_str!("redis_limiter/count.lua"))),
            meanwhile: InProcessLimiter::new(clock),
            tasks,
        };
        for node in &limiter.nodes {
            let (this, node) = (limiter.clone(), Arc::clone(node));
            limiter.tasks.spawn(async move {
                if !node.answers(&this.script).await {
                    this.away(&node, "it does not answer");
                }
            });
        }
        limiter
    }

    fn node_of(&self, sender: &str) -> Option<&Arc<Node>> {
        let hash = Sha256::digest(sender);
        let hash = hash.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
        let nodes = u64::try_from(self.nodes.len()).ok()?;
        self.nodes.get(usize::try_from(hash.checked_rem(nodes)?).ok()?)
    }

    async fn count_there(
        &self,
        node: &Arc<Node>,
        sender: &str,
        counts: &[Count],
    ) -> Option<Counted> {
        if node.is_away.load(Ordering::Relaxed) {
            return None;
        }
        let mut call = self.script.prepare_invoke();
        for Count { name, quota, cost } in counts {
            // Other settings have other buckets, so that nobody waits under a limit that no longer applies.
            call.key(format!("holdfast:rate:{sender}:{name}:{}", quota.units));
            call.arg(quota.unit_us()).arg(quota.full_us()).arg(*cost);
        }
        let mut connection = node.connection.clone();
        let filled = call.invoke_async::<Vec<u64>>(&mut connection);
        match tokio::time::timeout(BUDGET, filled).await {
            Ok(Ok(filled)) => Some(Counted::of(counts, filled).0),
            Ok(Err(error)) => {
                self.away(node, &error.to_string());
                None
            }
            Err(_) => {
                self.away(node, "it does not answer");
                None
            }
        }
    }

    fn away(&self, node: &Arc<Node>, reason: &str) {
        if node.is_away.swap(true, Ordering::Relaxed) {
            return;
        }
        tracing::warn!(
            reason,
            "a Redis node is away: each node counts the requests of its senders alone"
        );
        let (node, stopping) = (Arc::clone(node), self.tasks.stopping());
        let script = Arc::clone(&self.script);
        self.tasks.spawn(async move {
            stopping.run_until_cancelled(node.probe(&script)).await;
        });
    }
}

#[async_trait]
impl RateLimiter for RedisLimiter {
    async fn count(&self, sender: &str, counts: &[Count]) -> Counted {
        if let Some(node) = self.node_of(sender)
            && let Some(counted) = self.count_there(node, sender, counts).await
        {
            return counted;
        }
        metrics::counter!("holdfast_limits_counted_alone_total").increment(1);
        self.meanwhile.count(sender, counts).await
    }
}
