//! Live changes for viewers: the outbox, the relay that numbers it, the stream.
//!
//! A slice that changes seats writes one outbox row in its own transaction ([`record`]). After the commit, the
//! relay numbers the row within its event, and nodes read the numbered log. Each node merges what it reads within a tick
//! into one frame for all of its viewers. No decision reads the log.

mod audience;
pub mod changed;
mod frame;
mod heard;
pub mod record;
pub mod relay;
pub mod store;
pub mod tail;
pub mod viewers;

pub use heard::{ChangeCounts, News};
pub use record::ChangeDraft;
pub use relay::Relay;
use std::{sync::Arc, time::Duration};

use crate::kernel::{base::Base, passes::Pass, ports::Broker};
pub use tail::Tail;
pub use viewers::{Stream, StreamError};

/// The live changes of this node; cheap to clone.
#[derive(Debug, Clone)]
pub struct LiveChanges {
    pub base: Base,
    /// The relay, which numbers committed changes of this node and others.
    pub relay: Relay,
    /// Follows the log of changes.
    pub tail: Tail,
    /// The channel that wakes the other nodes.
    pub broker: Arc<dyn Broker>,
}

impl LiveChanges {
    pub fn new(base: Base, broker: Arc<dyn Broker>) -> Self {
        Self { base, relay: Relay::default(), tail: Tail::default(), broker }
    }

    /// A handle that opens streams of changes for viewers.
    pub fn stream(&self) -> Stream {
        Stream { base: self.base.clone(), tail: self.tail.clone() }
    }

    /// Starts the relay and the tail of this node. They end with the process.
    pub fn start(&self) {
        let (base, broker) = (&self.base, &self.broker);
        base.tasks.spawn(self.relay.clone().run(base.clone(), Arc::clone(broker)));
        let (tail, relay) = (self.tail.clone(), self.relay.clone());
        base.tasks.spawn(tail.run(base.clone(), Arc::clone(broker), relay));
    }

    pub fn passes(&self, retention_every: Duration) -> Vec<Pass> {
        vec![Pass::on("change-log-retention", retention_every, &self.base.db, |db| async move {
            relay::retention_pass(&db).await
        })]
    }
}
