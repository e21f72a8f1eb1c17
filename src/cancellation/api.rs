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

/// The route name under which idempotency keys of cancellations are stored.
const CANCEL: &str = "bookings/cancel";
/// An upper bound on the lines in one request; no booking has more.
const MAX_LINES: usize = 1_000;

/// The route of a buyer's cancellation.
#[derive(Debug, Clone)]
pub struct CancellationApi {
    /// The use cases.
    pub cancellations: Cancellations,
}

#[derive(Tags)]
enum Tag {
    /// Bookings: paying for reservations.
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
                        return Err(illegal(
                            "pending",
                            "A pending booking can only be cancelled as a whole.",
                        ));
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

/// The response to a cancellation or refund.
pub(super) fn told(came: Came) -> Result<BookingAnswer, ApiProblem> {
    match came {
        Came::Now(booking) => Ok(BookingAnswer::now(Json(*booking).into_response())),
        Came::Before(answer) => Ok(BookingAnswer::now(answer.replayed())),
        Came::InFlight => Err(idempotency::in_flight()),
    }
}

/// The lines named by a request, checked and without duplicates.
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
            CancelError::NoLine(_) => {
                Self::field("line_ids", "names a line that the booking does not have")
            }
            CancelError::Obstacles(obstacles) => {
                let named: Vec<String> =
                    obstacles.iter().map(|(line, _)| line.to_string()).collect();
                let mut reasons: Vec<String> =
                    obstacles.iter().map(|(_, obstacle)| obstacle.as_str().to_owned()).collect();
                reasons.sort_unstable();
                reasons.dedup();
                let detail = format!(
                    "Nothing was cancelled. These lines cannot be cancelled: {}.",
                    named.join(", ")
                );
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
            CancelError::NotMovable => Self::field(
                "amount.amount",
                "the payment provider cannot refund exactly this amount",
            ),
            CancelError::Claim(error) => error.into(),
            CancelError::Db(error) => error.into(),
        }
    }
}
