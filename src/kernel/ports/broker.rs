//! Wake-ups between nodes. They carry no truth: a node that hears nothing finds the same changes by polling
//! the log.

use async_trait::async_trait;
use tokio::sync::broadcast;
use uuid::Uuid;

/// Says and hears that the change log of an event has grown.
#[async_trait]
pub trait Broker: Send + Sync + std::fmt::Debug {
    /// Tells every node, this one included. Best effort, never an error.
    async fn wake(&self, event: Uuid);

    /// Hears from every node.
    fn listen(&self) -> broadcast::Receiver<Uuid>;
}
