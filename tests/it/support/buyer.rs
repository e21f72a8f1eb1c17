//! A guest who holds, pays and asks.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    fixture::Event,
    harness::{Answer, TestApp},
};

/// How often a test looks before it gives up: 10 s in all.
const LOOKS: usize = 200;
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A guest with something in hand.
pub struct Buyer {
    pub token: String,
    pub reservation: String,
}

impl Buyer {
    pub async fn holds(app: &TestApp, event: &Event, wish: &Value) -> Self {
        let held = app.post(&event.reservations(), wish).await;
        assert_eq!(held.status, 201, "{}", held.text);
        Self {
            token: held.body["guest_token"].as_str().expect("a guest token").to_owned(),
            reservation: held.body["id"].as_str().expect("an id").to_owned(),
        }
    }

    pub fn pays_with(&self, method: &str) -> Value {
        json!({ "reservation_ids": [self.reservation], "payment": { "method": method },
                "email": "Ada@Example.org" })
    }

    pub async fn confirms(&self, app: &TestApp, key: &str, body: &Value) -> Answer {
        let headers = [("Idempotency-Key", key)];
        app.as_guest(&self.token)
            .send(Method::POST, "/bookings/confirm", Some(body), &headers)
            .await
    }

    pub async fn gets(&self, app: &TestApp, path: &str) -> Answer {
        app.as_guest(&self.token).get(path).await
    }

    pub async fn reservation_status(&self, app: &TestApp) -> String {
        let read = self.gets(app, &format!("/reservations/{}", self.reservation)).await;
        read.body["status"].as_str().unwrap_or_default().to_owned()
    }

    /// The booking once it is no longer pending.
    pub async fn settled(&self, app: &TestApp, booking: &str) -> Value {
        for _ in 0..LOOKS {
            let read = self.gets(app, &format!("/bookings/{booking}")).await;
            assert_eq!(read.status, 200, "{}", read.text);
            if read.body["status"] != "pending" {
                return read.body;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("booking {booking} is pending for too long");
    }
}
