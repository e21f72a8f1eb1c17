//! What an answer about a booking means for the buyer. No waiting, no drawing.

use holdfast_contract::{
    bookings::{Booking, BookingStatus},
    problem::ProblemType,
};

use ui::api::Failure;

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Paid: show the booking.
    Done(String),
    /// The gateway asks for a second step.
    SecondStep(String),
    /// Not known yet: ask again.
    Wait,
    /// A final no, with its reason.
    Failed(Reason),
}

/// Why it came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The card, or the second step.
    Declined,
    /// Somebody else has the seats.
    SeatsLost,
    /// Somebody else has the seats; what was taken is given back by itself.
    SeatsLostRefunded,
    /// The payment took too long.
    Timeout,
    /// The buyer cancelled.
    Cancelled,
    /// Anything else.
    Other,
}

/// What a booking's state means. `answered` is the secret of a second step that was already taken.
pub fn of_booking(booking: &Booking, answered: Option<&str>) -> Next {
    match booking.status {
        BookingStatus::Confirmed => Next::Done(booking.reference.clone()),
        // It was paid once: its own page says what became of it.
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

fn reason(failure: Option<&str>) -> Reason {
    match failure {
        Some("payment-declined" | "capture-refused") => Reason::Declined,
        Some("seats-lost-refunded") => Reason::SeatsLostRefunded,
        Some("seats-lost") => Reason::SeatsLost,
        Some("payment-timeout") => Reason::Timeout,
        Some("cancelled") => Reason::Cancelled,
        _ => Reason::Other,
    }
}

/// What a refused confirm means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Ask again with the same key: the end is open.
    Open,
    /// A final no of the card; the seats stay held.
    Declined,
    /// The hold is over.
    Over,
    /// The reservation is elsewhere by now: look again.
    Changed,
    /// A final no of another kind.
    Final,
}

/// Sorts a refusal.
pub fn of_failure(failure: &Failure) -> Refusal {
    if failure.is_open() {
        return Refusal::Open;
    }
    match failure.kind() {
        Some(ProblemType::PaymentDeclined) => Refusal::Declined,
        Some(ProblemType::ReservationExpired) => Refusal::Over,
        Some(ProblemType::ReservationNotActive) => Refusal::Changed,
        _ => Refusal::Final,
    }
}

/// How long to wait before asking for the `n`th time (from 0).
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
            (Some("payment-declined"), Reason::Declined),
            (Some("seats-lost"), Reason::SeatsLost),
            (Some("seats-lost-refunded"), Reason::SeatsLostRefunded),
            (Some("payment-timeout"), Reason::Timeout),
            (None, Reason::Other),
        ] {
            let failed = booking(BookingStatus::Failed, None, failure);
            assert_eq!(of_booking(&failed, None), Next::Failed(reason));
        }
    }

    #[test]
    fn only_a_final_no_ends_the_attempt() {
        let refused = |kind| of_failure(&Failure::Problem(Box::new(Problem::new(kind, ""))));
        assert_eq!(of_failure(&Failure::Unreachable), Refusal::Open);
        assert_eq!(refused(ProblemType::Unavailable), Refusal::Open);
        assert_eq!(refused(ProblemType::IdempotencyInFlight), Refusal::Open);
        assert_eq!(refused(ProblemType::PaymentDeclined), Refusal::Declined);
        assert_eq!(refused(ProblemType::ReservationExpired), Refusal::Over);
        assert_eq!(refused(ProblemType::ReservationNotActive), Refusal::Changed);
        assert_eq!(refused(ProblemType::InvalidRequest), Refusal::Final);
    }
}
