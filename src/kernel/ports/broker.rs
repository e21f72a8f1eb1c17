//! Wake-ups between nodes. A wake-up decides nothing: a node that misses it finds the same changes by polling the
//! log.

use async_trait::async_trait;
use tokio::sync::broadcast;
use uuid::Uuid;

/// Tells nodes that the change log of an event has grown.
#[async_trait]
pub trait Broker: Send + Sync + std::fmt::Debug {
    /// Wakes every node, this node included. Best effort: a failure is not reported.
    async fn wake(&self, event: Uuid);

    /// Receives the wake-ups of all nodes, each with the id of the event. A receiver that falls behind gets
    /// `Lagged`.
    fn listen(&self) -> broadcast::Receiver<Uuid>;
}
