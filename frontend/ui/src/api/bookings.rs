//! The routes of bookings: the list, one booking, and its links. The routes of one booking take the token of a link, for
//! visitors who are not its buyer on this device.

use holdfast_contract::{
    bookings::{
        Booking, BookingLink, BookingLookup, BookingPage, BookingPass, BookingPeriod, BookingProof,
        CancelRequest,
    },
    catalogue::Event,
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{
    client::{ApiCall, CallFailure, send, send_for_status},
    routes::{event, json, page_after},
};

/// The number of bookings on one page of the list. Their events are read one by one.
const BOOKINGS_LIMIT: u32 = 20;

async fn get<T: DeserializeOwned>(path: &str, link: Option<&str>) -> Result<T, CallFailure> {
    send(ApiCall { path, link, ..ApiCall::default() }).await
}

/// Which of the visitor's bookings a list contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedBookings {
    /// The bookings of one part of the list.
    In(BookingPeriod),
    /// All bookings whose reference contains this text.
    Named(String),
}

/// `GET /bookings/me`: one page of the visitor's bookings, newest first.
pub async fn bookings(
    listed: &ListedBookings,
    after: Option<&str>,
) -> Result<BookingPage, CallFailure> {
    let which = match listed {
        ListedBookings::In(period) => format!("when={}", period.word()),
        ListedBookings::Named(text) => {
            format!("reference={}", String::from(js_sys::encode_uri_component(text)))
        }
    };
    get(&format!("/bookings/me?limit={BOOKINGS_LIMIT}&{which}{}", page_after(after)), None).await
}

/// Adds the events of a booking to the events that are known already.
pub async fn add_events(known: &mut Vec<Event>, booking: &Booking) -> Result<(), CallFailure> {
    for line in &booking.lines {
        if known.iter().all(|event| event.id != line.event_id) {
            known.push(event(&line.event_id.to_string()).await?);
        }
    }
    Ok(())
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
