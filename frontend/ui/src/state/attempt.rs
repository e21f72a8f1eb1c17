//! One attempt to pay: its Idempotency-Key and the body that goes with it.
//!
//! Kept on the device from the first click until a final answer, over retries and reloads, so that
//! one attempt is one charge. A final no forgets it: the next click is a new attempt.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    browser::{self, Keep},
    json,
};

/// An attempt whose end is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The Idempotency-Key.
    pub key: String,
    /// What was sent, to be sent again unchanged.
    pub body: String,
    /// The booking, once the server named it.
    #[serde(default)]
    pub booking: Option<Uuid>,
}

fn name(reservations: &[Uuid]) -> String {
    let mut ids: Vec<String> = Vec::with_capacity(reservations.len());
    for id in reservations.iter().map(Uuid::to_string) {
        // In order, whatever order the address has.
        ids.insert(ids.partition_point(|other| *other < id), id);
    }
    format!("holdfast.attempt.{}", ids.join(","))
}

/// The attempt under way for these reservations.
pub fn pending(reservations: &[Uuid]) -> Option<Attempt> {
    json::parse(&browser::read(Keep::Device, &name(reservations))?)
}

/// Begins an attempt, or goes on with the one that has no end yet.
pub fn begin(reservations: &[Uuid], body: String) -> Attempt {
    pending(reservations).unwrap_or_else(|| {
        let attempt = Attempt { key: browser::attempt_key(), body, booking: None };
        keep(reservations, &attempt);
        attempt
    })
}

/// Keeps what is known of an attempt.
pub fn keep(reservations: &[Uuid], attempt: &Attempt) {
    if let Ok(text) = serde_json::to_string(attempt) {
        browser::write(Keep::Device, &name(reservations), &text);
    }
}

/// Forgets an attempt: it came to its end.
pub fn finish(reservations: &[Uuid]) {
    browser::remove(Keep::Device, &name(reservations));
}
