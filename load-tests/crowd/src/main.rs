//! A crowd in one process: buyers who hold seats, readers of a page's data, and viewers of the stream, all at once.
//!
//!     holdfast-crowd --url http://127.0.0.1:8080 --event ID --seats seats.txt --seconds 10 --holds 200 --viewers 2000
//!
//! Buyers come at a rate, whether the server keeps up or not (an open loop); with `--hold-connections`, each of them
//! sends the next hold when it has its answer. Readers send the next request when they have the answer to the last. The
//! last line of the output is a JSON object with the figures of the parts that ran. It measures and asserts nothing.

#![allow(clippy::disallowed_methods, reason = "a program that measures reads the clock")]

mod figures;
mod holds;
mod http;
mod reads;
mod viewers;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use clap::Parser;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

/// How long viewers listen after the last hold, so that its change still reaches them.
const LAST_CHANGES: Duration = Duration::from_secs(2);

/// What the crowd does.
#[derive(Debug, Parser)]
pub struct Options {
    /// The nodes, each as http://host:port; viewers and buyers are spread over all of them.
    #[arg(long, value_delimiter = ',', required = true)]
    url: Vec<String>,
    /// The ids of the events. Buyers and readers are spread over all of them, viewers watch the first.
    #[arg(long = "event", value_delimiter = ',', required = true)]
    events: Vec<String>,
    /// A file with the ids of free seats, one a line; every event has these seats. A seat is held once.
    #[arg(long)]
    seats: Option<String>,
    /// For how long buyers and readers come.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// How many holds begin in a second.
    #[arg(long, default_value_t = 0.0)]
    holds: f64,
    /// How many buyers hold one seat after the other, each without a pause. Excludes `--holds`.
    #[arg(long, default_value_t = 0, conflicts_with = "holds")]
    hold_connections: usize,
    /// What readers read, such as `/seats?state=only`, below the event's path.
    #[arg(long)]
    read: Option<String>,
    /// The node that readers ask; all nodes unless given.
    #[arg(long)]
    read_url: Option<String>,
    /// The number of readers.
    #[arg(long, default_value_t = 16)]
    readers: usize,
    /// The number of viewers of the stream.
    #[arg(long, default_value_t = 0)]
    viewers: usize,
}

impl Options {
    /// The paths below each event.
    fn event_paths(&self, below: &str) -> Vec<String> {
        self.events.iter().map(|event| format!("/api/v1/events/{event}{below}")).collect()
    }

    fn lasts(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

/// The figures of one run.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(skip_serializing_if = "Option::is_none")]
    holds: Option<holds::Figures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reads: Option<reads::Figures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    viewers: Option<viewers::Figures>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Arc::new(Options::parse());
    let seats = match &options.seats {
        Some(file) => holds::seats(file).with_context(|| format!("{file} cannot be read"))?,
        None => Vec::new(),
    };
    let audience = viewers::Audience::gather(&options).await?;
    let end = Instant::now() + options.lasts();
    let reading = reads::run(&options, end);
    let holding = holds::run(&options, seats, end);
    let (reads, holds) = tokio::try_join!(reading, holding)?;
    let viewers = match audience {
        Some(audience) => {
            sleep_until(Instant::now() + LAST_CHANGES).await;
            Some(audience.figures(holds.as_ref()))
        }
        None => None,
    };
    let report = Report { holds: holds.map(|it| it.figures), reads, viewers };
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}
