//! One function a route.

use holdfast_contract::{
    accounts::{Credentials, Registration, Session},
    bookings::{Booking, PaymentConfig, SimulatedCompletion, SimulatedOutcome},
    catalogue::{Event, EventPage, OfferPage, SectionPage},
    live::SeatStates,
    reservations::{HoldRequest, Reservation},
    seat_map::SeatMap,
};
use serde::Serialize;
use uuid::Uuid;

use super::client::{Call, Failure, send, send_for_status};

/// The largest page of a list that is asked for.
const LIST_LIMIT: u32 = 100;

fn json(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}

async fn get<T: serde::de::DeserializeOwned>(path: &str) -> Result<T, Failure> {
    send(Call { path, ..Call::default() }).await
}

async fn post<T: serde::de::DeserializeOwned>(
    path: &str,
    body: Option<String>,
) -> Result<T, Failure> {
    send(Call { method: "POST", path, body, key: None }).await
}

/// `GET /events`.
pub async fn events() -> Result<EventPage, Failure> {
    get(&format!("/events?limit={LIST_LIMIT}")).await
}

/// `GET /events/{id or slug}`.
pub async fn event(id_or_slug: &str) -> Result<Event, Failure> {
    get(&format!("/events/{}", js_sys::encode_uri_component(id_or_slug))).await
}

/// `GET /events/{id}/seats`, the layout.
pub async fn seat_map(event: Uuid) -> Result<SeatMap, Failure> {
    get(&format!("/events/{event}/seats")).await
}

/// `GET /events/{id}/seats?state=only`.
pub async fn seat_states(event: Uuid) -> Result<SeatStates, Failure> {
    get(&format!("/events/{event}/seats?state=only")).await
}

/// `GET /events/{id}/sections`.
pub async fn sections(event: Uuid) -> Result<SectionPage, Failure> {
    get(&format!("/events/{event}/sections")).await
}

/// `GET /events/{id}/offers`.
pub async fn offers(event: Uuid) -> Result<OfferPage, Failure> {
    get(&format!("/events/{event}/offers?limit={LIST_LIMIT}")).await
}

/// The address of the stream of changes after `seq`.
pub fn stream_address(event: Uuid, seq: i64) -> String {
    format!("{}/events/{event}/stream?after={seq}", super::BASE)
}

/// `POST /events/{id}/reservations`.
pub async fn hold(event: Uuid, wanted: &HoldRequest) -> Result<Reservation, Failure> {
    post(&format!("/events/{event}/reservations"), json(wanted)).await
}

/// `GET /reservations/{id}`.
pub async fn reservation(id: Uuid) -> Result<Reservation, Failure> {
    get(&format!("/reservations/{id}")).await
}

/// `POST /reservations/{id}/extend`.
pub async fn extend(id: Uuid) -> Result<Reservation, Failure> {
    post(&format!("/reservations/{id}/extend"), None).await
}

/// `DELETE /reservations/{id}`.
pub async fn cancel(id: Uuid) -> Result<(), Failure> {
    let path = format!("/reservations/{id}");
    send_for_status(Call { method: "DELETE", path: &path, ..Call::default() }).await.map(|_| ())
}

/// `GET /payments/config`.
pub async fn payment_config() -> Result<PaymentConfig, Failure> {
    get("/payments/config").await
}

/// `POST /bookings/confirm` with a body that is sent again unchanged under the same key.
pub async fn confirm(body: &str, key: &str) -> Result<Booking, Failure> {
    send(Call {
        method: "POST",
        path: "/bookings/confirm",
        body: Some(body.to_owned()),
        key: Some(key),
    })
    .await
}

/// `GET /bookings/{id}`.
pub async fn booking(id: Uuid) -> Result<Booking, Failure> {
    get(&format!("/bookings/{id}")).await
}

/// `POST /bookings/{id}/cancel`, the whole booking.
pub async fn cancel_booking(id: Uuid) -> Result<Booking, Failure> {
    post(&format!("/bookings/{id}/cancel"), None).await
}

/// `GET /bookings/reference/{reference}`.
pub async fn booking_by_reference(reference: &str) -> Result<Booking, Failure> {
    get(&format!("/bookings/reference/{}", js_sys::encode_uri_component(reference))).await
}

/// `POST /payments/simulated/{client_secret}/complete`.
pub async fn complete_simulated(secret: &str, outcome: SimulatedOutcome) -> Result<(), Failure> {
    let path = format!("/payments/simulated/{}/complete", js_sys::encode_uri_component(secret));
    let body = json(&SimulatedCompletion { outcome });
    send_for_status(Call { method: "POST", path: &path, body, key: None }).await.map(|_| ())
}

/// `POST /auth/login`.
pub async fn login(credentials: &Credentials) -> Result<Session, Failure> {
    post("/auth/login", json(credentials)).await
}

/// `POST /auth/register`; what it answers does not matter, signing in follows.
pub async fn register(registration: &Registration) -> Result<(), Failure> {
    let body = json(registration);
    send_for_status(Call { method: "POST", path: "/auth/register", body, key: None })
        .await
        .map(|_| ())
}

/// `POST /auth/logout`.
pub async fn logout() -> Result<(), Failure> {
    send_for_status(Call { method: "POST", path: "/auth/logout", ..Call::default() })
        .await
        .map(|_| ())
}
