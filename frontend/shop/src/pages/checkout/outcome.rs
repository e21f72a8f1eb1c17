//! The meaning of a response about a booking for the buyer. This module neither waits nor draws.

use holdfast_contract::{
    bookings::{Booking, BookingStatus},
    problem::ProblemType,
    words::BookingFailure,
};

use ui::api::CallFailure;

/// The next step of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The booking with this reference is paid: show its page.
    Done(String),
    /// The gateway asks for a second step with this secret.
    SecondStep(String),
    /// The outcome is unknown yet: ask again.
    Wait,
    /// The payment finally failed for this reason.
    Failed(FailureReason),
}

/// Why a payment failed, as far as the buyer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureReason {
    /// The bank declined the card or the second step.
    Declined,
    /// Other buyers have the seats.
    SeatsLost,
    /// Other buyers have the seats, and the payment is refunded automatically.
    SeatsLostRefunded,
    /// The payment took too long.
    Timeout,
    /// The buyer cancelled the payment.
    Cancelled,
    /// Any other reason, which the page shows with a general text.
    Other,
}

/// The meaning of the status of a booking. `answered` is the secret of a second step that the buyer has already taken.
pub fn of_booking(booking: &Booking, answered: Option<&str>) -> Next {
    match booking.status {
        BookingStatus::Confirmed => Next::Done(booking.reference.clone()),
        // The booking was paid once. The page of the booking tells what happened afterwards.
        BookingStatus::Cancelled if !booking.tickets.is_empty() => {
            Next::Done(booking.reference.clone())
        }
        BookingStatus::Failed | BookingStatus::Cancelled => {
            Next::Failed(reason(booking.failure.as_deref()))
        }
        BookingStatus::Pending => match &booking.next_action {
            Some(action) if answered != Some(action.client_secret.as_str()) => {
                Next::SecondStep(action.client_secret.clone())
            }
            Some(_) | None => Next::Wait,
        },
    }
}

fn reason(failure: Option<&str>) -> FailureReason {
    match failure.and_then(BookingFailure::parse) {
        Some(BookingFailure::PaymentDeclined | BookingFailure::CaptureRefused) => {
            FailureReason::Declined
        }
        Some(BookingFailure::SeatsLostRefunded) => FailureReason::SeatsLostRefunded,
        Some(BookingFailure::SeatsLost) => FailureReason::SeatsLost,
        Some(BookingFailure::PaymentTimeout) => FailureReason::Timeout,
        Some(BookingFailure::Cancelled) => FailureReason::Cancelled,
        Some(BookingFailure::EventCancelled) | None => FailureReason::Other,
    }
}

/// The meaning of a refused confirm request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmRefusal {
    /// The outcome is open: repeat the request with the same key.
    Open,
    /// The card was finally declined. The seats stay held.
    Declined,
    /// The hold is over: the seats cannot be paid for any more.
    Over,
    /// The reservation changed meanwhile: read it again.
    Changed,
    /// Any other refusal that a repetition would not change.
    Final,
}

/// The meaning of this failure of a confirm request.
pub fn of_failure(failure: &CallFailure) -> ConfirmRefusal {
    if failure.is_open() {
        return ConfirmRefusal::Open;
    }
    match failure.kind() {
        Some(ProblemType::PaymentDeclined) => ConfirmRefusal::Declined,
        Some(ProblemType::ReservationExpired) => ConfirmRefusal::Over,
        Some(ProblemType::ReservationNotActive) => ConfirmRefusal::Changed,
        Some(
            ProblemType::InvalidRequest
            | ProblemType::BodyTooLarge
            | ProblemType::BodyTooSlow
            | ProblemType::UnsupportedMediaType
            | ProblemType::NotFound
            | ProblemType::MethodNotAllowed
            | ProblemType::Unauthorized
            | ProblemType::InvalidCredentials
            | ProblemType::Forbidden
            | ProblemType::CodeRequired
            | ProblemType::LinkExpired
            | ProblemType::RegisteredElsewhere
            | ProblemType::WeakPassword
            | ProblemType::SeatsUnavailable
            | ProblemType::NotEnoughPlaces
            | ProblemType::NotOnSale
            | ProblemType::LimitExceeded
            | ProblemType::ExtensionCapReached
            | ProblemType::MixedCurrency
            | ProblemType::MixedOrganizer
            | ProblemType::IdempotencyKeyRequired
            | ProblemType::IdempotencyKeyReused
            | ProblemType::IdempotencyInFlight
            | ProblemType::InvalidPlan
            | ProblemType::PlanInUse
            | ProblemType::SlugTaken
            | ProblemType::IllegalTransition
            | ProblemType::StaleVersion
            | ProblemType::TooManyRequests
            | ProblemType::Overloaded
            | ProblemType::Unavailable
            | ProblemType::Internal,
        )
        | None => ConfirmRefusal::Final,
    }
}

/// The wait before question number `n` (from 0).
pub fn poll_wait_ms(n: u32) -> i32 {
    match n {
        0..=4 => 700,
        5..=20 => 1_500,
        _ => 4_000,
    }
}

#[cfg(test)]
mod tests {
    use holdfast_contract::{bookings::NextAction, money::Money, problem::Problem};

    use super::*;

    fn booking(status: BookingStatus, secret: Option<&str>, failure: Option<&str>) -> Booking {
        Booking {
            id: uuid::Uuid::nil(),
            reference: "HF-12345678".into(),
            status,
            total: Money { amount: 1, currency: "EUR".into() },
            lines: vec![],
            tickets: vec![],
            next_action: secret.map(|secret| NextAction {
                kind: "redirect_or_sdk".into(),
                client_secret: secret.into(),
            }),
            failure: failure.map(str::to_owned),
            email: None,
            cancellable: false,
            refundable: None,
            payment_expires_in_seconds: None,
            created_at: String::new(),
        }
    }

    #[test]
    fn a_pending_booking_is_waited_for_or_asks_for_a_step_once() {
        let pending = booking(BookingStatus::Pending, Some("s1"), None);
        assert_eq!(of_booking(&pending, None), Next::SecondStep("s1".into()));
        assert_eq!(of_booking(&pending, Some("s1")), Next::Wait);
        assert_eq!(of_booking(&pending, Some("s0")), Next::SecondStep("s1".into()));
        assert_eq!(of_booking(&booking(BookingStatus::Pending, None, None), None), Next::Wait);
    }

    #[test]
    fn an_ended_booking_is_final() {
        let done = booking(BookingStatus::Confirmed, None, None);
        assert_eq!(of_booking(&done, None), Next::Done("HF-12345678".into()));
        for (failure, reason) in [
            (Some("payment-declined"), FailureReason::Declined),
            (Some("seats-lost"), FailureReason::SeatsLost),
            (Some("seats-lost-refunded"), FailureReason::SeatsLostRefunded),
            (Some("payment-timeout"), FailureReason::Timeout),
            (Some("a word of a newer server"), FailureReason::Other),
            (None, FailureReason::Other),
        ] {
            let failed = booking(BookingStatus::Failed, None, failure);
            assert_eq!(of_booking(&failed, None), Next::Failed(reason));
        }
    }

    #[test]
    fn only_a_final_no_ends_the_attempt() {
        let refused = |kind| of_failure(&CallFailure::Problem(Box::new(Problem::new(kind, ""))));
        assert_eq!(of_failure(&CallFailure::Unreachable), ConfirmRefusal::Open);
        assert_eq!(refused(ProblemType::Unavailable), ConfirmRefusal::Open);
        assert_eq!(refused(ProblemType::IdempotencyInFlight), ConfirmRefusal::Open);
        assert_eq!(refused(ProblemType::PaymentDeclined), ConfirmRefusal::Declined);
        assert_eq!(refused(ProblemType::ReservationExpired), ConfirmRefusal::Over);
        assert_eq!(refused(ProblemType::ReservationNotActive), ConfirmRefusal::Changed);
        assert_eq!(refused(ProblemType::InvalidRequest), ConfirmRefusal::Final);
    }
}
