//! The HTTP of an event's bookings, for those who manage it.

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

/// The names under which attempts are kept.
const CANCEL: &str = "events/bookings/cancel";
const REFUND: &str = "events/bookings/refund";

/// The routes of an event's bookings.
#[derive(Debug, Clone)]
pub struct EventBookingsApi {
    /// Finds events and bookings.
    pub access: Access,
    /// The use cases.
    pub cancellations: Cancellations,
}

#[derive(Tags)]
enum Tag {
    /// Paying for what is held.
    Bookings,
}

#[OpenApi(prefix_path = "/events", tag = "Tag::Bookings")]
impl EventBookingsApi {
    /// The bookings of an event, newest first, for those who manage it.
    #[oai(path = "/:id/bookings", method = "get")]
    async fn list(
        &self,
        caller: Caller,
        id: Path<String>,
        /// Which, by where they stand; without, all.
        status: Query<Option<BookingStatus>>,
        /// How many, 1 to 100; 20 without.
        limit: Query<Option<u64>>,
        /// The `next` of the page before.
        after: Query<Option<Uuid>>,
    ) -> Result<Json<BookingPage>, ApiProblem> {
        let event = self.access.permit(&caller, &id.0).await?;
        let limit = page::limit(limit.0)?;
        let bookings = &self.cancellations.checkouts.bookings;
        let mut items = bookings.of_event(event, status.0, after.0, limit + 1).await?;
        let next = page::next(&mut items, limit, |booking| booking.id.to_string());
        Ok(Json(BookingPage { items, next }))
    }

    /// Cancel lines of a booking that are of this event, whatever the offers say, and give back what was paid.
    ///
    /// `line_ids` names lines, all of the event without. 409 with the reason `ticket-used` where somebody was
    /// admitted already; then nothing has changed.
    #[oai(path = "/:id/bookings/:booking_id/cancel", method = "post")]
    async fn cancel(
        &self,
        caller: Caller,
        id: Path<String>,
        booking_id: Path<Uuid>,
        /// One per attempt, the same at every retry; may be left out.
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

    /// Give an amount back without cancelling anything.
    ///
    /// It is divided over the lines by what was paid for each and not given back yet.
    #[oai(path = "/:id/bookings/:booking_id/refund", method = "post")]
    async fn refund(
        &self,
        caller: Caller,
        id: Path<String>,
        booking_id: Path<Uuid>,
        /// One per attempt, the same at every retry.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<RefundRequest>,
    ) -> Result<BookingAnswer, ApiProblem> {
        let booking = self.booking(&caller, &id.0, booking_id.0).await?;
        let key = key.0.ok_or_else(keyed::required)?;
        let (principal, request) = (caller.user()?.id.0, body.0);
        let fingerprint = (booking.event(), booking_id.0, &request);
        let attempt = Attempt::new(principal, REFUND, &key, &fingerprint)?;
        let currency = Currency::parse(&request.amount.currency)
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
