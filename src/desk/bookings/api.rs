//! The HTTP routes of an event's bookings, for those who manage the event.

use holdfast_contract::bookings::{BookingPage, BookingStatus, CancelRequest, RefundRequest};
use holdfast_domain::{
    ids::BookingId,
    money::{Currency, Money},
    refund::rules::Asker,
};
use poem_openapi::{
    OpenApi, Tags,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use crate::{
    access::{Access, BookingOfEvent},
    http::{
        auth::Caller,
        body::{Json, MaybeJson},
        keyed, page,
        problem::ApiProblem,
    },
    kernel::idempotency::Attempt,
    shop::{
        cancellation::{
            Cancellations,
            answer::{line_ids, told},
            cancel::CancelCommand,
            give_back::GiveBackCommand,
        },
        checkout::BookingAnswer,
    },
};

/// The route names under which idempotency keys are stored.
const CANCEL: &str = "events/bookings/cancel";
const REFUND: &str = "events/bookings/refund";

#[derive(Debug, Clone)]
pub struct EventBookingsApi {
    pub access: Access,
    pub cancellations: Cancellations,
}

#[derive(Tags)]
enum Tag {
    /// Bookings: payment, tickets, cancellation and refunds.
    Bookings,
}

#[OpenApi(prefix_path = "/events", tag = "Tag::Bookings")]
impl EventBookingsApi {
    /// List the bookings of an event, newest first.
    ///
    /// Only a manager of the event may read the list.
    #[oai(path = "/:id/bookings", method = "get")]
    async fn list(
        &self,
        caller: Caller,
        id: Path<String>,
        /// Only bookings with this status. Default: all.
        status: Query<Option<BookingStatus>>,
        /// The page size, 1 to 100. Default: 20.
        limit: Query<Option<u64>>,
        /// The `next` value of the previous page.
        after: Query<Option<Uuid>>,
    ) -> Result<Json<BookingPage>, ApiProblem> {
        let event = self.access.permit(&caller, &id.0).await?;
        let limit = page::limit(limit.0)?;
        let bookings = &self.cancellations.checkouts.bookings;
        let mut items = bookings.of_event(event, status.0, after.0, limit + 1).await?;
        let next = page::next(&mut items, limit, |booking| booking.id.to_string());
        Ok(Json(BookingPage { items, next }))
    }

    /// Cancel a booking's lines for this event, whatever its offers allow, and refund their price.
    ///
    /// `line_ids` names the lines; by default all of the booking's lines for this event are
    /// cancelled. 409 with the reason `ticket-used`: a ticket has already admitted somebody, and
    /// nothing was changed.
    #[oai(path = "/:id/bookings/:booking_id/cancel", method = "post")]
    async fn cancel(
        &self,
        caller: Caller,
        id: Path<String>,
        booking_id: Path<Uuid>,
        /// One key for each attempt, the same with every retry. May be omitted.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: MaybeJson<CancelRequest>,
    ) -> Result<BookingAnswer, ApiProblem> {
        let booking = self.booking(&caller, &id.0, booking_id.0).await?;
        let principal = caller.user()?.id.0;
        let request = body.0.unwrap_or_default();
        let fingerprint = (booking.event(), booking_id.0, &request);
        let attempt = key.0.map(|key| Attempt::new(principal, CANCEL, &key, &fingerprint));
        let command = CancelCommand {
            booking: booking.booking(),
            asker: Asker::Organizer,
            asked_by: Some(principal),
            actor: Some(booking.actor()),
            event: Some(booking.event()),
            attempt: attempt.transpose()?,
            lines: line_ids(request.line_ids)?,
        };
        let this = self.cancellations.clone();
        let tasks = &self.cancellations.checkouts.base.tasks;
        told(tasks.run(async move { this.cancel(command).await }).await??)
    }

    /// Refund an amount without cancelling anything.
    ///
    /// The server divides the amount over the lines in proportion to what was paid for each line
    /// and not refunded yet.
    #[oai(path = "/:id/bookings/:booking_id/refund", method = "post")]
    async fn refund(
        &self,
        caller: Caller,
        id: Path<String>,
        booking_id: Path<Uuid>,
        /// One key for each attempt, the same with every retry.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<RefundRequest>,
    ) -> Result<BookingAnswer, ApiProblem> {
        let booking = self.booking(&caller, &id.0, booking_id.0).await?;
        let key = key.0.ok_or_else(keyed::required)?;
        let (principal, request) = (caller.user()?.id.0, body.0);
        let fingerprint = (booking.event(), booking_id.0, &request);
        let attempt = Attempt::new(principal, REFUND, &key, &fingerprint)?;
        let currency = Currency::of_code(&request.amount.currency)
            .map_err(|error| ApiProblem::field("amount.currency", error.to_string()))?;
        let command = GiveBackCommand {
            booking,
            asked_by: principal,
            amount: Money::new(request.amount.amount, currency),
            lines: line_ids(request.line_ids)?,
            attempt,
        };
        let this = self.cancellations.clone();
        let tasks = &self.cancellations.checkouts.base.tasks;
        told(tasks.run(async move { this.give_back(command).await }).await??)
    }
}

impl EventBookingsApi {
    async fn booking(
        &self,
        caller: &Caller,
        event: &str,
        booking: Uuid,
    ) -> Result<BookingOfEvent, ApiProblem> {
        let event = self.access.permit(caller, event).await?;
        self.access.booking_of(event, BookingId(booking)).await
    }
}
