//! Crowds of simultaneous holds, over one node or several nodes.

use std::sync::Arc;

use serde_json::Value;

use crate::support::{
    answer::Answer,
    fixture::{Event, seats},
    harness::TestApp,
};

/// Sends `count` holds at once, spread over the nodes. `wish` gives the body of the n-th hold.
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

/// A wish for four of forty seats; the wishes overlap.
pub fn four_of_forty(n: usize) -> Value {
    let first = i32::try_from(n * 7 % 40).expect("small");
    seats(&[0, 1, 2, 3].map(|step| (first + step * 3) % 40 + 1))
}
