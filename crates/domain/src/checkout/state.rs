//! Where a checkout can stand, and what it knows there.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Decision, WaitReason,
    ending::{Ending, Failure, StuckReason},
    limits,
};

/// The gateway's name for a payment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PaymentId(pub String);

impl fmt::Display for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The gateway's name for an amount given back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RefundId(pub String);

impl fmt::Display for RefundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a checkout stands. Each state names a step that has *started*: it is written down before the
/// step is performed, so that nothing is ever done that nobody undoes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum State {
    /// The payment is being made known at the gateway.
    Preparing {
        /// The call.
        call: Call,
    },
    /// The amount is being reserved.
    Authorizing {
        /// The payment.
        payment: PaymentId,
        /// The call.
        call: Call,
    },
    /// The buyer or the gateway takes time to decide.
    Awaiting {
        /// The payment.
        payment: PaymentId,
        /// What the buyer needs to act; absent when the gateway is the one who takes time.
        client_secret: Option<String>,
        /// How often the gateway was asked.
        asks: u32,
        /// When to ask next.
        ask_at_ms: i64,
    },
    /// The seats are turning from paying to sold.
    ConfirmingSeats {
        /// The authorized payment; absent when nothing is due.
        payment: Option<PaymentId>,
        /// How often it was tried.
        tries: Tries,
    },
    /// The amount is being taken.
    Capturing {
        /// The payment.
        payment: PaymentId,
        /// The call.
        call: Call,
    },
    /// Past the pivot: tickets are being issued.
    Issuing {
        /// The captured payment; absent when nothing is due.
        payment: Option<PaymentId>,
        /// How often it was tried.
        tries: Tries,
    },
    /// The payment is being voided.
    Voiding {
        /// The payment.
        payment: PaymentId,
        /// What became of the seats before.
        seats: SeatsStand,
        /// Why.
        why: Failure,
        /// The call.
        call: Call,
    },
    /// The payment was to be voided and is captured: the same seats are being taken again.
    Reclaiming {
        /// The captured payment.
        payment: PaymentId,
        /// How often it was tried.
        tries: Tries,
    },
    /// The seats are being given back.
    Releasing {
        /// Why.
        why: Failure,
        /// How often it was tried.
        tries: Tries,
    },
    /// Over.
    Rest {
        /// How it ended.
        ending: Ending,
    },
    /// An operator must look at it.
    Stuck {
        /// Why.
        reason: StuckReason,
        /// Where it goes on when the operator says so.
        from: Box<State>,
    },
}

impl State {
    /// Its name in rows and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Preparing { .. } => "preparing",
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

    /// Where it stands for people: the state's name, and how often what it does was tried, the try under
    /// way included. Of one that needs an operator, of where it goes on; at rest nothing is tried.
    pub fn standing(&self) -> (&'static str, u32) {
        let attempts = match self {
            Self::Preparing { call }
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

    /// The call to the gateway that is under way, where one is.
    pub(super) fn call(&self) -> Option<&Call> {
        match self {
            Self::Preparing { call }
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

/// How the seats stand while their payment is being voided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatsStand {
    /// Not yet sold.
    Paying,
    /// Already sold: should the money turn out to be taken after all, the buyer gets the tickets.
    Sold,
}

/// A call to the gateway: repeated under one key until something is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Counts keys, from 1.
    pub attempt: u32,
    /// How often in a row nothing came of it.
    pub failures: u32,
    /// Since when this attempt's key may have been sent, in milliseconds since 1970.
    pub since_ms: i64,
    /// Before this nothing is to be done.
    pub not_before_ms: i64,
    /// What is known of this attempt.
    pub known: Knowledge,
}

/// What is known of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knowledge {
    /// It may be sent, and may have been: under its key it acts once at most.
    Open,
    /// No answer came. Ask; if nothing became of it, send it again under the same key.
    Unanswered,
    /// The gateway answered with a fault. Ask; if nothing became of it, take a new key.
    Spent,
}

impl Call {
    /// A call that has not been made yet.
    pub fn first(now_ms: i64) -> Self {
        Self {
            attempt: 1,
            failures: 0,
            since_ms: now_ms,
            not_before_ms: now_ms,
            known: Knowledge::Open,
        }
    }

    /// Whether the next thing to do is to make the call, not to ask.
    pub(super) fn is_open(&self) -> bool {
        match self.known {
            Knowledge::Open => true,
            Knowledge::Unanswered | Knowledge::Spent => false,
        }
    }

    pub(super) fn decide(&self, payment: &PaymentId, now_ms: i64, perform: Decision) -> Decision {
        if now_ms < self.not_before_ms {
            return Decision::Wait { until_ms: self.not_before_ms, reason: WaitReason::Backoff };
        }
        match self.known {
            Knowledge::Open => perform,
            Knowledge::Unanswered | Knowledge::Spent => Decision::Ask(payment.clone()),
        }
    }

    /// After a failure: wait, then go on with `known`.
    pub(crate) fn failed(mut self, known: Knowledge, now_ms: i64) -> Self {
        self.failures += 1;
        self.not_before_ms = now_ms + limits::backoff_ms(self.failures);
        self.known = known;
        self
    }

    /// After the gateway said that nothing became of it: the same key again, or a new one.
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

    /// After an operator looked at it: ask before anything else, then take a new key.
    pub(super) fn reopened(mut self, now_ms: i64) -> Self {
        self.failures = 0;
        self.not_before_ms = now_ms;
        if self.is_stale(now_ms) {
            self.known = Knowledge::Spent;
            // Asking is allowed for ever; the new key gets its own time.
            self.since_ms = now_ms;
        }
        self
    }
}

/// How often a step of our own database was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// How often in a row it failed.
    pub failures: u32,
    /// Before this nothing is to be done.
    pub not_before_ms: i64,
}

impl Tries {
    /// Not tried yet.
    pub fn first(now_ms: i64) -> Self {
        Self { failures: 0, not_before_ms: now_ms }
    }

    /// The number of the next try, from 1.
    pub fn attempt(&self) -> u32 {
        self.failures + 1
    }

    pub(super) fn decide(&self, now_ms: i64, perform: Decision) -> Decision {
        if now_ms < self.not_before_ms {
            return Decision::Wait { until_ms: self.not_before_ms, reason: WaitReason::Backoff };
        }
        perform
    }

    pub(crate) fn failed(self, now_ms: i64) -> Self {
        let failures = self.failures + 1;
        Self { failures, not_before_ms: now_ms + limits::backoff_ms(failures) }
    }
}
