//! The HTTP of a buyer's cancellation.

use holdfast_contract::{
    bookings::{Booking, BookingStatus, CancelRequest},
    problem::ProblemType,
};
use holdfast_domain::{
    access::{self, Action},
    ids::{BookingId, LineId},
    refund::rules::Asker,
};
use poem::IntoResponse;
use poem_openapi::{
    OpenApi, Tags,
    param::{Header, Path},
};
use uuid::Uuid;

use super::{
    Cancellations,
    cancel::{Came, CancelCommand, CancelError},
};
use crate::{
    checkout::BookingAnswer,
    http::{
        auth::Caller,
        body::{Json, MaybeJson},
        idempotency::{self, Attempt},
        problem::ApiProblem,
    },
};

/// The name under which attempts are kept.
const CANCEL: &str = "bookings/cancel";
/// More lines than any booking has.
const MAX_LINES: usize = 1_000;

/// The route of a buyer's cancellation.
#[derive(Debug, Clone)]
pub struct CancellationApi {
    /// The use cases.
    pub cancellations: Cancellations,
}

#[derive(Tags)]
enum Tag {
    /// Paying for what is held.
    Bookings,
}

#[OpenApi(prefix_path = "/bookings", tag = "Tag::Bookings")]
impl CancellationApi {
    /// Stop a booking that is pending, or give one back that is confirmed.
    ///
    /// Pending: the payment is voided, then the places are free. Confirmed: as far as the offers allow it and
    /// until the event begins, the tickets are void and the places free at once, and the money is on its way
    /// back; `line_ids` names lines, all without. 409 with `reasons` (`not-refundable`, `event-started`,
    /// `ticket-used`) where a line cannot be given back; then nothing has changed.
    #[oai(path = "/:id/cancel", method = "post")]
    async fn cancel(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        /// One per attempt, the same at every retry; may be left out.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: MaybeJson<CancelRequest>,
    ) -> Result<BookingAnswer, ApiProblem> {
        let buyer = caller.known_buyer()?;
        let id = BookingId(id.0);
        let request = body.0.unwrap_or_default();
        let attempt = key.0.map(|key| Attempt::new(buyer.id(), CANCEL, &key, &(id, &request)));
        let attempt = attempt.transpose()?;
        let lines = line_ids(request.line_ids)?;
        let this = self.cancellations.clone();
        let tasks = &self.cancellations.checkouts.base.tasks;
        tasks
            .run(async move {
                let found = this.checkouts.related(&caller, id).await?;
                let Some((stored, relation)) = found else { return Err(no_booking()) };
                if !access::allows(caller.role(), relation, Action::CancelBooking) {
                    return Err(no_booking());
                }
                if stored.status == "pending" {
                    if lines.is_some() {
                        return Err(illegal("pending", "A pending booking is stopped as a whole."));
                    }
                    let stopped = this.checkouts.stop(id).await?.ok_or_else(no_booking)?;
                    return stopped_answer(&stopped);
                }
                let command = CancelCommand {
                    booking: id,
                    asker: Asker::Buyer,
                    asked_by: Some(buyer.id()),
                    actor: None,
                    event: None,
                    lines,
                    attempt,
                };
                told(this.cancel(command).await?)
            })
            .await?
    }
}

/// What is said of a pending booking that was to be stopped.
fn stopped_answer(booking: &Booking) -> Result<BookingAnswer, ApiProblem> {
    match booking.status {
        BookingStatus::Pending => Ok(BookingAnswer::pending(booking)),
        BookingStatus::Cancelled => Ok(BookingAnswer::now(Json(booking.clone()).into_response())),
        BookingStatus::Confirmed => Err(illegal(
            "confirmed",
            "The payment went through before it could be stopped. Cancel the booking again.",
        )),
        BookingStatus::Failed => Err(illegal("failed", "The booking has failed already.")),
    }
}

/// What came of a cancellation, or of money given.
pub(super) fn told(came: Came) -> Result<BookingAnswer, ApiProblem> {
    match came {
        Came::Now(booking) => Ok(BookingAnswer::now(Json(*booking).into_response())),
        Came::Before(answer) => Ok(BookingAnswer::now(answer.replayed())),
        Came::InFlight => Err(idempotency::in_flight()),
    }
}

/// The lines that a request names.
pub(super) fn line_ids(named: Option<Vec<Uuid>>) -> Result<Option<Vec<LineId>>, ApiProblem> {
    let Some(named) = named else { return Ok(None) };
    let mut lines: Vec<LineId> = named.iter().copied().map(LineId).collect();
    lines.sort_unstable();
    lines.dedup();
    if lines.len() != named.len() {
        return Err(ApiProblem::field("line_ids", "names a line twice"));
    }
    if lines.is_empty() || lines.len() > MAX_LINES {
        return Err(ApiProblem::field("line_ids", "must name 1 to 1000 lines"));
    }
    Ok(Some(lines))
}

pub(super) fn no_booking() -> ApiProblem {
    ApiProblem::not_found("booking")
}

fn illegal(reason: &str, detail: &str) -> ApiProblem {
    ApiProblem::new(ProblemType::IllegalTransition, detail).with_reasons(vec![reason.to_owned()])
}

impl From<CancelError> for ApiProblem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => no_booking(),
            CancelError::NoLine(_) => Self::field("line_ids", "names a line that is not there"),
            CancelError::Obstacles(obstacles) => {
                let named: Vec<String> =
                    obstacles.iter().map(|(line, _)| line.to_string()).collect();
                let mut reasons: Vec<String> =
                    obstacles.iter().map(|(_, obstacle)| obstacle.as_str().to_owned()).collect();
                reasons.sort_unstable();
                reasons.dedup();
                let detail = format!("Nothing was cancelled. In the way: {}.", named.join(", "));
                Self::new(ProblemType::IllegalTransition, detail).with_reasons(reasons)
            }
            CancelError::NotConfirmed(status) => {
                illegal(&status, &format!("The booking is {status}."))
            }
            CancelError::TooMuch(too_much) => {
                Self::field("amount.amount", format!("must be 1 to {}", too_much.left_minor))
                    .with_limit(None, Some(too_much.left_minor))
            }
            CancelError::OtherCurrency(currency) => {
                Self::field("amount.currency", format!("the booking is paid in {currency}"))
            }
            CancelError::NotMovable => {
                Self::field("amount.amount", "the payment provider cannot pay exactly this")
            }
            CancelError::Claim(error) => error.into(),
            CancelError::Db(error) => error.into(),
        }
    }
}
