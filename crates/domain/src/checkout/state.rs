//! The states of a checkout, and the data of each state.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Decision, GatewayCall, LocalStep, WaitReason,
    ending::{Ending, Failure, StuckReason},
    limits,
};

/// The gateway's id of a payment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PaymentId(pub String);

impl fmt::Display for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The gateway's id of a refund.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RefundId(pub String);

impl fmt::Display for RefundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The state of a checkout. Each state names a step that has *started*: the state is stored before
/// the step is performed, so that every performed step can be undone.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum State {
    /// The payment is being created at the gateway, and authorized at once unless it takes the money at
    /// once. The payment's id is not stored.
    Preparing {
        /// The call that creates the payment.
        call: Call,
    },
    /// The checkout was given up while it was [`State::Preparing`]: the payment's id is being learnt, so that
    /// the payment can be voided. The payment is created for that if it does not exist. Once its key is too
    /// old, or the gateway has responded with a fault, the payment is searched for.
    Finding {
        /// Why the checkout fails. The booking keeps this reason.
        why: Failure,
        /// The call that creates the payment, under the key that it had before.
        call: Call,
    },
    /// The amount is being authorized. The payment's id is stored.
    Authorizing {
        /// The prepared payment, which is being authorized.
        payment: PaymentId,
        /// The call to the gateway.
        call: Call,
    },
    /// The buyer or the gateway needs time to decide.
    Awaiting {
        /// The payment that the buyer or the gateway has not decided yet.
        payment: PaymentId,
        /// The secret that the buyer needs to act. `None` while the gateway, not the buyer, needs time.
        #[debug("hidden")]
        client_secret: Option<String>,
        /// How often the gateway was asked.
        asks: u32,
        /// When to ask next, in milliseconds since 1970.
        ask_at_ms: i64,
    },
    /// The seats are changing from paying to sold.
    ConfirmingSeats {
        /// The authorized payment. `None` if nothing is due.
        payment: Option<PaymentId>,
        /// The tries of the step.
        tries: Tries,
    },
    /// The amount is being captured.
    Capturing {
        /// The authorized payment, which is being captured.
        payment: PaymentId,
        /// The call to the gateway.
        call: Call,
    },
    /// After the pivot: the tickets are being issued.
    Issuing {
        /// The captured payment. `None` if nothing is due.
        payment: Option<PaymentId>,
        /// The tries of the step.
        tries: Tries,
    },
    /// The payment is being voided.
    Voiding {
        /// The payment that must never take money.
        payment: PaymentId,
        /// Whether the seats were already sold.
        seats: SeatsStand,
        /// Why the checkout fails. The booking keeps this reason.
        why: Failure,
        /// The call to the gateway.
        call: Call,
    },
    /// The payment was to be voided but is captured: the same seats are being sold to the buyer
    /// again.
    Reclaiming {
        /// The payment that was captured too late.
        payment: PaymentId,
        /// The tries of the step.
        tries: Tries,
    },
    /// The seats are being released.
    Releasing {
        /// Why the checkout fails. The booking keeps this reason.
        why: Failure,
        /// The tries of the step.
        tries: Tries,
    },
    /// The checkout has ended and never changes again.
    Rest {
        /// The final result: a paid booking or a failure.
        ending: Ending,
    },
    /// The checkout needs an operator.
    Stuck {
        /// Why the checkout needs an operator.
        reason: StuckReason,
        /// The state from which a retry continues.
        from: Box<State>,
    },
}

impl State {
    /// The name of the state in rows and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Preparing { .. } => "preparing",
            Self::Finding { .. } => "finding",
            Self::Authorizing { .. } => "authorizing",
            Self::Awaiting { .. } => "awaiting",
            Self::ConfirmingSeats { .. } => "confirming_seats",
            Self::Capturing { .. } => "capturing",
            Self::Issuing { .. } => "issuing",
            Self::Voiding { .. } => "voiding",
            Self::Reclaiming { .. } => "reclaiming",
            Self::Releasing { .. } => "releasing",
            Self::Rest { .. } => "rest",
            Self::Stuck { .. } => "stuck",
        }
    }

    /// The name of the state and the number of tries of its step, including a try under way. For
    /// [`State::Stuck`], both are those of the state from which a retry continues. For
    /// [`State::Rest`], the number is 0.
    pub fn standing(&self) -> (&'static str, u32) {
        let attempts = match self {
            Self::Preparing { call }
            | Self::Finding { call, .. }
            | Self::Authorizing { call, .. }
            | Self::Capturing { call, .. }
            | Self::Voiding { call, .. } => call.failures + 1,
            Self::Awaiting { asks, .. } => *asks + 1,
            Self::ConfirmingSeats { tries, .. }
            | Self::Issuing { tries, .. }
            | Self::Reclaiming { tries, .. }
            | Self::Releasing { tries, .. } => tries.attempt(),
            Self::Rest { .. } => 0,
            Self::Stuck { from, .. } => return from.standing(),
        };
        (self.name(), attempts)
    }

    /// The call to the gateway that is under way, if there is one.
    pub(super) fn call(&self) -> Option<&Call> {
        match self {
            Self::Preparing { call }
            | Self::Finding { call, .. }
            | Self::Authorizing { call, .. }
            | Self::Capturing { call, .. }
            | Self::Voiding { call, .. } => Some(call),
            Self::Awaiting { .. }
            | Self::ConfirmingSeats { .. }
            | Self::Issuing { .. }
            | Self::Reclaiming { .. }
            | Self::Releasing { .. }
            | Self::Rest { .. }
            | Self::Stuck { .. } => None,
        }
    }
}

/// Whether the seats were already sold when the voiding of their payment began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatsStand {
    /// The seats are not sold yet.
    Paying,
    /// The seats are already sold. If the money turns out to be captured, the buyer gets the
    /// tickets.
    Sold,
}

/// A call to the gateway. It is repeated with one key until its outcome is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The number of the current key, from 1.
    pub attempt: u32,
    /// How many tries in a row gave no clear outcome.
    pub failures: u32,
    /// The earliest moment at which the current key may have been sent, in milliseconds since 1970.
    pub since_ms: i64,
    /// The moment before which nothing is to be done, in milliseconds since 1970.
    pub not_before_ms: i64,
    /// Whether the current attempt may have reached the gateway.
    pub known: Knowledge,
}

/// The knowledge about an attempt of a call, from the last response or from its absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knowledge {
    /// The call may be sent, and may have been sent. Its key limits it to one effect.
    Open,
    /// No response arrived. The gateway must be asked; if the call had no effect, the call is sent
    /// again with the same key.
    Unanswered,
    /// The gateway responded with an error. The gateway must be asked; if the call had no effect, a
    /// new key is used.
    Spent,
}

impl Call {
    /// The number of the first key.
    pub const FIRST_ATTEMPT: u32 = 1;

    /// A call that has not been made yet.
    pub fn first(now_ms: i64) -> Self {
        Self {
            attempt: Self::FIRST_ATTEMPT,
            failures: 0,
            since_ms: now_ms,
            not_before_ms: now_ms,
            known: Knowledge::Open,
        }
    }

    /// Whether the next action is to make the call and not to ask about it.
    pub(super) fn is_open(&self) -> bool {
        match self.known {
            Knowledge::Open => true,
            Knowledge::Unanswered | Knowledge::Spent => false,
        }
    }

    /// Whether the gateway has stored a fault under the key.
    pub(super) fn is_spent(&self) -> bool {
        self.known == Knowledge::Spent
    }

    /// The call that another worker may have made, too. Nobody knows the response to that worker.
    pub(super) fn taken_over(mut self) -> Self {
        if self.known == Knowledge::Open {
            self.known = Knowledge::Unanswered;
        }
        self
    }

    pub(super) fn decide(
        &self,
        payment: &PaymentId,
        now_ms: i64,
        call: impl FnOnce() -> GatewayCall,
    ) -> Decision {
        if now_ms < self.not_before_ms {
            return Decision::Wait { until_ms: self.not_before_ms, reason: WaitReason::Backoff };
        }
        match self.known {
            Knowledge::Open => Decision::Call(call()),
            Knowledge::Unanswered | Knowledge::Spent => {
                Decision::Call(GatewayCall::Ask { payment: payment.clone() })
            }
        }
    }

    /// The call after a failure: it waits, then continues with `known`.
    pub(crate) fn failed(mut self, known: Knowledge, now_ms: i64) -> Self {
        self.failures += 1;
        self.not_before_ms = now_ms + limits::backoff_ms(self.failures);
        self.known = known;
        self
    }

    /// The call after the gateway reported that it had no effect: with the same key, or with a new
    /// key.
    pub(crate) fn again(mut self, now_ms: i64) -> Self {
        match self.known {
            Knowledge::Open | Knowledge::Unanswered => {}
            Knowledge::Spent => {
                self.attempt += 1;
                self.since_ms = now_ms;
            }
        }
        self.known = Knowledge::Open;
        self
    }

    /// Whether the key is too old to be sent again.
    pub(crate) fn is_stale(&self, now_ms: i64) -> bool {
        now_ms - self.since_ms > limits::KEY_LIFE_MS
    }

    /// The call after a retry by an operator: the gateway is asked first, then a new key is used.
    pub(super) fn reopened(mut self, now_ms: i64) -> Self {
        self.failures = 0;
        self.not_before_ms = now_ms;
        if self.is_stale(now_ms) {
            self.known = Knowledge::Spent;
            // Questions are allowed without a time limit; the new key gets its own time limit.
            self.since_ms = now_ms;
        }
        self
    }
}

/// The tries of a step in our own database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// How many tries in a row failed.
    pub failures: u32,
    /// The moment before which nothing is to be done, in milliseconds since 1970.
    pub not_before_ms: i64,
}

impl Tries {
    /// A step that has not been tried yet.
    pub fn first(now_ms: i64) -> Self {
        Self { failures: 0, not_before_ms: now_ms }
    }

    /// The number of the next try, from 1.
    pub fn attempt(&self) -> u32 {
        self.failures + 1
    }

    pub(super) fn decide(&self, now_ms: i64, step: LocalStep) -> Decision {
        if now_ms < self.not_before_ms {
            return Decision::Wait { until_ms: self.not_before_ms, reason: WaitReason::Backoff };
        }
        Decision::Local(step)
    }

    pub(crate) fn failed(self, now_ms: i64) -> Self {
        let failures = self.failures + 1;
        Self { failures, not_before_ms: now_ms + limits::backoff_ms(failures) }
    }
}
