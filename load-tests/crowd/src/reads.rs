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
    let asked = options.read_url.as_ref().map_or(options.url.as_slice(), std::slice::from_ref);
    let mut addresses = Vec::new();
    for path in options.event_paths(read) {
        addresses.extend(http::at_nodes(asked, &path)?);
    }
    let (http, addresses) = (http::Http::new(), Arc::new(addresses));
    let mut readers = JoinSet::new();
    for reader in 0..options.readers {
        let (http, addresses) = (http.clone(), Arc::clone(&addresses));
        readers.spawn(async move {
            let (mut times, mut failed) = (Vec::<Duration>::new(), 0);
            let mut next = addresses.iter().cycle().skip(reader);
            while Instant::now() < end {
                let Some(address) = next.next() else { break };
                match http.send(Method::GET, address.clone(), None).await {
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
