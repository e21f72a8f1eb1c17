//! The one reader of an event's log on this node, however many viewers there are: it follows the log and passes
//! frames to all viewers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use holdfast_contract::live::{SILENCE_SECS, stream_events};
use holdfast_domain::ids::EventId;
use tokio::sync::broadcast::{self, error::RecvError};

use super::{
    Relay,
    frame::{Frame, message},
    store,
    tick::{MAX_TICK, tick},
};
use crate::kernel::{base::Base, db::StoreError, ports::Broker};

/// How many messages a viewer may lag behind before the server ends its stream. The viewer then reconnects with the
/// number of its last change.
const VIEWER_BUFFER: usize = 256;
/// The maximum number of changes that one statement reads, and that one frame merges.
pub(super) const READ_LIMIT: u64 = 500;
/// How often the log is read when no wake-up comes.
const POLL: Duration = Duration::from_millis(250);
/// How often a silent stream sends a message, so that proxies keep it open and the viewer knows that it is.
const HEARTBEAT: Duration = Duration::from_secs(SILENCE_SECS as u64);
/// How long an event counts among those that change now, after its last frame.
const HOT: Duration = Duration::from_secs(1);
/// The maximum number of viewers of one node.
pub const MAX_VIEWERS: usize = 10_000;

/// What all viewers of an event get.
#[derive(Debug, Clone)]
pub enum Sent {
    Frame(Frame),
    Heartbeat(Bytes),
}

/// Follows the log; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    events: Arc<Mutex<HashMap<EventId, Followed>>>,
}

#[derive(Debug)]
struct Followed {
    /// The number of the last change that was sent.
    seen: i64,
    /// Whether the log may contain more.
    is_behind: bool,
    /// When the last frame was sent, on the clock that never goes back.
    framed_at: Option<Duration>,
    /// When the last message of any kind was sent.
    spoke_at: Duration,
    sender: broadcast::Sender<Sent>,
}

impl Followed {
    fn is_hot(&self, now: Duration) -> bool {
        self.is_behind || self.framed_at.is_some_and(|at| now < at + HOT)
    }

    /// When the event may have its next frame.
    fn due(&self, tick: Duration) -> Option<Duration> {
        self.is_behind.then(|| self.framed_at.map_or(Duration::ZERO, |at| at + tick))
    }

    fn say(&mut self, sent: Sent, now: Duration) {
        self.spoke_at = now;
        // It is no error when nobody listens: the next look removes the event from the map.
        self.sender.send(sent).ok();
    }
}

#[derive(Debug, thiserror::Error)]
#[error("too many viewers")]
pub struct Full;

/// A viewer's place in the audience of an event.
#[derive(Debug)]
pub struct Place {
    pub heard: broadcast::Receiver<Sent>,
    /// The number after which `heard` has every change.
    pub after: i64,
}

impl Tail {
    /// Joins the audience of an event. When the node does not follow the event yet, it begins after `last`, a number
    /// that the log has reached.
    ///
    /// # Errors
    /// When the node has [`MAX_VIEWERS`] viewers already.
    pub fn follow(&self, event: EventId, last: i64, now: Duration) -> Result<Place, Full> {
        let mut events = self.events();
        let viewers: usize = events.values().map(|followed| followed.sender.receiver_count()).sum();
        if viewers >= MAX_VIEWERS {
            return Err(Full);
        }
        let followed = events.entry(event).or_insert_with(|| Followed {
            seen: last,
            is_behind: true,
            framed_at: None,
            spoke_at: now,
            sender: broadcast::channel(VIEWER_BUFFER).0,
        });
        Ok(Place { heard: followed.sender.subscribe(), after: followed.seen })
    }

    /// The number of the last change that this node has sent to the viewers of an event. `None` without viewers.
    pub fn reached(&self, event: EventId) -> Option<i64> {
        self.events().get(&event).map(|followed| followed.seen)
    }

    /// Follows the log for all viewers until the process stops.
    pub async fn run(self, base: Base, broker: Arc<dyn Broker>, relay: Relay) {
        let stopping = base.tasks.stopping();
        let mut wakes = broker.listen();
        let mut polled_at = base.clock.elapsed();
        loop {
            let now = base.clock.elapsed();
            let rest = self.next(now, polled_at + POLL).saturating_sub(now);
            tokio::select! {
                () = stopping.cancelled() => break,
                wake = wakes.recv() => match wake {
                    Ok(event) => self.is_behind(|it| *it == EventId(event)),
                    Err(RecvError::Lagged(_)) => self.is_behind(|_| true),
                    Err(RecvError::Closed) => tokio::time::sleep(POLL).await,
                },
                () = tokio::time::sleep(rest) => (),
            }
            let now = base.clock.elapsed();
            if now >= polled_at + POLL {
                polled_at = now;
                self.is_behind(|_| true);
            }
            let due = self.due(now);
            if let Err(error) = self.catch_up(&base, &relay, &due).await {
                tracing::warn!(error = %error, "the change log could not be read; trying again");
                tokio::time::sleep(MAX_TICK).await;
                self.is_behind(|event| due.contains(event));
            }
        }
        // Ends every viewer's channel, so that the server can shut down.
        self.events().clear();
    }

    fn events(&self) -> MutexGuard<'_, HashMap<EventId, Followed>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the log may contain more of these events.
    fn is_behind(&self, which: impl Fn(&EventId) -> bool) {
        let mut events = self.events();
        for (_, followed) in events.iter_mut().filter(|(event, _)| which(event)) {
            followed.is_behind = true;
        }
    }

    /// When the next frame is due; `otherwise` if none is.
    fn next(&self, now: Duration, otherwise: Duration) -> Duration {
        let events = self.events();
        let tick = tick(hot_viewers(&events, now));
        events.values().filter_map(|it| it.due(tick)).fold(otherwise, Duration::min)
    }

    /// The events whose next frame is due, which are taken to be sent now. Forgets the events that nobody watches, and
    /// sends heartbeats.
    fn due(&self, now: Duration) -> Vec<EventId> {
        let mut events = self.events();
        events.retain(|_, followed| followed.sender.receiver_count() > 0);
        let tick = tick(hot_viewers(&events, now));
        let mut due = Vec::new();
        for (event, followed) in events.iter_mut() {
            if followed.due(tick).is_some_and(|at| at <= now) {
                followed.is_behind = false;
                due.push(*event);
            }
            if now >= followed.spoke_at + HEARTBEAT {
                let heartbeat = message(stream_events::HEARTBEAT, None, "{}");
                followed.say(Sent::Heartbeat(heartbeat), now);
            }
        }
        due
    }

    async fn catch_up(
        &self,
        base: &Base,
        relay: &Relay,
        due: &[EventId],
    ) -> Result<(), StoreError> {
        if due.is_empty() {
            return Ok(());
        }
        for (event, last) in store::last_seqs(&base.db, due).await? {
            while let Some(seen) = self.reached(event).filter(|seen| *seen < last) {
                let (changes, now) = store::since(&base.db, event, seen, READ_LIMIT).await?;
                let Some(frame) = Frame::of(&changes, now) else { break };
                // A viewer that reads the event because of a change must not get what was read before it.
                relay.hear();
                self.send(event, frame, base.clock.elapsed());
            }
        }
        Ok(())
    }

    fn send(&self, event: EventId, frame: Frame, now: Duration) {
        if let Some(followed) = self.events().get_mut(&event) {
            metrics::counter!("holdfast_stream_frames_total").increment(1);
            followed.seen = frame.last;
            followed.framed_at = Some(now);
            followed.say(Sent::Frame(frame), now);
        }
    }
}

fn hot_viewers(events: &HashMap<EventId, Followed>, now: Duration) -> usize {
    let hot = events.values().filter(|followed| followed.is_hot(now));
    hot.map(|followed| followed.sender.receiver_count()).sum()
}
