//! The transitions while the payment's id is not stored: it is prepared, found again, or searched for.

use super::{
    apply::{At, is_last, stuck},
    ending::{Failure, StuckReason},
    event::{Decline, Doubt, Outcome, PaymentSearch, Prepared, Taking},
    state::{Call, Knowledge, SeatsStand, State},
};

/// Stripe's code for a card that could not be charged for now: <https://docs.stripe.com/declines/codes>.
const PROCESSING_ERROR: &str = "processing_error";

impl At {
    pub(super) fn prepared(&self, call: Call, outcome: Outcome<Prepared, Decline>) -> State {
        match outcome {
            Outcome::Done(Prepared { payment, .. }) => match self.taking {
                Taking::Later => State::Authorizing { payment, call: self.authorize_call(&call) },
                // The authorization takes the money, so the seats are sold first: nobody may pay
                // for lost seats.
                Taking::AtOnce => self.confirm_seats(Some(payment)),
            },
            Outcome::Refused(decline) => self.release(Failure::Declined { code: decline.code }),
            Outcome::Unknown(Doubt::NoReply) if is_last(&call) => {
                self.find(Failure::TimedOut, call)
            }
            Outcome::Unknown(Doubt::NoReply) => {
                let known = call.known;
                State::Preparing { call: call.failed(known, self.now_ms) }
            }
            Outcome::Unknown(Doubt::Faulted) if is_last(&call) => {
                self.search(Failure::TimedOut, call)
            }
            Outcome::Unknown(Doubt::Faulted) => {
                let is_taken_over = !call.is_open();
                let spent = call.failed(Knowledge::Spent, self.now_ms);
                // An earlier worker may have had another response, and may have authorized the payment. Then the payment is
                // searched for before there is a new key. Otherwise nobody has the payment's id, and nobody ever will.
                let call = if is_taken_over { spent } else { spent.again(self.now_ms) };
                State::Preparing { call }
            }
        }
    }

    /// The payment was searched for, because its key is spent.
    pub(super) fn searched(&self, call: Call, found: PaymentSearch) -> State {
        match found {
            // Nobody knows how the payment takes its money, so it is not continued. The buyer may try again.
            PaymentSearch::Payment(payment) => {
                let why = Failure::Declined { code: PROCESSING_ERROR.to_owned() };
                self.void(payment, SeatsStand::Paying, why)
            }
            PaymentSearch::Nothing => State::Preparing { call: call.again(self.now_ms) },
            PaymentSearch::NoReply if is_last(&call) => self.search(Failure::TimedOut, call),
            PaymentSearch::NoReply => {
                State::Preparing { call: call.failed(Knowledge::Spent, self.now_ms) }
            }
        }
    }

    /// The payment was prepared again, to void it.
    pub(super) fn found_by_key(
        &self,
        why: Failure,
        call: Call,
        outcome: Outcome<Prepared, Decline>,
    ) -> State {
        match outcome {
            Outcome::Done(prepared) => {
                self.found(why, call, PaymentSearch::Payment(prepared.payment))
            }
            Outcome::Refused(_) => self.found(why, call, PaymentSearch::Nothing),
            Outcome::Unknown(Doubt::Faulted) => self.search(why, call),
            Outcome::Unknown(Doubt::NoReply) => self.found(why, call, PaymentSearch::NoReply),
        }
    }

    /// The payment's id was asked for, to void the payment.
    pub(super) fn found(&self, why: Failure, call: Call, found: PaymentSearch) -> State {
        match found {
            PaymentSearch::Payment(payment) => self.void(payment, SeatsStand::Paying, why),
            PaymentSearch::Nothing => self.release(why),
            PaymentSearch::NoReply if is_last(&call) => {
                stuck(StuckReason::FindFails, State::Finding { why, call })
            }
            PaymentSearch::NoReply => {
                let known = call.known;
                State::Finding { why, call: call.failed(known, self.now_ms) }
            }
        }
    }

    /// Gives up a checkout that prepares its payment.
    pub(super) fn unprepare(&self, why: Failure, call: Call) -> State {
        if call.is_spent() { self.search(why, call) } else { self.find(why, call) }
    }

    /// Searches for the payment. A fault should say that nobody has its id, but nobody's seats are freed on that word.
    pub(super) fn search(&self, why: Failure, call: Call) -> State {
        let known = Knowledge::Spent;
        let call = Call { failures: 0, not_before_ms: self.now_ms, known, ..call };
        State::Finding { why, call }
    }

    /// Gives up a checkout whose payment may be authorized under an id that is not stored. `call` is the call that
    /// creates the payment; its key and the age of its key stay.
    pub(super) fn find(&self, why: Failure, call: Call) -> State {
        let call = Call { failures: 0, not_before_ms: self.now_ms, known: Knowledge::Open, ..call };
        State::Finding { why, call }
    }

    /// The call that authorizes a payment as soon as `prepare` has created it. Its key may be as old as the key of
    /// `prepare`.
    pub(super) fn authorize_call(&self, prepare: &Call) -> Call {
        Call { since_ms: prepare.since_ms, ..Call::first(self.now_ms) }
    }
}
