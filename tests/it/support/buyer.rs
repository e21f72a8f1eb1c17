//! A guest who holds seats, pays for them and asks about the booking.

use std::time::Duration;

use holdfast::kernel::db::Sql as _;
use holdfast_contract::{
    bookings::{Booking, BookingStatus},
    reservations::{Reservation, ReservationStatus},
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{answer::Answer, fixture::Event, harness::TestApp};

/// The maximum number of looks before a test fails: 10 s in all.
const LOOKS: usize = 200;
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A guest with a reservation.
pub struct GuestBuyer {
    pub token: String,
    pub reservation: Uuid,
}

impl GuestBuyer {
    pub async fn holds(app: &TestApp, event: &Event, wish: &Value) -> Self {
        Self::of(&app.post(&event.reservations(), wish).await)
    }

    /// The guest whose hold got this response.
    pub fn of(held: &Answer) -> Self {
        assert_eq!(held.status, 201, "{}", held.text);
        Self { token: held.guest_token(), reservation: held.reservation().id }
    }

    pub fn pays_with(&self, method: &str) -> Value {
        self.pays_from(method, "Ada@Example.org")
    }

    /// The body of a payment with this method and another e-mail address.
    pub fn pays_from(&self, method: &str, email: &str) -> Value {
        json!({ "reservation_ids": [self.reservation], "payment": { "method": method }, "email": email })
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

    pub async fn reads_reservation(&self, app: &TestApp) -> Reservation {
        self.gets(app, &format!("/reservations/{}", self.reservation)).await.read()
    }

    pub async fn reservation_status(&self, app: &TestApp) -> ReservationStatus {
        self.reads_reservation(app).await.status
    }

    pub async fn reads_booking(&self, app: &TestApp, booking: Uuid) -> Booking {
        let read = self.gets(app, &format!("/bookings/{booking}")).await;
        assert_eq!(read.status, 200, "{}", read.text);
        read.booking()
    }

    /// The booking once it is no longer pending.
    pub async fn settled(&self, app: &TestApp, booking: Uuid) -> Booking {
        for _ in 0..LOOKS {
            let read = self.reads_booking(app, booking).await;
            if read.status != BookingStatus::Pending {
                return read;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let saga = "SELECT status || ' ' || state || ', due in ' || CAST(due_at - {now} AS text) \
                    || ' ms, leased for ' || CAST(lease_until - {now} AS text) || ' ms, ' \
                    || COALESCE(last_error, 'no error') FROM sagas WHERE subject_id = $1";
        let saga: Option<String> =
            app.app.base.db.value(saga, vec![booking.into()]).await.expect("the store answers");
        panic!("booking {booking} is pending for too long: {saga:?}");
    }
}
