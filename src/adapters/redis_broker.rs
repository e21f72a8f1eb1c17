//! Wake-ups between nodes over Redis pub/sub. A wake-up is published on every Redis node and received from every
//! Redis node, so that one working Redis node is enough. Without Redis, the nodes find the same changes by
//! polling.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::StreamExt;
use redis::aio::ConnectionManager;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::redis_nodes::lazy_connection;
use crate::kernel::{ports::Broker, tasks::Tasks};

const CHANNEL: &str = "holdfast:wake";
/// The capacity of the channel of wake-ups. A listener that falls further behind gets an error that says so.
const WAKE_BUFFER: usize = 1_024;
/// The pause before the next attempt to connect to a Redis node that went away.
const REJOIN: Duration = Duration::from_millis(500);

#[derive(Clone)]
pub struct RedisBroker {
    sender: broadcast::Sender<Uuid>,
    publishers: Arc<Vec<ConnectionManager>>,
    tasks: Tasks,
}

impl std::fmt::Debug for RedisBroker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisBroker").field("nodes", &self.publishers.len()).finish()
    }
}

impl RedisBroker {
    /// Listens on every Redis node until `tasks` is asked to end.
    pub fn start(nodes: Vec<redis::Client>, tasks: &Tasks) -> Self {
        let (sender, _) = broadcast::channel(WAKE_BUFFER);
        let mut publishers = Vec::with_capacity(nodes.len());
        for client in nodes {
            publishers.extend(lazy_connection(&client));
            let (sender, stopping) = (sender.clone(), tasks.stopping());
            tasks.spawn(async move {
                stopping.run_until_cancelled(listen(client, sender)).await;
            });
        }
        Self { sender, publishers: Arc::new(publishers), tasks: tasks.clone() }
    }
}

async fn listen(client: redis::Client, sender: broadcast::Sender<Uuid>) {
    loop {
        if let Err(error) = hear(&client, &sender).await {
            tracing::debug!(error = %error, "a Redis node went away; joining again");
        }
        tokio::time::sleep(REJOIN).await;
    }
}

async fn hear(
    client: &redis::Client,
    sender: &broadcast::Sender<Uuid>,
) -> Result<(), redis::RedisError> {
    let mut subscription = client.get_async_pubsub().await?;
    subscription.subscribe(CHANNEL).await?;
    let mut messages = subscription.into_on_message();
    while let Some(message) = messages.next().await {
        let payload: String = message.get_payload()?;
        if let Ok(event) = Uuid::try_parse(&payload) {
            sender.send(event).ok();
        }
    }
    Ok(())
}

#[async_trait]
impl Broker for RedisBroker {
    async fn wake(&self, event: Uuid) {
        // This process is woken first, because that needs no Redis.
        self.sender.send(event).ok();
        for publisher in self.publishers.iter() {
            let mut publisher = publisher.clone();
            self.tasks.spawn(async move {
                let publish: Result<(), _> = redis::cmd("PUBLISH")
                    .arg(CHANNEL)
                    .arg(event.to_string())
                    .query_async(&mut publisher)
                    .await;
                if let Err(error) = publish {
                    tracing::debug!(error = %error, "a wake-up was not published");
                }
            });
        }
    }

    fn listen(&self) -> broadcast::Receiver<Uuid> {
        self.sender.subscribe()
    }
}
