//! Crowds that hold at once, over one node or several.

use std::sync::Arc;

use serde_json::Value;

use crate::support::{
    answer::Answer,
    fixture::{Event, seats},
    harness::TestApp,
};

/// Sends `count` holds at once, spread over the nodes; `wish` says what the n-th one asks for.
pub async fn storm(
    nodes: &[Arc<TestApp>],
    event: &Event,
    count: usize,
    wish: impl Fn(usize) -> Value,
) -> Vec<Answer> {
    let mut holds = tokio::task::JoinSet::new();
    for n in 0..count {
        let (node, path, body) =
            (Arc::clone(&nodes[n % nodes.len()]), event.reservations(), wish(n));
        holds.spawn(async move { node.post(&path, &body).await });
    }
    holds.join_all().await
}

/// Four of forty seats, overlapping.
pub fn four_of_forty(n: usize) -> Value {
    let first = i32::try_from(n * 7 % 40).expect("small");
    seats(&[0, 1, 2, 3].map(|step| (first + step * 3) % 40 + 1))
}
