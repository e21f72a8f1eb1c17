//! The transitions after the gateway reported the state of a payment.

use super::{
    apply::{At, stuck},
    ending::{Failure, StuckReason},
    event::{Decline, PaymentSeen, PaymentStatus},
    state::{Call, PaymentId, SeatsStand, State},
};

impl At {
    /// Processes the gateway's report about the payment, if the gateway was asked in this state.
    pub(super) fn seen(&self, state: State, seen: Option<PaymentSeen>) -> Option<State> {
        match state {
            State::Authorizing { payment, call } if !call.is_open() => {
                Some(self.seen_authorizing(payment, call, seen))
            }
            State::Awaiting { payment, client_secret, asks, .. } => {
                Some(self.seen_awaiting(payment, client_secret, asks, seen))
            }
            State::Capturing { payment, call } if !call.is_open() => {
                Some(self.seen_capturing(payment, call, seen.map(|seen| seen.status)))
            }
            State::Voiding { payment, seats, why, call } if !call.is_open() => {
                Some(self.seen_voiding(payment, seats, why, call, seen.map(|seen| seen.status)))
            }
            State::Preparing { .. }
            | State::Finding { .. }
            | State::Authorizing { .. }
            | State::ConfirmingSeats { .. }
            | State::Capturing { .. }
            | State::Issuing { .. }
            | State::Voiding { .. }
            | State::Reclaiming { .. }
            | State::Releasing { .. }
            | State::Rest { .. }
            | State::Stuck { .. } => None,
        }
    }

    fn seen_authorizing(&self, payment: PaymentId, call: Call, seen: Option<PaymentSeen>) -> State {
        let Some(seen) = seen else {
            return match self.asked_in_vain(call) {
                Some(call) => State::Authorizing { payment, call },
                None => self.give_up(payment, Failure::TimedOut),
            };
        };
        match seen.status {
            PaymentStatus::Prepared => {
                State::Authorizing { payment, call: call.again(self.now_ms) }
            }
            PaymentStatus::Declined => self.release(declined(seen.decline)),
            PaymentStatus::ActionRequired => self.await_decision(payment, seen.client_secret, 0),
            PaymentStatus::Processing => self.await_decision(payment, None, 0),
            PaymentStatus::Authorized => self.reserved(payment),
            PaymentStatus::Captured => self.granted(payment),
            PaymentStatus::Voided => self.release(voided_elsewhere()),
        }
    }

    fn seen_awaiting(
        &self,
        payment: PaymentId,
        client_secret: Option<String>,
        asks: u32,
        seen: Option<PaymentSeen>,
    ) -> State {
        let Some(seen) = seen else {
            return self.await_decision(payment, client_secret, asks + 1);
        };
        match seen.status {
            PaymentStatus::Prepared => self.await_decision(payment, client_secret, asks + 1),
            PaymentStatus::ActionRequired => {
                self.await_decision(payment, seen.client_secret.or(client_secret), asks + 1)
            }
            PaymentStatus::Processing => self.await_decision(payment, None, asks + 1),
            // The buyer's browser has the secret and could try another card, so the payment is
            // voided first.
            PaymentStatus::Declined => self.give_up(payment, declined(seen.decline)),
            PaymentStatus::Authorized => self.reserved(payment),
            PaymentStatus::Captured => self.granted(payment),
            PaymentStatus::Voided => self.release(voided_elsewhere()),
        }
    }

    fn seen_capturing(&self, payment: PaymentId, call: Call, seen: Option<PaymentStatus>) -> State {
        match seen {
            None | Some(PaymentStatus::Processing) => match self.asked_in_vain(call) {
                Some(call) => State::Capturing { payment, call },
                None => self.void(payment, SeatsStand::Sold, Failure::TimedOut),
            },
            Some(PaymentStatus::Authorized) => {
                State::Capturing { payment, call: call.again(self.now_ms) }
            }
            Some(PaymentStatus::Captured) => self.issue(Some(payment)),
            Some(PaymentStatus::Voided) => self.release(Failure::CaptureRefused),
            Some(
                PaymentStatus::Prepared | PaymentStatus::Declined | PaymentStatus::ActionRequired,
            ) => self.void(payment, SeatsStand::Sold, Failure::CaptureRefused),
        }
    }

    fn seen_voiding(
        &self,
        payment: PaymentId,
        seats: SeatsStand,
        why: Failure,
        call: Call,
        seen: Option<PaymentStatus>,
    ) -> State {
        match seen {
            None => match self.asked_in_vain(call.clone()) {
                Some(call) => State::Voiding { payment, seats, why, call },
                None => stuck(StuckReason::VoidFails, State::Voiding { payment, seats, why, call }),
            },
            Some(PaymentStatus::Voided) => self.release(why),
            Some(PaymentStatus::Captured) => self.captured_after_all(payment, seats),
            Some(
                PaymentStatus::Prepared
                | PaymentStatus::Declined
                | PaymentStatus::ActionRequired
                | PaymentStatus::Processing
                | PaymentStatus::Authorized,
            ) => State::Voiding { payment, seats, why, call: call.again(self.now_ms) },
        }
    }
}

fn declined(decline: Option<Decline>) -> Failure {
    let code = decline.map_or_else(|| "card_declined".to_owned(), |decline| decline.code);
    Failure::Declined { code }
}

/// Somebody voided the payment at the gateway.
fn voided_elsewhere() -> Failure {
    Failure::Declined { code: "payment_voided".to_owned() }
}
