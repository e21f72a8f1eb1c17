//! The transitions: from a checkout and an event to the next checkout, or to an error that names
//! both.

use super::{
    Checkout,
    ending::{Ending, Failure, StuckReason},
    event::{Authorization, Decline, Doubt, Event, Outcome, Taking},
    limits,
    state::{Call, Knowledge, PaymentId, SeatsStand, State, Tries},
};

/// An event that cannot happen in this state. It is a bug of the caller, never a fault of the
/// buyer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a checkout that is {state} cannot take in {event:?}")]
pub struct IllegalTransition {
    /// The name of the state.
    pub state: &'static str,
    /// The event that is impossible in this state.
    pub event: Event,
}

/// Processes an event that happened at `now_ms` (milliseconds since 1970).
///
/// # Errors
/// If the event cannot happen in this state. The caller must then leave the stored checkout
/// unchanged.
pub fn apply(checkout: Checkout, event: Event, now_ms: i64) -> Result<Checkout, IllegalTransition> {
    let illegal = IllegalTransition { state: checkout.state.name(), event: event.clone() };
    let taking = if let Event::Prepared(Outcome::Done(prepared)) = &event {
        prepared.taking
    } else {
        checkout.taking
    };
    let at = At { now_ms, overdue: now_ms >= checkout.deadline_ms, taking };
    match at.after(checkout.state, event) {
        Some(state) => Ok(Checkout { state, taking, ..checkout }),
        None => Err(illegal),
    }
}

/// The moment at which the event happened, and how the payment takes its money.
pub(super) struct At {
    pub(super) now_ms: i64,
    overdue: bool,
    pub(super) taking: Taking,
}

impl At {
    /// The state after the event, or `None` if the event cannot happen in this state.
    fn after(&self, state: State, event: Event) -> Option<State> {
        Some(match (state, event) {
            (State::Preparing { call }, Event::Prepared(outcome)) if !call.is_spent() => {
                self.prepared(call, outcome)
            }
            (State::Preparing { call }, Event::Placed { payment, authorized })
                if !call.is_spent() =>
            {
                self.authorized(payment, self.authorize_call(&call), authorized)
            }
            (State::Preparing { call }, Event::Found(found)) if call.is_spent() => {
                self.searched(call, found)
            }
            (State::Finding { why, call }, Event::Prepared(outcome)) if call.is_open() => {
                self.found_by_key(why, call, outcome)
            }
            (State::Finding { why, call }, Event::Found(found)) => self.found(why, call, found),
            (State::Authorizing { payment, call }, Event::Authorized(outcome))
                if call.is_open() =>
            {
                self.authorized(payment, call, outcome)
            }
            (State::ConfirmingSeats { payment, tries }, Event::SeatsConfirmed(outcome)) => {
                self.seats_confirmed(payment, tries, &outcome)
            }
            (State::Capturing { payment, call }, Event::Captured(outcome)) if call.is_open() => {
                self.captured(payment, call, &outcome)
            }
            (State::Issuing { payment, tries }, Event::TicketsIssued(outcome)) => {
                self.tickets_issued(payment, tries, &outcome)
            }
            (State::Voiding { payment, seats, why, call }, Event::Voided(outcome))
                if call.is_open() =>
            {
                self.voided(payment, seats, why, call, &outcome)
            }
            (State::Reclaiming { payment, tries }, Event::SeatsReclaimed(outcome)) => {
                self.seats_reclaimed(payment, tries, &outcome)
            }
            (State::Releasing { why, tries }, Event::SeatsReleased(outcome)) => {
                self.seats_released(why, tries, &outcome)
            }
            (state, Event::Seen(seen)) => return self.seen(state, seen),
            (state, Event::Woken) => self.woken(state),
            (state, Event::CancelRequested) => return self.cancel(state),
            (State::Stuck { from, .. }, Event::Retried) => self.retried(*from),
            (
                State::Preparing { .. }
                | State::Finding { .. }
                | State::Authorizing { .. }
                | State::Awaiting { .. }
                | State::ConfirmingSeats { .. }
                | State::Capturing { .. }
                | State::Issuing { .. }
                | State::Voiding { .. }
                | State::Reclaiming { .. }
                | State::Releasing { .. }
                | State::Rest { .. }
                | State::Stuck { .. },
                _,
            ) => return None,
        })
    }

    fn authorized(
        &self,
        payment: PaymentId,
        call: Call,
        outcome: Outcome<Authorization, Decline>,
    ) -> State {
        match outcome {
            Outcome::Done(Authorization::Granted) => self.granted(payment),
            Outcome::Done(Authorization::ActionRequired { client_secret }) => {
                self.await_decision(payment, Some(client_secret), 0)
            }
            Outcome::Done(Authorization::Processing) => self.await_decision(payment, None, 0),
            // There is nothing to void: nobody outside has the secret with which a declined payment
            // could be retried with another card.
            Outcome::Refused(decline) => self.release(Failure::Declined { code: decline.code }),
            Outcome::Unknown(doubt) => match self.in_doubt(call, doubt) {
                Some(call) => State::Authorizing { payment, call },
                None => self.give_up(payment, Failure::TimedOut),
            },
        }
    }

    /// The amount is authorized, or already taken with [`Taking::AtOnce`]; in that case, this is
    /// the pivot.
    pub(super) fn granted(&self, payment: PaymentId) -> State {
        match self.taking {
            Taking::Later => self.confirm_seats(Some(payment)),
            Taking::AtOnce => self.issue(Some(payment)),
        }
    }

    /// The amount is authorized but not taken, whatever the expected taking was.
    pub(super) fn reserved(&self, payment: PaymentId) -> State {
        match self.taking {
            Taking::Later => self.confirm_seats(Some(payment)),
            Taking::AtOnce => State::Capturing { payment, call: Call::first(self.now_ms) },
        }
    }

    fn seats_confirmed(
        &self,
        payment: Option<PaymentId>,
        tries: Tries,
        outcome: &Outcome<(), ()>,
    ) -> State {
        match (outcome, payment) {
            (Outcome::Done(()), Some(payment)) => match self.taking {
                Taking::Later => State::Capturing { payment, call: Call::first(self.now_ms) },
                Taking::AtOnce => self.authorize(payment),
            },
            (Outcome::Done(()), None) => self.issue(None),
            (Outcome::Refused(()), payment) => self.undo_before_sale(payment, Failure::SeatsLost),
            (Outcome::Unknown(_), payment) if tries.attempt() >= limits::MAX_FAILURES => {
                self.undo_before_sale(payment, Failure::TimedOut)
            }
            (Outcome::Unknown(_), payment) => {
                State::ConfirmingSeats { payment, tries: tries.failed(self.now_ms) }
            }
        }
    }

    fn captured(&self, payment: PaymentId, call: Call, outcome: &Outcome<(), ()>) -> State {
        match *outcome {
            Outcome::Done(()) => self.issue(Some(payment)),
            Outcome::Refused(()) => self.void(payment, SeatsStand::Sold, Failure::CaptureRefused),
            Outcome::Unknown(doubt) => match self.in_doubt(call, doubt) {
                Some(call) => State::Capturing { payment, call },
                // The gateway processes the calls in order. If the capture succeeded after all, the
                // gateway refuses the void and the checkout goes forward.
                None => self.void(payment, SeatsStand::Sold, Failure::TimedOut),
            },
        }
    }

    fn tickets_issued(
        &self,
        payment: Option<PaymentId>,
        tries: Tries,
        outcome: &Outcome<(), ()>,
    ) -> State {
        match outcome {
            Outcome::Done(()) => State::Rest { ending: Ending::Confirmed },
            Outcome::Unknown(_) if tries.attempt() < limits::MAX_FAILURES => {
                State::Issuing { payment, tries: tries.failed(self.now_ms) }
            }
            Outcome::Unknown(_) | Outcome::Refused(()) => {
                stuck(StuckReason::IssueFails, State::Issuing { payment, tries })
            }
        }
    }

    fn voided(
        &self,
        payment: PaymentId,
        seats: SeatsStand,
        why: Failure,
        call: Call,
        outcome: &Outcome<(), ()>,
    ) -> State {
        match *outcome {
            Outcome::Done(()) => self.release(why),
            Outcome::Refused(()) => self.captured_after_all(payment, seats),
            Outcome::Unknown(doubt) => self.void_in_doubt(payment, seats, why, call, doubt),
        }
    }

    fn void_in_doubt(
        &self,
        payment: PaymentId,
        seats: SeatsStand,
        why: Failure,
        call: Call,
        doubt: Doubt,
    ) -> State {
        match self.in_doubt(call.clone(), doubt) {
            Some(call) => State::Voiding { payment, seats, why, call },
            None => stuck(StuckReason::VoidFails, State::Voiding { payment, seats, why, call }),
        }
    }

    fn seats_released(&self, why: Failure, tries: Tries, outcome: &Outcome<(), ()>) -> State {
        match outcome {
            Outcome::Done(()) => State::Rest { ending: Ending::Failed(why) },
            Outcome::Unknown(_) if tries.attempt() < limits::MAX_FAILURES => {
                State::Releasing { why, tries: tries.failed(self.now_ms) }
            }
            Outcome::Unknown(_) | Outcome::Refused(()) => {
                stuck(StuckReason::ReleaseFails, State::Releasing { why, tries })
            }
        }
    }

    /// The payment was to be voided but is captured. After the pivot, the only way back is a
    /// refund.
    pub(super) fn captured_after_all(&self, payment: PaymentId, seats: SeatsStand) -> State {
        match seats {
            SeatsStand::Sold => self.issue(Some(payment)),
            SeatsStand::Paying => State::Reclaiming { payment, tries: Tries::first(self.now_ms) },
        }
    }

    fn seats_reclaimed(
        &self,
        payment: PaymentId,
        tries: Tries,
        outcome: &Outcome<(), ()>,
    ) -> State {
        match outcome {
            Outcome::Done(()) => self.issue(Some(payment)),
            Outcome::Unknown(_) if tries.attempt() < limits::MAX_FAILURES => {
                State::Reclaiming { payment, tries: tries.failed(self.now_ms) }
            }
            Outcome::Unknown(_) | Outcome::Refused(()) => self.release(Failure::SeatsLostRefunded),
        }
    }

    /// The wait is over. This is the only place that checks the deadline. Anybody may wake any
    /// checkout; a checkout that has ended does not change.
    fn woken(&self, state: State) -> State {
        match state {
            State::Preparing { call } if self.overdue => self.unprepare(Failure::TimedOut, call),
            State::Preparing { call } => State::Preparing { call: call.taken_over() },
            State::Authorizing { payment, .. } | State::Awaiting { payment, .. }
                if self.overdue =>
            {
                self.give_up(payment, Failure::TimedOut)
            }
            State::ConfirmingSeats { payment: Some(payment), .. } if self.overdue => {
                self.void(payment, SeatsStand::Paying, Failure::TimedOut)
            }
            State::Awaiting { payment, client_secret, asks, ask_at_ms } => State::Awaiting {
                payment,
                client_secret,
                asks,
                ask_at_ms: ask_at_ms.min(self.now_ms),
            },
            state @ (State::Capturing { .. } | State::Voiding { .. })
                if state.call().is_some_and(|call| call.is_stale(self.now_ms)) =>
            {
                stuck(StuckReason::KeyTooOld, state)
            }
            state @ (State::Finding { .. }
            | State::Authorizing { .. }
            | State::ConfirmingSeats { .. }
            | State::Capturing { .. }
            | State::Issuing { .. }
            | State::Voiding { .. }
            | State::Reclaiming { .. }
            | State::Releasing { .. }
            | State::Rest { .. }
            | State::Stuck { .. }) => state,
        }
    }

    /// The buyer wants to stop. This is possible until the pivot, and has no effect while the
    /// checkout is being undone.
    fn cancel(&self, state: State) -> Option<State> {
        Some(match state {
            State::Preparing { call } => self.unprepare(Failure::Cancelled, call),
            State::Authorizing { payment, .. } | State::Awaiting { payment, .. } => {
                self.give_up(payment, Failure::Cancelled)
            }
            State::ConfirmingSeats { payment, .. } => {
                self.undo_before_sale(payment, Failure::Cancelled)
            }
            State::Capturing { payment, .. } => {
                self.void(payment, SeatsStand::Sold, Failure::Cancelled)
            }
            state @ (State::Finding { .. } | State::Voiding { .. } | State::Releasing { .. }) => {
                state
            }
            State::Issuing { .. }
            | State::Reclaiming { .. }
            | State::Rest { .. }
            | State::Stuck { .. } => return None,
        })
    }

    fn retried(&self, from: State) -> State {
        let tries = Tries::first(self.now_ms);
        match from {
            State::Finding { why, call } => self.find(why, call),
            State::Capturing { payment, call } => {
                State::Capturing { payment, call: call.reopened(self.now_ms) }
            }
            State::Voiding { payment, seats, why, call } => {
                State::Voiding { payment, seats, why, call: call.reopened(self.now_ms) }
            }
            State::Issuing { payment, .. } => State::Issuing { payment, tries },
            State::Releasing { why, .. } => State::Releasing { why, tries },
            other @ (State::Preparing { .. }
            | State::Authorizing { .. }
            | State::Awaiting { .. }
            | State::ConfirmingSeats { .. }
            | State::Reclaiming { .. }
            | State::Rest { .. }
            | State::Stuck { .. }) => other,
        }
    }

    /// The call after an unclear response, or `None` if it has failed too often.
    fn in_doubt(&self, call: Call, doubt: Doubt) -> Option<Call> {
        let known = match doubt {
            Doubt::NoReply => Knowledge::Unanswered,
            Doubt::Faulted => Knowledge::Spent,
        };
        let call = call.failed(known, self.now_ms);
        (call.failures < limits::MAX_FAILURES).then_some(call)
    }

    /// The call after a question to the gateway without a response, or `None` if it has failed too
    /// often.
    pub(super) fn asked_in_vain(&self, call: Call) -> Option<Call> {
        let known = call.known;
        let call = call.failed(known, self.now_ms);
        (call.failures < limits::MAX_FAILURES).then_some(call)
    }

    pub(super) fn confirm_seats(&self, payment: Option<PaymentId>) -> State {
        State::ConfirmingSeats { payment, tries: Tries::first(self.now_ms) }
    }

    pub(super) fn issue(&self, payment: Option<PaymentId>) -> State {
        State::Issuing { payment, tries: Tries::first(self.now_ms) }
    }

    pub(super) fn await_decision(
        &self,
        payment: PaymentId,
        client_secret: Option<String>,
        asks: u32,
    ) -> State {
        let ask_at_ms = self.now_ms + limits::ask_again_ms(asks);
        State::Awaiting { payment, client_secret, asks, ask_at_ms }
    }

    fn authorize(&self, payment: PaymentId) -> State {
        State::Authorizing { payment, call: Call::first(self.now_ms) }
    }

    /// Voids a payment that is being authorized. With [`Taking::AtOnce`], its seats are already
    /// sold.
    pub(super) fn give_up(&self, payment: PaymentId, why: Failure) -> State {
        let seats = match self.taking {
            Taking::Later => SeatsStand::Paying,
            Taking::AtOnce => SeatsStand::Sold,
        };
        self.void(payment, seats, why)
    }

    fn undo_before_sale(&self, payment: Option<PaymentId>, why: Failure) -> State {
        match payment {
            Some(payment) => self.void(payment, SeatsStand::Paying, why),
            None => self.release(why),
        }
    }

    pub(super) fn void(&self, payment: PaymentId, seats: SeatsStand, why: Failure) -> State {
        State::Voiding { payment, seats, why, call: Call::first(self.now_ms) }
    }

    pub(super) fn release(&self, why: Failure) -> State {
        State::Releasing { why, tries: Tries::first(self.now_ms) }
    }
}

/// Whether one more failure of the call is one too many.
pub(super) fn is_last(call: &Call) -> bool {
    call.failures + 1 >= limits::MAX_FAILURES
}

pub(super) fn stuck(reason: StuckReason, from: State) -> State {
    State::Stuck { reason, from: Box::new(from) }
}
