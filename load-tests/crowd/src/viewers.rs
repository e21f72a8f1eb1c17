//! Viewers of an event's stream. All of them check that no number is missing; some read the seats, and when they see
//! them.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep},
};

use crate::{Options, figures::Times, holds::Holds};

/// How many of the viewers read the seats. Reading costs the machine more than receiving.
const WHO_READ: usize = 20;
/// How many connections are opened before a short pause, so that the listener's queue does not overflow.
const TOGETHER: usize = 50;
const PAUSE: Duration = Duration::from_millis(20);
/// What stands before the numbers of a frame.
const DATA: &[u8] = b"data: {\"first\":";
const SEQ: &[u8] = b",\"seq\":";
/// No frame is longer; a longer one is not understood.
const MAX_FRAME_BYTES: usize = 4 * 1024 * 1024;

/// The figures of the viewers.
#[derive(Debug, Serialize)]
pub struct Figures {
    pub viewers: usize,
    /// How many streams ended before the run did.
    pub lost: u64,
    /// How often a number was missing.
    pub gaps: u64,
    /// How many frames arrived in a second, at all viewers together.
    pub frames_per_s: f64,
    pub bytes_per_s: f64,
    /// From the answer to a hold until a viewer saw the seat; negative times count as 0.
    pub age: Times,
    /// How many of the holds the viewers who read have not seen.
    pub unseen: usize,
}

/// The viewers, while they listen.
#[derive(Debug)]
pub struct Audience {
    shared: Arc<Shared>,
    begun: Instant,
    viewers: usize,
}

#[derive(Debug, Default)]
struct Shared {
    lost: AtomicU64,
    gaps: AtomicU64,
    frames: AtomicU64,
    bytes: AtomicU64,
    /// When each of the viewers who read first saw a seat.
    seen: Mutex<Vec<HashMap<i32, Instant>>>,
}

impl Audience {
    /// Opens all streams. `None` without viewers.
    ///
    /// # Errors
    /// When a stream cannot be opened.
    pub async fn gather(options: &Options) -> anyhow::Result<Option<Self>> {
        if options.viewers == 0 {
            return Ok(None);
        }
        let shared = Arc::new(Shared::default());
        let who_read = options.viewers.min(WHO_READ);
        shared.seen().resize_with(who_read, HashMap::new);
        let paths = options.event_paths("/stream");
        let path = paths.first().context("viewers need an event")?;
        for viewer in 0..options.viewers {
            let host = options.url[viewer % options.url.len()].trim_start_matches("http://");
            let stream = open(host, path).await.with_context(|| format!("viewer {viewer}"))?;
            let reads = (viewer < who_read).then_some(viewer);
            let shared = Arc::clone(&shared);
            tokio::spawn(async move { listen(stream, shared, reads).await });
            if viewer % TOGETHER == TOGETHER - 1 {
                sleep(PAUSE).await;
            }
        }
        for count in [&shared.frames, &shared.bytes] {
            count.store(0, Ordering::Relaxed);
        }
        Ok(Some(Self { shared, begun: Instant::now(), viewers: options.viewers }))
    }

    /// The figures until now. `holds` tells when the seats were held.
    pub fn figures(self, holds: Option<&Holds>) -> Figures {
        let shared = &self.shared;
        let lasted = self.begun.elapsed().as_secs_f64();
        let (mut ages, mut unseen) = (Vec::new(), 0);
        let stamps = holds.map(|it| it.stamps.as_slice()).unwrap_or_default();
        for seen in shared.seen().iter() {
            for (seat, held_at) in stamps {
                match seen.get(seat) {
                    Some(at) => ages.push(at.saturating_duration_since(*held_at)),
                    None => unseen += 1,
                }
            }
        }
        let rate = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / lasted;
        Figures {
            viewers: self.viewers,
            lost: shared.lost.load(Ordering::Relaxed),
            gaps: shared.gaps.load(Ordering::Relaxed),
            frames_per_s: rate(&shared.frames),
            bytes_per_s: rate(&shared.bytes),
            age: Times::of(ages),
            unseen,
        }
    }
}

impl Shared {
    fn seen(&self) -> std::sync::MutexGuard<'_, Vec<HashMap<i32, Instant>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a stream and reads the head of its answer.
async fn open(host: &str, path: &str) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(host).await?;
    let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await?;
    if !answer.starts_with(b"HTTP/1.1 200") {
        bail!("{}", String::from_utf8_lossy(&answer));
    }
    Ok(stream)
}

async fn listen(mut stream: TcpStream, shared: Arc<Shared>, reads: Option<usize>) {
    let (mut kept, mut last) = (Vec::<u8>::new(), None);
    let mut buffer = vec![0; 4 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        shared.bytes.fetch_add(read as u64, Ordering::Relaxed);
        kept.extend_from_slice(&buffer[..read]);
        while let Some(frame) = next_frame(&mut kept) {
            shared.frames.fetch_add(1, Ordering::Relaxed);
            if last.is_some_and(|last| frame.first > last + 1) {
                shared.gaps.fetch_add(1, Ordering::Relaxed);
            }
            last = Some(frame.last);
            if let Some(reader) = reads {
                let now = Instant::now();
                let mut seen = shared.seen();
                for seat in frame.seats() {
                    seen[reader].entry(seat).or_insert(now);
                }
            }
        }
        if kept.len() > MAX_FRAME_BYTES {
            break;
        }
    }
    shared.lost.fetch_add(1, Ordering::Relaxed);
}

/// A frame of the stream.
struct Frame {
    first: i64,
    last: i64,
    json: Vec<u8>,
}

#[derive(Deserialize)]
struct Seats {
    #[serde(default)]
    seats: Vec<(i32, String, i32, Option<i64>)>,
}

impl Frame {
    fn seats(&self) -> Vec<i32> {
        let read: Result<Seats, _> = serde_json::from_slice(&self.json);
        read.map(|it| it.seats.into_iter().map(|seat| seat.0).collect()).unwrap_or_default()
    }
}

/// Takes the first whole frame out of what has arrived. A frame is one chunk of the answer, so that the lengths of chunks
/// stand between frames only.
fn next_frame(kept: &mut Vec<u8>) -> Option<Frame> {
    let start = find(kept, DATA)?;
    let end = start + find(&kept[start..], b"\n\n")?;
    let json = kept[start + b"data: ".len()..end].to_vec();
    kept.drain(..end + 2);
    let numbers = &json[b"{\"first\":".len()..];
    let (first, numbers) = number(numbers)?;
    let (last, _) = number(numbers.strip_prefix(SEQ)?)?;
    Some(Frame { first, last, json })
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn number(text: &[u8]) -> Option<(i64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
    Some((number, &text[digits..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_between_the_lengths_of_chunks() {
        let mut kept = b"retry: 1000\n\n\r\n5a\r\nid: 7\nevent: change\ndata: {\"first\":5,\"seq\":7,\"now\":1,\
            \"seats\":[[3,\"held\",2,90]]}\n\n\r\n20\r\nevent: heartbeat\ndata: {}\n\n\r\n30\r\nid: 8\n\
            event: change\ndata: {\"first\":8,\"se"
            .to_vec();
        let frame = next_frame(&mut kept).expect("a frame");
        assert_eq!((frame.first, frame.last, frame.seats()), (5, 7, vec![3]));
        assert!(next_frame(&mut kept).is_none());
        kept.extend_from_slice(b"q\":8,\"now\":2,\"event\":true}\n\n");
        let frame = next_frame(&mut kept).expect("the rest of it");
        assert_eq!((frame.first, frame.last, frame.seats()), (8, 8, vec![]));
        assert!(next_frame(&mut kept).is_none());
    }
}
