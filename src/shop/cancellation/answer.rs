//! The response to the buyer or organizer who asked for a cancellation.

use holdfast_contract::problem::ProblemType;
use holdfast_domain::ids::LineId;
use poem::IntoResponse;
use uuid::Uuid;

use super::cancel::{CancelLinesError, CancelOutcome};
use crate::{
    http::{body::Json, keyed, problem::ApiProblem},
    shop::checkout::BookingAnswer,
};

/// An upper bound on the lines in one request; no booking has more.
const MAX_LINES: usize = 1_000;

/// The response to a cancellation or refund.
pub fn told(came: CancelOutcome) -> Result<BookingAnswer, ApiProblem> {
    match came {
        CancelOutcome::Now(booking) => Ok(BookingAnswer::now(Json(*booking).into_response())),
        CancelOutcome::Before(answer) => Ok(BookingAnswer::now(keyed::replayed(answer))),
        CancelOutcome::InFlight => Err(keyed::in_flight()),
    }
}

/// The lines named by a request, checked and without duplicates.
pub fn line_ids(named: Option<Vec<Uuid>>) -> Result<Option<Vec<LineId>>, ApiProblem> {
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

pub(super) fn illegal(reason: &str, detail: &str) -> ApiProblem {
    ApiProblem::new(ProblemType::IllegalTransition, detail).with_reasons(vec![reason.to_owned()])
}

impl From<CancelLinesError> for ApiProblem {
    fn from(error: CancelLinesError) -> Self {
        match error {
            CancelLinesError::NotFound => no_booking(),
            CancelLinesError::NoLine(_) => {
                Self::field("line_ids", "names a line that the booking does not have")
            }
            CancelLinesError::Obstacles(obstacles) => {
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
            CancelLinesError::NotConfirmed(status) => {
                let status = status.as_str();
                illegal(status, &format!("The booking is {status}."))
            }
            CancelLinesError::TooMuch(too_much) => {
                let message = match too_much.left_minor {
                    ..=0 => "nothing is left that could be refunded".to_owned(),
                    1 => "must be 1".to_owned(),
                    left => format!("must be 1 to {left}"),
                };
                Self::field("amount.amount", message).with_limit(None, Some(too_much.left_minor))
            }
            CancelLinesError::OtherCurrency(currency) => {
                Self::field("amount.currency", format!("the booking is paid in {currency}"))
            }
            CancelLinesError::NotMovable => Self::field(
                "amount.amount",
                "the payment provider cannot refund exactly this amount",
            ),
            CancelLinesError::Claim(error) => error.into(),
            CancelLinesError::Db(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use holdfast_domain::refund::rules::TooMuch;

    use super::*;

    #[test]
    fn an_amount_is_told_what_is_left_of_it() {
        for (left_minor, expected) in [
            (0, "nothing is left that could be refunded"),
            (1, "must be 1"),
            (4900, "must be 1 to 4900"),
        ] {
            let refused = ApiProblem::from(CancelLinesError::TooMuch(TooMuch { left_minor }));
            assert_eq!(refused.problem().errors[0].message, expected);
        }
    }
}
