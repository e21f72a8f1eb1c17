//! Buyers who hold one seat each.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hyper::{Method, StatusCode, Uri};
use serde::Serialize;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::{Options, figures::Times, http};

/// How long the beginning lasts.
const BEGINNING: Duration = Duration::from_millis(500);

/// The figures of the holds.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// How many holds were sent in a second.
    pub offered_per_s: f64,
    /// How many holds the server made in a second.
    pub held_per_s: f64,
    /// The times of the holds that were made.
    pub held: Times,
    /// The times of the answers 503.
    pub refused: Times,
    /// The same without those of the beginning, when every buyer makes a connection.
    pub refused_later: Times,
    /// How many of those named no `Retry-After`, and how many different ones the others named.
    pub refused_without_time: usize,
    pub retry_after_values: usize,
    /// How many answers were others, by their status; 0 is no answer.
    pub others: Vec<(u16, usize)>,
}

/// The holds of a run.
#[derive(Debug)]
pub struct Holds {
    pub figures: Figures,
    /// When each seat was known to be held.
    pub stamps: Vec<(i32, Instant)>,
}

/// The end of one hold.
enum Ended {
    Held { seat: i32, took: Duration, at: Instant },
    Refused { sent: Instant, took: Duration, retry_after: Option<u64> },
    Other(u16),
}

/// The ids in this file.
///
/// # Errors
/// When the file cannot be read.
pub fn seats(file: &str) -> anyhow::Result<Vec<i32>> {
    std::fs::read_to_string(file)?.lines().map(|line| Ok(line.trim().parse()?)).collect()
}

/// Holds seats until `end`, or until no seat is left. `None` without buyers.
///
/// # Errors
/// When an address is none.
pub async fn run(
    options: &Options,
    seats: Vec<i32>,
    end: Instant,
) -> anyhow::Result<Option<Holds>> {
    if options.holds == 0.0 && options.hold_connections == 0 {
        return Ok(None);
    }
    let paths = options.event_paths("/reservations");
    let nodes = paths.iter().map(|path| http::at_nodes(&options.url, path));
    let events = 0..options.events.len();
    let of_all = |seat| events.clone().map(move |event| Place { event, seat });
    let buyers = Arc::new(Buyers {
        http: http::Http::new(),
        nodes: nodes.collect::<anyhow::Result<_>>()?,
        free: Mutex::new(seats.into_iter().flat_map(of_all).rev().collect()),
        sent: AtomicUsize::new(0),
        ended: Mutex::new(Vec::new()),
    });
    let begun = Instant::now();
    let mut under_way = JoinSet::new();
    if options.hold_connections > 0 {
        for _ in 0..options.hold_connections {
            let buyers = Arc::clone(&buyers);
            under_way.spawn(async move { while Instant::now() < end && buyers.hold().await {} });
        }
    } else {
        let gap = Duration::from_secs_f64(1.0 / options.holds);
        let mut due = begun;
        while due < end && !buyers.free().is_empty() {
            sleep_until(due).await;
            let buyers = Arc::clone(&buyers);
            under_way.spawn(async move {
                buyers.hold().await;
            });
            while under_way.try_join_next().is_some() {}
            due += gap;
        }
    }
    while under_way.join_next().await.is_some() {}
    let lasted = options.lasts().min(begun.elapsed());
    let ended = std::mem::take(&mut *buyers.ended());
    Ok(Some(Holds::of(ended, begun, lasted)))
}

/// A seat of one of the events.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The position of the event.
    event: usize,
    seat: i32,
}

struct Buyers {
    http: http::Http,
    /// The nodes for the holds of each event.
    nodes: Vec<Vec<Uri>>,
    /// The places that nobody has, the next one last. A place whose hold was refused is free for the next buyer.
    free: Mutex<Vec<Place>>,
    sent: AtomicUsize,
    ended: Mutex<Vec<Ended>>,
}

impl Buyers {
    fn ended(&self) -> MutexGuard<'_, Vec<Ended>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn free(&self) -> MutexGuard<'_, Vec<Place>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds the next seat. `false` if none is left.
    async fn hold(&self) -> bool {
        let Some(place) = self.free().pop() else { return false };
        let nodes = &self.nodes[place.event];
        let node = nodes[self.sent.fetch_add(1, Ordering::Relaxed) % nodes.len()].clone();
        let seat = place.seat;
        let sent = Instant::now();
        let body = format!("{{\"seats\":[{{\"seat_id\":{seat}}}]}}");
        let ended = match self.http.send(Method::POST, node, Some(body)).await {
            Ok(answer) if answer.status == StatusCode::CREATED => {
                Ended::Held { seat, took: answer.took, at: Instant::now() }
            }
            Ok(answer) if answer.status == StatusCode::SERVICE_UNAVAILABLE => {
                self.free().push(place);
                Ended::Refused { sent, took: answer.took, retry_after: answer.retry_after }
            }
            Ok(answer) => Ended::Other(answer.status.as_u16()),
            Err(_) => Ended::Other(0),
        };
        self.ended().push(ended);
        true
    }
}

impl Holds {
    fn of(ended: Vec<Ended>, begun: Instant, lasted: Duration) -> Self {
        let per_s = |count: usize| count as f64 / lasted.as_secs_f64();
        let offered_per_s = per_s(ended.len());
        let (mut held, mut refused, mut stamps) = (Vec::new(), Vec::new(), Vec::new());
        let (mut waits, mut others) = (Vec::new(), Vec::<(u16, usize)>::new());
        let (mut refused_without_time, mut refused_later) = (0, Vec::new());
        for one in ended {
            match one {
                Ended::Held { seat, took, at } => {
                    held.push(took);
                    stamps.push((seat, at));
                }
                Ended::Refused { sent, took, retry_after } => {
                    refused.push(took);
                    if sent.duration_since(begun) > BEGINNING {
                        refused_later.push(took);
                    }
                    refused_without_time += usize::from(retry_after.is_none());
                    waits.extend(retry_after);
                }
                Ended::Other(status) => match others.iter_mut().find(|(it, _)| *it == status) {
                    Some((_, count)) => *count += 1,
                    None => others.push((status, 1)),
                },
            }
        }
        waits.sort_unstable();
        waits.dedup();
        let figures = Figures {
            offered_per_s,
            held_per_s: per_s(held.len()),
            held: Times::of(held),
            refused: Times::of(refused),
            refused_later: Times::of(refused_later),
            refused_without_time,
            retry_after_values: waits.len(),
            others,
        };
        Self { figures, stamps }
    }
}
