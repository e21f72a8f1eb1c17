//! Readers who read the same again and again.

use std::{sync::Arc, time::Duration};

use hyper::Method;
use serde::Serialize;
use tokio::{task::JoinSet, time::Instant};

use crate::{Options, figures::Times, http};

/// The figures of the reads.
#[derive(Debug, Serialize)]
pub struct Figures {
    pub per_s: f64,
    pub read: Times,
    /// How many answers were not 200.
    pub failed: usize,
}

/// Reads until `end`. `None` without readers.
///
/// # Errors
/// When an address is none.
pub async fn run(options: &Arc<Options>, end: Instant) -> anyhow::Result<Option<Figures>> {
    let Some(read) = &options.read else { return Ok(None) };
    let path = format!("{}{read}", options.event_path());
    let asked = options.read_url.as_ref().map_or(options.url.as_slice(), std::slice::from_ref);
    let nodes = http::at_nodes(asked, &path)?;
    let http = http::Http::new();
    let mut readers = JoinSet::new();
    for reader in 0..options.readers {
        let (http, node) = (http.clone(), nodes[reader % nodes.len()].clone());
        readers.spawn(async move {
            let (mut times, mut failed) = (Vec::<Duration>::new(), 0);
            while Instant::now() < end {
                match http.send(Method::GET, node.clone(), None).await {
                    Ok(answer) if answer.status.is_success() => times.push(answer.took),
                    Ok(_) | Err(_) => failed += 1,
                }
            }
            (times, failed)
        });
    }
    let (mut times, mut failed) = (Vec::new(), 0);
    for (of_one, failed_of_one) in readers.join_all().await {
        times.extend(of_one);
        failed += failed_of_one;
    }
    let per_s = times.len() as f64 / options.seconds;
    Ok(Some(Figures { per_s, read: Times::of(times), failed }))
}
