//! Webhooks, signed as Stripe documents it (<https://docs.stripe.com/webhooks#verify-manually>). Each event is sent in
//! its own task, and again if the receiver does not respond with 2xx. Therefore events arrive in any order.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// The maximum number of times that an event is sent.
const MAX_TRIES: u32 = 6;
/// The wait before the first repetition. It doubles each time.
const RETRY_FIRST: Duration = Duration::from_millis(100);

/// The program that receives webhooks, and its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub url: String,
    /// The secret with which webhooks are signed.
    pub secret: String,
}

/// Whether the fake sends events by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Each event is sent at once.
    #[default]
    Send,
    /// An event is sent only when a test or the admin path requests it.
    Hold,
}

/// The signature header of a body that is sent at `at` (seconds since 1970).
pub fn signature(secret: &str, at: i64, body: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key may have any length");
    mac.update(format!("{at}.{body}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|it| format!("{it:02x}")).collect();
    format!("t={at},v1={hex},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39")
}

/// Sends a body unchanged. Returns the status of the response, or `None` without a response.
pub async fn send(client: &reqwest::Client, url: &str, header: &str, body: String) -> Option<u16> {
    let request = client
        .post(url)
        .header("Stripe-Signature", header)
        .header("Content-Type", "application/json; charset=utf-8")
        .body(body);
    request.send().await.ok().map(|response| response.status().as_u16())
}

/// Sends an event until the receiver accepts it.
pub async fn deliver(client: reqwest::Client, target: Target, event: Value, at: i64) {
    let body = serde_json::to_string_pretty(&event).unwrap_or_default();
    let mut pause = RETRY_FIRST;
    for _ in 0..MAX_TRIES {
        let header = signature(&target.secret, at, &body);
        let status = send(&client, &target.url, &header, body.clone()).await;
        if status.is_some_and(|status| (200..300).contains(&status)) {
            return;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    tracing::warn!(event = %event["id"], "nobody takes the event");
}
