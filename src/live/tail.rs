//! The one reader of an event's log on this node, however many viewers there are: it follows the log and passes
//! frames to all viewers.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use holdfast_domain::ids::EventId;
use tokio::sync::broadcast::error::RecvError;

use super::{
    Relay,
    audience::{Audience, AudiencePart, Full, Joined},
    frame::Frame,
    heard::News,
    store,
};
use crate::kernel::{base::Base, db::StoreError, ports::Broker};

/// The maximum number of changes that one statement reads, and that one frame merges.
pub(super) const READ_LIMIT: u64 = 500;
/// How often the log is read when no wake-up comes.
const POLL: Duration = Duration::from_millis(250);
/// The pause after a failure of the database.
const PAUSE: Duration = Duration::from_millis(500);

/// Follows the log; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tail(Arc<Mutex<Audience>>);

impl Tail {
    fn audience(&self) -> MutexGuard<'_, Audience> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the viewers of an event. When the node does not follow the event yet, it begins after `last`, a number
    /// that the log has reached.
    ///
    /// # Errors
    /// When the node has too many viewers already.
    pub fn follow(&self, event: EventId, last: i64, now: Duration) -> Result<Joined, Full> {
        self.audience().join(event, last, now)
    }

    /// A number of the log that this node has sent to viewers of the event. `None` without viewers.
    pub fn reached(&self, event: EventId) -> Option<i64> {
        self.audience().reached(event)
    }

    fn seen(&self, part: AudiencePart) -> Option<i64> {
        self.audience().seen(part)
    }

    /// Follows the log for all viewers until the process stops.
    pub async fn run(self, base: Base, broker: Arc<dyn Broker>, relay: Relay) {
        let stopping = base.tasks.stopping();
        let mut wakes = broker.listen();
        let mut polled_at = base.clock.elapsed();
        loop {
            let rest = self.audience().next(polled_at + POLL);
            let rest = rest.saturating_sub(base.clock.elapsed());
            tokio::select! {
                () = stopping.cancelled() => break,
                wake = wakes.recv() => match wake {
                    Ok(event) => self.audience().fell_behind(|it| it == EventId(event)),
                    Err(RecvError::Lagged(_)) => self.audience().fell_behind(|_| true),
                    Err(RecvError::Closed) => tokio::time::sleep(POLL).await,
                },
                () = tokio::time::sleep(rest) => (),
            }
            let now = base.clock.elapsed();
            if now >= polled_at + POLL {
                polled_at = now;
                self.audience().fell_behind(|_| true);
            }
            let waiting = self.audience().waiting(now);
            if let Err(error) = self.catch_up(&base, &relay, &waiting).await {
                tracing::warn!(error = %error, "the change log could not be read; trying again");
                tokio::time::sleep(PAUSE).await;
                self.audience().fell_behind(|event| waiting.contains(&event));
            }
        }
        // The server can shut down when the streams have ended.
        self.audience().end();
    }

    async fn catch_up(
        &self,
        base: &Base,
        relay: &Relay,
        waiting: &[EventId],
    ) -> Result<(), StoreError> {
        if waiting.is_empty() {
            return Ok(());
        }
        let lasts = store::last_seqs(&base.db, waiting).await?;
        let due = self.audience().due(base.clock.elapsed(), &lasts);
        for part in due {
            let Some((_, last)) = lasts.iter().find(|(event, _)| *event == part.0) else {
                continue;
            };
            while let Some(seen) = self.seen(part).filter(|seen| seen < last) {
                let (changes, now) = store::since(&base.db, part.0, seen, READ_LIMIT).await?;
                let Some(frame) = Frame::of(&changes, now) else { break };
                metrics::counter!("holdfast_stream_frames_total").increment(1);
                // A viewer that reads the event because of a change must not get what was read before it.
                relay.hear(if frame.event { News::Anything } else { News::Places(part.0) });
                self.audience().send(part, frame, base.clock.elapsed());
            }
        }
        Ok(())
    }
}
