//! The stream of an event's changes (server-sent events, WHATWG HTML 9.2).

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::stream;
use holdfast_contract::live::stream_events;
use holdfast_domain::ids::EventId;
use poem::{
    IntoResponse, Response,
    web::sse::{Event, SSE},
};
use tokio::sync::broadcast;

use super::{
    store,
    tail::{self, READ_LIMIT, Sent, Tail},
};
use crate::kernel::{base::Base, db::StoreError};

/// How often a silent stream sends a comment, so that proxies keep it open.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a client waits before it reconnects.
const RETRY_MS: u64 = 1_000;

/// Opens streams; cheap to clone.
#[derive(Debug, Clone)]
pub struct Stream {
    pub base: Base,
    pub tail: Tail,
}

impl Stream {
    /// Sends every change of the event after `seen`, as it happens. Without `seen`, sends the changes from now
    /// on.
    ///
    /// # Errors
    /// When the node has too many viewers, or the database fails.
    pub async fn open(&self, event: EventId, seen: Option<i64>) -> Result<Response, StreamError> {
        let seen = match seen {
            Some(seen) => seen,
            None => store::last_seq(&self.base.db, event).await?,
        };
        let viewer = Viewer::join(self, event, seen).await?;
        let stopping = self.base.tasks.streams();
        let messages = futures_util::StreamExt::take_until(viewer.messages(), async move {
            stopping.cancelled().await;
        });
        Ok(SSE::new(messages).keep_alive(HEARTBEAT).into_response())
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

struct Viewer {
    base: Base,
    _gauge: ViewerGauge,
    event: EventId,
    seen: i64,
    heard: broadcast::Receiver<Sent>,
    behind: VecDeque<Sent>,
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
    /// The viewer must read everything again. What it reads contains the log up to this number.
    Reset(i64),
    /// The viewer was told so, and its stream ends.
    Ended,
    /// The viewer gets changes as they happen.
    Following,
}

impl Viewer {
    async fn join(live: &Stream, event: EventId, seen: i64) -> Result<Self, StreamError> {
        // The viewer listens first and reads the log afterwards. It receives a change in between twice, and drops the
        // repetition by its number.
        let last = store::last_seq(&live.base.db, event).await?;
        let heard = live.tail.follow(event, last).map_err(|_| StreamError::TooManyViewers)?;
        let base = live.base.clone();
        Ok(Self {
            base,
            _gauge: ViewerGauge::new(),
            event,
            seen,
            heard,
            behind: VecDeque::new(),
            state: Join::CatchingUp,
        })
    }

    fn messages(self) -> impl futures_util::Stream<Item = Event> {
        let hello = stream::iter([Event::retry(RETRY_MS)]);
        let changes = stream::unfold(self, |mut viewer| async move {
            let message = viewer.next().await?;
            Some((message, viewer))
        });
        futures_util::StreamExt::chain(hello, changes)
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((seq, text)) = self.behind.pop_front() {
                if seq <= self.seen {
                    continue;
                }
                if seq > self.seen + 1 {
                    return self.reset(seq - 1);
                }
                self.seen = seq;
                return Some(message(seq, &text));
            }
            match self.state {
                Join::Reset(upto) => return self.reset(upto),
                Join::Ended => return None,
                Join::CatchingUp => {
                    if let Err(error) = self.catch_up().await {
                        tracing::warn!(error = %error, "a viewer could not catch up");
                        return None;
                    }
                }
                Join::Following => match self.heard.recv().await {
                    Ok(change) if change.0 > self.seen + 1 => self.state = Join::CatchingUp,
                    Ok(change) => self.behind.push_back(change),
                    // The viewer is too slow, so its stream ends. The viewer reconnects with its last number.
                    Err(_) => return None,
                },
            }
        }
    }

    /// Reads the log up to its end. A gap means that retention has deleted changes that the viewer has not seen.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let last = store::last_seq(&self.base.db, self.event).await?;
        if last <= self.seen {
            // A number beyond the end of the log comes from another database.
            self.state = if last == self.seen { Join::Following } else { Join::Reset(last) };
            return Ok(());
        }
        // The log is read after its end was determined, so every change that was numbered by then is here or deleted
        // for good.
        let (changes, now) = store::since(&self.base.db, self.event, self.seen, READ_LIMIT).await?;
        if changes.is_empty() {
            self.state = Join::Reset(last);
        }
        self.behind = changes.iter().map(|change| (change.seq, tail::wire(change, now))).collect();
        Ok(())
    }

    /// The message has the number from which the stream goes on. Otherwise the browser would reconnect with its old
    /// number, and be told the same again.
    fn reset(&mut self, upto: i64) -> Option<Event> {
        self.behind.clear();
        self.state = Join::Ended;
        Some(Event::message("{}").event_type(stream_events::RESET).id(upto.to_string()))
    }
}

fn message(seq: i64, text: &Arc<str>) -> Event {
    Event::message(text.to_string()).event_type(stream_events::CHANGE).id(seq.to_string())
}
