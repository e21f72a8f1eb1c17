//! The stream of an event's changes (server-sent events, WHATWG HTML 9.2).

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use holdfast_contract::live::stream_events;
use holdfast_domain::ids::EventId;
use poem::{Body, Response};
use tokio::sync::broadcast;

use super::{
    audience::{Joined, ViewerMessage},
    frame::{Frame, Take, message},
    store,
    tail::{READ_LIMIT, Tail},
};
use crate::kernel::{
    base::Base,
    db::{Db, StoreError},
    ports::Entropy,
};

/// A viewer that has missed more changes reads the state, which costs less than the changes.
const MAX_MISSED: i64 = 5_000;
/// The number of changes that the stream repeats after a reset, because a state can be a moment old. A gap after it makes
/// the page read the state again.
const REPEATED: i64 = 500;
/// The shortest time after which a client reconnects.
const RETRY_MS: u16 = 1_000;
/// Each client adds a time of its own up to this, so that the viewers of a node that ends do not all come at once.
const RETRY_SPREAD_MS: u16 = 1_000;

/// Opens streams; cheap to clone.
#[derive(Debug, Clone)]
pub struct Stream {
    pub base: Base,
    pub tail: Tail,
}

impl Stream {
    /// Sends the changes of the event after `seen`, as they happen. Without `seen`, sends the changes from now on.
    ///
    /// # Errors
    /// When the node has too many viewers, or the database fails.
    pub async fn open(&self, event: EventId, seen: Option<i64>) -> Result<Response, StreamError> {
        let viewer = self.join(event, seen).await?;
        let stopping = self.base.tasks.streams();
        let changes = stream::unfold(viewer, |mut viewer| async move {
            viewer.next().await.map(|bytes| (bytes, viewer))
        });
        let messages = stream::iter([hello(&*self.base.entropy)]).chain(changes);
        let messages = messages.take_until(async move { stopping.cancelled().await });
        let body = messages.map(Ok::<_, std::io::Error>);
        Ok(Response::builder()
            .content_type("text/event-stream")
            .header("X-Accel-Buffering", "no")
            .header("Cache-Control", "no-cache")
            .body(Body::from_bytes_stream(body)))
    }

    async fn join(&self, event: EventId, seen: Option<i64>) -> Result<Viewer, StreamError> {
        // An event that this node follows needs no question: its viewers have the log up to that number.
        let last = match self.tail.reached(event) {
            Some(reached) => reached,
            None => store::last_seq(&self.base.db, event).await?,
        };
        // The viewer listens first and reads the log afterwards. It receives a change in between twice, and drops the
        // repetition by its number.
        let joined = self.tail.follow(event, last, self.base.clock.elapsed());
        let Joined { heard, after } = joined.map_err(|_| StreamError::TooManyViewers)?;
        let seen = seen.unwrap_or(after);
        let state = if seen == after { Join::Following } else { Join::CatchingUp };
        let db = self.base.db.clone();
        Ok(Viewer { db, _gauge: ViewerGauge::new(), event, seen, heard, state })
    }
}

/// Why a stream is not opened.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    #[error("too many viewers")]
    TooManyViewers,
    #[error("the database failed")]
    Db(#[from] StoreError),
}

fn hello(entropy: &dyn Entropy) -> Bytes {
    let mut drawn = [0; 2];
    entropy.fill(&mut drawn);
    let retry_ms = RETRY_MS + u16::from_ne_bytes(drawn) % RETRY_SPREAD_MS;
    format!("retry: {retry_ms}\n\n").into()
}

struct Viewer {
    db: Db,
    _gauge: ViewerGauge,
    event: EventId,
    /// The number of the last change that the viewer has.
    seen: i64,
    heard: broadcast::Receiver<ViewerMessage>,
    state: Join,
}

/// Counts a viewer in the metrics while it is connected.
struct ViewerGauge;

impl ViewerGauge {
    fn new() -> Self {
        metrics::gauge!("holdfast_stream_viewers").increment(1.0);
        Self
    }
}

impl Drop for ViewerGauge {
    fn drop(&mut self) {
        metrics::gauge!("holdfast_stream_viewers").decrement(1.0);
    }
}

/// The position of a viewer in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    /// The viewer gets the changes between its last number and the end of the log.
    CatchingUp,
    /// The viewer gets changes as they happen.
    Following,
    /// The viewer was told to read everything again, and its stream ends.
    Ended,
}

impl Viewer {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            match self.state {
                Join::Ended => return None,
                // Most of the time, a viewer follows: the future for the log must not make every viewer large.
                Join::CatchingUp => match Box::pin(self.catch_up()).await {
                    Ok(Some(bytes)) => return Some(bytes),
                    Ok(None) => {}
                    Err(error) => {
                        tracing::warn!(error = %error, "a viewer could not catch up");
                        return None;
                    }
                },
                Join::Following => match self.heard.recv().await {
                    Ok(ViewerMessage::Heartbeat(bytes)) => return Some(bytes),
                    Ok(ViewerMessage::Frame(frame)) => match frame.after(self.seen) {
                        Take::Whole => return Some(self.takes(frame)),
                        Take::Nothing => {}
                        Take::Gap => self.state = Join::CatchingUp,
                    },
                    // The viewer is too slow, so its stream ends. The viewer reconnects with its last number.
                    Err(_) => return None,
                },
            }
        }
    }

    fn takes(&mut self, frame: Frame) -> Bytes {
        self.seen = frame.last;
        frame.bytes
    }

    /// Reads the log up to its end, one frame a call. A gap means that retention has deleted unseen changes.
    async fn catch_up(&mut self) -> Result<Option<Bytes>, StoreError> {
        let last = store::last_seq(&self.db, self.event).await?;
        if last == self.seen {
            self.state = Join::Following;
            return Ok(None);
        }
        if last < self.seen {
            // A number beyond the end of the log comes from another database.
            return Ok(Some(self.reset(last)));
        }
        if last > self.seen + MAX_MISSED {
            return Ok(Some(self.reset(last - REPEATED)));
        }
        // The log is read after its end was determined, so every change that was numbered by then is here or deleted
        // for good.
        let (changes, now) = store::since(&self.db, self.event, self.seen, READ_LIMIT).await?;
        Ok(Some(match Frame::of(&changes, now) {
            Some(frame) if frame.first == self.seen + 1 => self.takes(frame),
            Some(frame) => self.reset(frame.first - 1),
            None => self.reset(last),
        }))
    }

    /// The message has the number from which the stream goes on. Otherwise the browser would reconnect with its old
    /// number, and be told the same again.
    fn reset(&mut self, upto: i64) -> Bytes {
        self.state = Join::Ended;
        message(stream_events::RESET, Some(upto), "{}")
    }
}
