//! Giving money back: a refund as a small linear machine of pure decisions, in the manner of
//! [`crate::checkout`].
//!
//! ```text
//! Refunding → Posting → Rest
//! ```
//!
//! Seats and tickets are not its business: they are gone before a refund starts. What it promises:
//! - A call is repeated under the same key until the gateway has answered yes or no, so money goes back once
//!   at most; no answer is never taken for a no.
//! - A refusal, too many failures, and a key older than the gateway's memory call an operator. Only then,
//!   and after a refusal or with an old key, may a new key be taken: a refusal has no effect, and whoever
//!   lets an old one go on has looked into the gateway's books (`docs/OPERATIONS.md`).
//! - It never ends without having given the money back: there is nothing to undo.
//!
//! [`rules`] says who gets how much back.

pub mod rules;

use serde::{Deserialize, Serialize};

pub use crate::written::Unreadable;
use crate::{
    checkout::{Call, Doubt, Knowledge, MAX_FAILURES, Outcome, PaymentId, RefundId, Tries},
    ids::{BookingId, SagaId},
    money::Money,
    written,
};

/// The format in which a [`Refund`] is written down. A reader refuses any other.
pub const FORMAT: u16 = 1;

/// A refund on its way; written as JSON into its saga's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The format of this record, [`FORMAT`].
    pub format: u16,
    /// The saga, and the refund's own row; names the gateway's keys.
    pub saga: SagaId,
    /// The booking that was paid.
    pub booking: BookingId,
    /// The payment of which it is a part.
    pub payment: PaymentId,
    /// How much; more than zero.
    pub amount: Money,
    /// Where it stands.
    pub state: State,
}

/// Where a refund stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum State {
    /// The gateway is being asked to give the money back.
    Refunding {
        /// The call.
        call: Call,
    },
    /// The money is on its way back: ledger, tickets and booking are being written.
    Posting {
        /// The gateway's name for it.
        refund: RefundId,
        /// How often it was tried.
        tries: Tries,
    },
    /// Over.
    Rest {
        /// The gateway's name for it.
        refund: RefundId,
    },
    /// An operator must look at it.
    Stuck {
        /// Why.
        reason: StuckReason,
        /// Where it goes on when the operator says so.
        from: Box<State>,
    },
}

/// Why an operator must look at a refund.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StuckReason {
    /// The gateway will not give the money back.
    Refused {
        /// The gateway's code.
        code: String,
    },
    /// The gateway gave no clear answer for too long.
    RefundFails,
    /// It could not be written down for too long.
    PostFails,
    /// The key is older than the gateway's memory of keys.
    KeyTooOld,
}

impl StuckReason {
    /// Its name in rows and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refund-refused",
            Self::RefundFails => "refund-fails",
            Self::PostFails => "post-fails",
            Self::KeyTooOld => "key-too-old",
        }
    }
}

/// A step of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Ask the gateway to give the money back.
    Refund,
    /// Write ledger, payment, tickets and booking.
    Post,
}

impl Step {
    /// Its name in keys, rows and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refund => "refund",
            Self::Post => "post_refund",
        }
    }
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Perform a step.
    Run(Step),
    /// Do nothing before this moment, in milliseconds since 1970.
    Wait(i64),
    /// It is over.
    Rest,
    /// It cannot go on by itself.
    NeedsOperator(StuckReason),
}

/// Something that happened to a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The answer to [`Step::Refund`]; refused with the gateway's code.
    Refunded(Outcome<RefundId, String>),
    /// The answer to [`Step::Post`].
    Posted(Outcome<(), ()>),
    /// Somebody took the refund up: its wait is over.
    Woken,
    /// An operator says: try again.
    Retried,
}

/// An event that cannot happen in this state: a fault of the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a refund that is {state} cannot take in {event:?}")]
pub struct IllegalTransition {
    /// The state's name.
    pub state: &'static str,
    /// The event.
    pub event: Event,
}

impl State {
    /// Its name in rows and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refunding { .. } => "refunding",
            Self::Posting { .. } => "posting",
            Self::Rest { .. } => "rest",
            Self::Stuck { .. } => "stuck",
        }
    }

    /// The state's name, or of one that is stuck the name of where it goes on; and how often its step was tried,
    /// the try under way included.
    pub fn standing(&self) -> (&'static str, u32) {
        let attempts = match self {
            Self::Refunding { call } => call.failures + 1,
            Self::Posting { tries, .. } => tries.attempt(),
            Self::Rest { .. } => 0,
            Self::Stuck { from, .. } => return from.standing(),
        };
        (self.name(), attempts)
    }
}

impl Event {
    /// What went wrong, in words for an operator; nothing where all is well.
    pub fn trouble(&self) -> Option<String> {
        let (step, words) = match self {
            Self::Refunded(Outcome::Refused(code)) => (Step::Refund, format!("refused ({code})")),
            Self::Refunded(Outcome::Unknown(doubt)) => (Step::Refund, doubt.words().to_owned()),
            Self::Posted(Outcome::Refused(())) => (Step::Post, "refused".to_owned()),
            Self::Posted(Outcome::Unknown(doubt)) => (Step::Post, doubt.words().to_owned()),
            Self::Refunded(Outcome::Done(_))
            | Self::Posted(Outcome::Done(()))
            | Self::Woken
            | Self::Retried => return None,
        };
        Some(format!("{}: {words}", step.name()))
    }
}

impl Refund {
    /// Starts a refund of this amount.
    ///
    /// # Panics
    /// When the amount is zero or less: then there is nothing to give back.
    pub fn start(
        saga: SagaId,
        booking: BookingId,
        payment: PaymentId,
        amount: Money,
        now_ms: i64,
    ) -> Self {
        assert!(amount.minor > 0, "a refund gives something back");
        let state = State::Refunding { call: Call::first(now_ms) };
        Self { format: FORMAT, saga, booking, payment, amount, state }
    }

    /// The key under which the gateway is called now: the same for every repetition of an attempt.
    pub fn key(&self) -> Option<String> {
        match &self.state {
            State::Refunding { call } => {
                Some(format!("{}:{}:{}", self.saga, Step::Refund.name(), call.attempt))
            }
            State::Posting { .. } | State::Rest { .. } | State::Stuck { .. } => None,
        }
    }

    /// Reads what was written down.
    ///
    /// # Errors
    /// When it is no refund, or one of another format.
    pub fn decode(text: &str) -> Result<Self, Unreadable> {
        written::decode(text, FORMAT)
    }

    /// Writes it down.
    pub fn encode(&self) -> String {
        written::encode(self)
    }
}

/// Says what is to be done at `now_ms`.
pub fn next(refund: &Refund, now_ms: i64) -> Decision {
    let (not_before_ms, step) = match &refund.state {
        State::Refunding { call } => (call.not_before_ms, Step::Refund),
        State::Posting { tries, .. } => (tries.not_before_ms, Step::Post),
        State::Rest { .. } => return Decision::Rest,
        State::Stuck { reason, .. } => return Decision::NeedsOperator(reason.clone()),
    };
    if now_ms < not_before_ms { Decision::Wait(not_before_ms) } else { Decision::Run(step) }
}

/// Takes in what happened at `now_ms`.
///
/// # Errors
/// When the event cannot happen in this state; the refund is then unchanged wherever it is stored.
pub fn apply(refund: Refund, event: Event, now_ms: i64) -> Result<Refund, IllegalTransition> {
    let illegal = IllegalTransition { state: refund.state.name(), event: event.clone() };
    match after(refund.state, event, now_ms) {
        Some(state) => Ok(Refund { state, ..refund }),
        None => Err(illegal),
    }
}

fn after(state: State, event: Event, now_ms: i64) -> Option<State> {
    Some(match (state, event) {
        (State::Refunding { call }, Event::Refunded(outcome)) => refunded(call, outcome, now_ms),
        (State::Posting { refund, tries }, Event::Posted(outcome)) => {
            posted(refund, tries, &outcome, now_ms)
        }
        (State::Refunding { call }, Event::Woken) if call.is_stale(now_ms) => {
            stuck(StuckReason::KeyTooOld, State::Refunding { call })
        }
        (
            state @ (State::Refunding { .. }
            | State::Posting { .. }
            | State::Rest { .. }
            | State::Stuck { .. }),
            Event::Woken,
        ) => state,
        (State::Stuck { reason, from }, Event::Retried) => retried(&reason, *from, now_ms),
        (
            State::Refunding { .. }
            | State::Posting { .. }
            | State::Rest { .. }
            | State::Stuck { .. },
            Event::Refunded(_) | Event::Posted(_) | Event::Retried,
        ) => return None,
    })
}

fn refunded(call: Call, outcome: Outcome<RefundId, String>, now_ms: i64) -> State {
    match outcome {
        Outcome::Done(refund) => State::Posting { refund, tries: Tries::first(now_ms) },
        Outcome::Refused(code) => stuck(StuckReason::Refused { code }, State::Refunding { call }),
        // A fault that the gateway repeats under this key for ever is repeated until an operator is
        // called: a new key could give the money back twice.
        Outcome::Unknown(Doubt::NoReply | Doubt::Faulted) => {
            let call = call.failed(Knowledge::Open, now_ms);
            if call.failures < MAX_FAILURES {
                State::Refunding { call }
            } else {
                stuck(StuckReason::RefundFails, State::Refunding { call })
            }
        }
    }
}

fn posted(refund: RefundId, tries: Tries, outcome: &Outcome<(), ()>, now_ms: i64) -> State {
    match outcome {
        Outcome::Done(()) => State::Rest { refund },
        Outcome::Unknown(_) if tries.attempt() < MAX_FAILURES => {
            State::Posting { refund, tries: tries.failed(now_ms) }
        }
        Outcome::Unknown(_) | Outcome::Refused(()) => {
            stuck(StuckReason::PostFails, State::Posting { refund, tries })
        }
    }
}

fn retried(reason: &StuckReason, from: State, now_ms: i64) -> State {
    match from {
        State::Refunding { call } => {
            let takes_new_key = match reason {
                // Stripe repeats a refusal under its key, too.
                StuckReason::Refused { .. } | StuckReason::KeyTooOld => true,
                StuckReason::RefundFails | StuckReason::PostFails => call.is_stale(now_ms),
            };
            let attempt = if takes_new_key { call.attempt + 1 } else { call.attempt };
            let since_ms = if takes_new_key { now_ms } else { call.since_ms };
            State::Refunding { call: Call { attempt, since_ms, ..Call::first(now_ms) } }
        }
        State::Posting { refund, .. } => State::Posting { refund, tries: Tries::first(now_ms) },
        other @ (State::Rest { .. } | State::Stuck { .. }) => other,
    }
}

fn stuck(reason: StuckReason, from: State) -> State {
    State::Stuck { reason, from: Box::new(from) }
}
