//! Work that must end even when its caller has gone: a client that hangs up drops the handler's future, but a change
//! of seats or money must not stop half-way.

use std::future::Future;

use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Runs mutating work to its end; shutdown waits for it.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    streams: CancellationToken,
}

/// The work panicked, which is a bug. The panic hook has logged it.
#[derive(Debug, thiserror::Error)]
#[error("a task panicked")]
pub struct Panicked;

impl Tasks {
    /// Runs `work` in a separate task and waits for it. Dropping the returned future ends the wait, not the work.
    ///
    /// # Errors
    /// When `work` panics.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Panicked> {
        self.start(work).await.map_err(|_| Panicked)
    }

    /// Starts `work` in a separate task. Dropping the handle stops nothing.
    pub fn start<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.tracker.spawn(work)
    }

    /// Runs `work` in the background. Shutdown waits for the work, so the work must watch [`Tasks::stopping`].
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(work);
    }

    /// Is cancelled when the process is about to end. Background work watches it.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Is cancelled when endless responses, such as streams, must end. That is before the server waits for its
    /// requests.
    pub fn streams(&self) -> CancellationToken {
        self.streams.clone()
    }

    /// Ends the endless responses, such as streams.
    pub fn end_streams(&self) {
        self.streams.cancel();
    }

    /// Asks background work to end and waits for all of it.
    pub async fn shut_down(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
