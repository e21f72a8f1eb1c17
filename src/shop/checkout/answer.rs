//! Builds the responses of a checkout to the buyer. Stored responses are replayed byte by byte.

use holdfast_contract::{
    bookings::{Booking, NextAction},
    problem::{FieldError, ProblemType},
};
use holdfast_domain::checkout::{Decline, Failure};

use crate::{
    http::problem::{self, ApiProblem},
    kernel::idempotency::{NewObject, StoredAnswer},
};

/// The kind of every next action: the buyer's page passes the secret to the gateway's own script.
const REDIRECT_OR_SDK: &str = "redirect_or_sdk";

/// The next action of the buyer, with the gateway's secret.
pub fn next_action(client_secret: String) -> NextAction {
    NextAction { kind: REDIRECT_OR_SDK.to_owned(), client_secret }
}

/// The response for a paid booking: 201, stored under the key.
pub fn confirmed(booking: &Booking) -> StoredAnswer {
    NewObject { body: booking, path: format!("/bookings/{}", booking.id) }.answer()
}

/// The response while the result is unknown, or the buyer must act: 202, never stored.
pub fn pending(booking: &Booking) -> StoredAnswer {
    StoredAnswer::json(202, booking)
}

/// The response to a failed checkout, if it is stored under the key. A declined card is the final result of this
/// attempt. Other failures are read from the booking each time.
pub fn kept_failure(why: &Failure) -> Option<StoredAnswer> {
    match why {
        Failure::Declined { .. } => {
            Some(StoredAnswer::typed(402, problem::CONTENT_TYPE, failure(why).problem()))
        }
        Failure::SeatsLost
        | Failure::SeatsLostRefunded
        | Failure::TimedOut
        | Failure::CaptureRefused
        | Failure::Cancelled => None,
    }
}

/// A failed checkout as a problem. `reasons` names the failure as the booking does.
pub fn failure(why: &Failure) -> ApiProblem {
    let (kind, detail) = match why {
        Failure::Declined { code } if code == Decline::METHOD_UNSUPPORTED => {
            let (field, message) =
                ("payment.method", "is of a kind that this shop does not accept");
            let error = FieldError { field: field.to_owned(), message: message.to_owned() };
            let detail =
                "This shop does not accept this payment method. Your places are still held.";
            return ApiProblem::new(ProblemType::PaymentDeclined, detail)
                .with_errors(vec![error])
                .with_reasons(vec![why.name().to_owned()]);
        }
        Failure::Declined { code } => (
            ProblemType::PaymentDeclined,
            format!("The card was declined ({code}). Your places are still held."),
        ),
        Failure::SeatsLost => (
            ProblemType::SeatsUnavailable,
            "Some of your seats were lost. Nothing was charged.".to_owned(),
        ),
        Failure::SeatsLostRefunded => (
            ProblemType::SeatsUnavailable,
            "Your payment succeeded after your seats were lost. It is being refunded.".to_owned(),
        ),
        Failure::TimedOut => (
            ProblemType::ReservationExpired,
            "The payment was not completed in time. Nothing was charged.".to_owned(),
        ),
        Failure::CaptureRefused => (
            ProblemType::ReservationNotActive,
            "The bank did not release the amount. Nothing was charged.".to_owned(),
        ),
        Failure::Cancelled => {
            (ProblemType::ReservationNotActive, "The booking was cancelled.".to_owned())
        }
    };
    ApiProblem::new(kind, detail).with_reasons(vec![why.name().to_owned()])
}

#[cfg(test)]
mod tests {
    use holdfast_contract::problem::Problem;

    use super::*;

    #[test]
    fn only_a_decline_is_kept_and_it_says_so() {
        let declined = Failure::Declined { code: "card_declined".into() };
        let kept = kept_failure(&declined).expect("kept");
        assert_eq!(kept.status, 402);
        let problem: Problem = serde_json::from_str(&kept.body).expect("a problem");
        assert_eq!(problem.reasons, ["payment-declined"]);
        assert_eq!(problem.errors, []);
        let unsupported = Failure::Declined { code: Decline::METHOD_UNSUPPORTED.into() };
        let kept = kept_failure(&unsupported).expect("kept");
        let problem: Problem = serde_json::from_str(&kept.body).expect("a problem");
        assert_eq!((kept.status, problem.errors[0].field.as_str()), (402, "payment.method"));
        assert_eq!(problem.reasons, ["payment-declined"]);
        for why in [
            Failure::SeatsLost,
            Failure::SeatsLostRefunded,
            Failure::TimedOut,
            Failure::CaptureRefused,
            Failure::Cancelled,
        ] {
            assert_eq!(kept_failure(&why), None);
            assert_eq!(failure(&why).problem().status, 409);
            assert_eq!(failure(&why).problem().reasons, [why.name()]);
        }
    }
}
