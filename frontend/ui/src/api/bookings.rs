//! The routes of one booking. Each takes the token of a link, for visitors who are not its buyer on this device.

use holdfast_contract::bookings::{
    Booking, BookingLink, BookingLookup, BookingPass, BookingProof, CancelRequest,
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{
    client::{ApiCall, CallFailure, send, send_for_status},
    routes::json,
};

async fn get<T: DeserializeOwned>(path: &str, link: Option<&str>) -> Result<T, CallFailure> {
    send(ApiCall { path, link, ..ApiCall::default() }).await
}

/// `GET /bookings/{id}`: a booking, by its id.
pub async fn booking(id: Uuid, link: Option<&str>) -> Result<Booking, CallFailure> {
    get(&format!("/bookings/{id}"), link).await
}

/// `GET /bookings/reference/{reference}`: a booking, by its reference.
pub async fn booking_by_reference(
    reference: &str,
    link: Option<&str>,
) -> Result<Booking, CallFailure> {
    let reference = js_sys::encode_uri_component(reference);
    get(&format!("/bookings/reference/{reference}"), link).await
}

/// `POST /bookings/{id}/cancel`: cancels these lines, or the whole booking.
pub async fn cancel_booking(
    id: Uuid,
    line_ids: Option<Vec<Uuid>>,
    link: Option<&str>,
) -> Result<Booking, CallFailure> {
    let (path, body) = (format!("/bookings/{id}/cancel"), json(&CancelRequest { line_ids }));
    send(ApiCall { method: "POST", path: &path, body, link, ..ApiCall::default() }).await
}

/// `POST /bookings/{id}/link`: a link that shows the booking.
pub async fn share_booking(id: Uuid) -> Result<BookingLink, CallFailure> {
    let path = format!("/bookings/{id}/link");
    send(ApiCall { method: "POST", path: &path, ..ApiCall::default() }).await
}

async fn ask(path: &str, body: Option<String>, link: Option<&str>) -> Result<(), CallFailure> {
    let call = ApiCall { method: "POST", path, body, link, ..ApiCall::default() };
    send_for_status(call).await.map(drop)
}

/// `POST /bookings/{id}/mail`: sends the mail about the booking once more.
pub async fn mail_booking(id: Uuid, link: Option<&str>) -> Result<(), CallFailure> {
    ask(&format!("/bookings/{id}/mail"), None, link).await
}

/// `POST /bookings/{id}/code`: mails a code to the booking's address.
pub async fn ask_booking_code(id: Uuid, link: Option<&str>) -> Result<(), CallFailure> {
    ask(&format!("/bookings/{id}/code"), None, link).await
}

/// `POST /bookings/{id}/code/proof`: a token that allows what the buyer may do, for the code of a mail.
pub async fn prove_booking_code(
    id: Uuid,
    code: String,
    link: Option<&str>,
) -> Result<BookingPass, CallFailure> {
    let (path, body) = (format!("/bookings/{id}/code/proof"), json(&BookingProof { code }));
    send(ApiCall { method: "POST", path: &path, body, link, ..ApiCall::default() }).await
}

/// `POST /bookings/lookup`: mails links to the bookings of an address.
pub async fn look_up_bookings(wanted: &BookingLookup) -> Result<(), CallFailure> {
    ask("/bookings/lookup", json(wanted), None).await
}
