//! The HTTP route of a buyer's cancellation.

use holdfast_contract::bookings::{Booking, BookingStatus, CancelRequest};
use holdfast_domain::{actor::Actor, ids::BookingId, refund::rules::Asker};
use poem::IntoResponse;
use poem_openapi::{
    OpenApi, Tags,
    param::{Header, Path},
};
use uuid::Uuid;

use super::{
    Cancellations,
    answer::{illegal, line_ids, no_booking, told},
    cancel::CancelCommand,
};
use crate::{
    access::{Access, CancelBooking},
    http::{
        auth::Caller,
        body::{Json, MaybeJson},
        problem::ApiProblem,
    },
    kernel::idempotency::Attempt,
    shop::checkout::BookingAnswer,
};

/// The route name under which idempotency keys of cancellations are stored.
const CANCEL: &str = "bookings/cancel";

#[derive(Debug, Clone)]
pub struct CancellationApi {
    pub access: Access,
    pub cancellations: Cancellations,
}

#[derive(Tags)]
enum Tag {
    /// Bookings: payment, tickets, cancellation and refunds.
    Bookings,
}

#[OpenApi(prefix_path = "/bookings", tag = "Tag::Bookings")]
impl CancellationApi {
    /// Cancel a booking: stop a pending booking or return a confirmed booking.
    ///
    /// Pending booking: the server voids the payment and then frees the places. Confirmed booking:
    /// its offers must allow it and the event must not have begun; then the tickets become void and
    /// the places free immediately, and the refund is on its way. `line_ids` names the lines to
    /// cancel; by default all lines are cancelled. 409 with `reasons` (`not-refundable`,
    /// `event-started`, `ticket-used`): at least one line cannot be cancelled, and nothing was
    /// changed.
    #[oai(path = "/:id/cancel", method = "post")]
    async fn cancel(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        /// One key for each attempt, the same with every retry. May be omitted.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        /// The token of a link, from `POST /bookings/{id}/code/proof`.
        #[oai(name = "X-Booking-Link")]
        link: Header<Option<String>>,
        body: MaybeJson<CancelRequest>,
    ) -> Result<BookingAnswer, ApiProblem> {
        let (link, id) = (link.0.as_deref(), BookingId(id.0));
        let booking = self.access.booking_permit::<CancelBooking>(&caller, link, id).await?;
        let (id, buyer, is_by_link) = (booking.booking(), booking.buyer(), booking.is_by_link());
        // The audit log tells a cancellation by a link and a code from the buyer's own.
        let actor = is_by_link.then(|| caller.user.map_or(Actor::Guest(caller.guest), Actor::from));
        let request = body.0.unwrap_or_default();
        let attempt = key.0.map(|key| Attempt::new(buyer.id(), CANCEL, &key, &(id, &request)));
        let attempt = attempt.transpose()?;
        let lines = line_ids(request.line_ids)?;
        let this = self.cancellations.clone();
        let tasks = &self.cancellations.checkouts.base.tasks;
        tasks
            .run(async move {
                let found = this.checkouts.bookings.find(id).await?.ok_or_else(no_booking)?;
                if found.status == BookingStatus::Pending {
                    if lines.is_some() {
                        return Err(illegal(
                            "pending",
                            "A pending booking can only be cancelled as a whole.",
                        ));
                    }
                    let mut stopped = this.checkouts.stop(id).await?.ok_or_else(no_booking)?;
                    if is_by_link {
                        // Only the buyer gets the secret that completes the payment.
                        stopped.next_action = None;
                    }
                    return stopped_answer(&stopped);
                }
                let command = CancelCommand {
                    booking: id,
                    asker: Asker::Buyer,
                    asked_by: Some(buyer.id()),
                    actor,
                    event: None,
                    lines,
                    attempt,
                };
                told(this.cancel(command).await?)
            })
            .await?
    }
}

/// The response to a caller who tried to stop a pending booking.
fn stopped_answer(booking: &Booking) -> Result<BookingAnswer, ApiProblem> {
    match booking.status {
        BookingStatus::Pending => Ok(BookingAnswer::pending(booking)),
        BookingStatus::Cancelled => Ok(BookingAnswer::now(Json(booking.clone()).into_response())),
        BookingStatus::Confirmed => Err(illegal(
            "confirmed",
            "The payment succeeded before it could be stopped. Cancel the booking again.",
        )),
        BookingStatus::Failed => Err(illegal("failed", "The booking has failed already.")),
    }
}
