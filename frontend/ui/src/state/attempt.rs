//! One attempt to pay: its idempotency key and the body that belongs to the key.
//!
//! The attempt is stored on the device from the first click until a final response, over repetitions and reloads, so
//! that one attempt is at most one charge. A final refusal removes it: the next click is a new attempt.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    browser::{self, Keep},
    json,
};

/// An attempt whose outcome is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAttempt {
    /// The idempotency key, the same for every repetition.
    pub key: String,
    /// The request body. Every repetition sends it unchanged.
    pub body: String,
    /// The booking. `None` until a response named it.
    #[serde(default)]
    pub booking: Option<Uuid>,
}

fn name(reservations: &[Uuid]) -> String {
    let mut ids: Vec<String> = Vec::with_capacity(reservations.len());
    for id in reservations.iter().map(Uuid::to_string) {
        // The ids are sorted, whatever their order in the address.
        ids.insert(ids.partition_point(|other| *other < id), id);
    }
    format!("holdfast.attempt.{}", ids.join(","))
}

/// The stored attempt for these reservations.
pub fn pending(reservations: &[Uuid]) -> Option<OpenAttempt> {
    json::parse(&browser::read(Keep::Device, &name(reservations))?)
}

/// Starts an attempt, or continues the stored attempt for these reservations.
pub fn begin(reservations: &[Uuid], body: String) -> OpenAttempt {
    pending(reservations).unwrap_or_else(|| {
        let attempt = OpenAttempt { key: browser::attempt_key(), body, booking: None };
        keep(reservations, &attempt);
        attempt
    })
}

/// Stores an attempt under the ids of its reservations, in place of an earlier attempt.
pub fn keep(reservations: &[Uuid], attempt: &OpenAttempt) {
    if let Ok(text) = serde_json::to_string(attempt) {
        browser::write(Keep::Device, &name(reservations), &text);
    }
}

/// Removes an attempt that has a final outcome.
pub fn finish(reservations: &[Uuid]) {
    browser::remove(Keep::Device, &name(reservations));
}
