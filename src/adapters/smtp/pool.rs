//! The connections to the mail server. A connection serves one mail after the other, and waits in between.
//!
//! Only a connection whose last mail the server has taken comes back here. Any other connection is closed: after a timeout,
//! nobody knows to which command the next answer belongs.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use lettre::address::Envelope;
use tokio::sync::Semaphore;

use super::{
    delivery::{Connection, Failure, Step},
    server,
};
use crate::kernel::{
    ports::{Clock, mailer::MailServer},
    tasks::Tasks,
};

/// The maximum number of connections of a node. It is also the number of mails that a node sends at once.
const MAX_CONNECTIONS: usize = 8;
/// The maximum number of mails on one connection. Servers that limit them close the connection at the limit.
const MAX_MAILS: u32 = 100;
/// How long a connection waits for its next mail. Servers wait at least five minutes (RFC 5321, 4.5.3.2.7).
const MAX_IDLE: Duration = Duration::from_secs(60);
/// How often the pool looks for connections that have waited for too long.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// A connection that waits for its next mail.
struct Idle {
    connection: Connection,
    since: Duration,
}

/// The connections to a mail server.
pub(super) struct Pool {
    server: MailServer,
    clock: Arc<dyn Clock>,
    slots: Semaphore,
    /// The connections that wait, the youngest last. `None` once the process is about to end.
    idle: Mutex<Option<Vec<Idle>>>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

impl Pool {
    /// An empty pool. Its connections are closed when `tasks` are asked to end.
    pub(super) fn start(server: MailServer, clock: Arc<dyn Clock>, tasks: &Tasks) -> Arc<Self> {
        let slots = Semaphore::new(MAX_CONNECTIONS);
        let pool = Arc::new(Self { server, clock, slots, idle: Mutex::new(Some(Vec::new())) });
        let (kept, stopping) = (Arc::clone(&pool), tasks.stopping());
        tasks.spawn(async move {
            while stopping.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
                kept.close_old().await;
            }
            kept.close_all().await;
        });
        pool
    }

    /// Hands a mail over on a connection that waits, or on a new one.
    ///
    /// If a connection that has waited turns out to be closed, the mail is handed over on a new one; that is no failed
    /// attempt.
    pub(super) async fn deliver(&self, envelope: &Envelope, content: &[u8]) -> Result<(), Failure> {
        // The semaphore is never closed.
        let _slot = self.slots.acquire().await.ok();
        if let Some(waiting) = self.take() {
            match waiting.deliver(envelope, content).await {
                Ok(connection) => {
                    self.give_back(connection).await;
                    return Ok(());
                }
                Err(failure) if failure.is_stale_connection() => {
                    tracing::debug!("a connection to the mail server has ended");
                }
                Err(failure) => return Err(failure),
            }
        }
        let opened = server::open(&self.server).await;
        let opened = opened.map_err(|trouble| Failure { step: Step::Open, trouble })?;
        self.give_back(opened.deliver(envelope, content).await?).await;
        Ok(())
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Idle>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last, so that the others grow old if there is little to send.
    fn take(&self) -> Option<Connection> {
        let now = self.clock.elapsed();
        let youngest = self.idle().as_mut()?.pop()?;
        (now.saturating_sub(youngest.since) <= MAX_IDLE).then_some(youngest.connection)
    }

    async fn give_back(&self, connection: Connection) {
        let since = self.clock.elapsed();
        let refused = match self.idle().as_mut() {
            Some(idle) if connection.mails < MAX_MAILS => {
                idle.push(Idle { connection, since });
                None
            }
            Some(_) | None => Some(connection),
        };
        if let Some(connection) = refused {
            connection.quit().await;
        }
    }

    async fn close_old(&self) {
        let now = self.clock.elapsed();
        let old = match self.idle().as_mut() {
            Some(idle) => idle
                .extract_if(.., |waiting| now.saturating_sub(waiting.since) > MAX_IDLE)
                .collect(),
            None => Vec::new(),
        };
        quit_all(old).await;
    }

    async fn close_all(&self) {
        let all = self.idle().take();
        quit_all(all.unwrap_or_default()).await;
    }
}

async fn quit_all(connections: Vec<Idle>) {
    join_all(connections.into_iter().map(|waiting| waiting.connection.quit())).await;
}
