//! Giving money back: a refund as a small linear machine of pure decisions, in the manner of
//! [`crate::checkout`].
//!
//! ```text
//! Refunding ⇄ Looking → Posting → Rest → Reversing → Stuck → Looking
//!      └──────────┴→ Stuck
//! ```
//!
//! Seats and tickets are not its business: they are gone before a refund starts. What it promises:
//! - A call is repeated under the same key until the gateway has answered yes or no; no answer is never
//!   taken for a no.
//! - Before a new key is taken the gateway is asked which refunds it has, and whatever may still be under way
//!   has had time to arrive. One that is found there is accepted. So money goes back once at most, through
//!   faults that the gateway repeats, keys that it has forgotten, and operators who try again.
//! - It never asks for more than the gateway has left of the payment. What somebody gave back there by hand
//!   counts towards what is promised, where the rest does not suffice.
//! - What the gateway accepted and then could not deliver is taken back in our books, and calls an operator.
//! - It never ends without having given the money back: there is nothing to undo.
//!
//! [`Reason`] says why and [`Method`] how, [`rules`] says who gets how much back, `books` what the gateway's list means, `apply` holds the transitions,
//! [`look_again_ms`] says when to look whether one that was given back has failed since.

mod apply;
mod books;
mod event;
mod reason;
pub mod rules;

use serde::{Deserialize, Serialize};

pub use self::{
    apply::apply,
    books::{Books, Entry, Fate},
    event::{Event, IllegalTransition},
    reason::{Method, Reason},
};
pub use crate::written::Unreadable;
use crate::{
    checkout::{Call, PaymentId, RefundId, Tries},
    ids::{BookingId, SagaId},
    money::Money,
    written,
};

/// The format in which a [`Refund`] is written down. One of an older format is read; a newer one is refused.
pub const FORMAT: u16 = 2;

/// The oldest format that is still read: without `Looking` and `Reversing`, keys and amounts given back by hand.
const OLDEST_FORMAT: u16 = 1;

/// How many failures in a row it takes until a fault counts as one that the gateway repeats under its key: what
/// comes from something in between passes sooner.
pub const FAULTS_REPEATED: u32 = 5;

/// How long a call may be under way at the most. What is not in the gateway's books by then will not come; only
/// then is another key taken.
pub const SETTLES_MS: i64 = 30 * 60 * 1000;

/// How long after it was given back a refund is first looked at again.
pub const LOOK_FIRST_MS: i64 = 24 * 60 * 60 * 1000;

/// How old a refund is when it is looked at for the last time: the bank's money may take 30 days to come back
/// (<https://docs.stripe.com/refunds#failed-refunds>).
pub const LOOK_LAST_MS: i64 = 32 * LOOK_FIRST_MS;

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
    /// How much is promised; more than zero.
    pub amount: Money,
    /// How much of it somebody gave back at the gateway by hand, in minor units.
    #[serde(default)]
    pub by_hand_minor: i64,
    /// How many keys were taken.
    #[serde(default = "one")]
    pub keys: u32,
    /// Where it stands.
    pub state: State,
}

fn one() -> u32 {
    1
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
    /// The gateway is being asked which refunds it has of the payment.
    Looking {
        /// The call that is in doubt.
        call: Call,
        /// What to do when it has none of ours.
        then: Then,
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
    /// It was over, and the gateway could not deliver the money: what was posted is being taken back.
    Reversing {
        /// The gateway's code.
        code: String,
    },
    /// An operator must look at it.
    Stuck {
        /// Why.
        reason: StuckReason,
        /// Where it goes on when the operator says so.
        from: Box<State>,
    },
}

/// What to do when the gateway has no refund of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Make the call again under its key.
    SameKey,
    /// Make it under a new one.
    NewKey,
    /// It was refused: make it again for less where less is left, else call an operator.
    Refused {
        /// The gateway's code.
        code: String,
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
    /// The key is older than the gateway's memory of keys. Format 1 alone stopped there.
    KeyTooOld,
    /// The gateway took it on and could not deliver the money.
    Failed {
        /// The gateway's code.
        code: String,
    },
}

impl StuckReason {
    /// Its name in rows and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refund-refused",
            Self::RefundFails => "refund-fails",
            Self::PostFails => "post-fails",
            Self::KeyTooOld => "key-too-old",
            Self::Failed { .. } => "refund-failed",
        }
    }
}

/// A step of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Ask the gateway to give the money back.
    Refund,
    /// Ask the gateway which refunds it has.
    Look,
    /// Write ledger, payment, tickets and booking.
    Post,
    /// Take back what was written.
    Reverse,
}

impl Step {
    /// Its name in keys, rows and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refund => "refund",
            Self::Look => "look_for_refund",
            Self::Post => "post_refund",
            Self::Reverse => "reverse_refund",
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

impl State {
    /// Its name in rows and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refunding { .. } => "refunding",
            Self::Looking { .. } => "looking",
            Self::Posting { .. } => "posting",
            Self::Rest { .. } => "rest",
            Self::Reversing { .. } => "reversing",
            Self::Stuck { .. } => "stuck",
        }
    }

    /// The state's name, or of one that is stuck the name of where it goes on; and how often its step was tried,
    /// the try under way included.
    pub fn standing(&self) -> (&'static str, u32) {
        let attempts = match self {
            Self::Refunding { call } | Self::Looking { call, .. } => call.failures + 1,
            Self::Posting { tries, .. } => tries.attempt(),
            Self::Reversing { .. } => 1,
            Self::Rest { .. } => 0,
            Self::Stuck { from, .. } => return from.standing(),
        };
        (self.name(), attempts)
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
        Self { format: FORMAT, saga, booking, payment, amount, by_hand_minor: 0, keys: 1, state }
    }

    /// The key under which the gateway is called now: the same for every repetition of an attempt.
    pub fn key(&self) -> Option<String> {
        match &self.state {
            State::Refunding { call } => {
                Some(format!("{}:{}:{}", self.saga, Step::Refund.name(), call.attempt))
            }
            State::Looking { .. }
            | State::Posting { .. }
            | State::Rest { .. }
            | State::Reversing { .. }
            | State::Stuck { .. } => None,
        }
    }

    /// What the gateway is asked to give back: what is promised, less what was given back by hand.
    pub fn asked(&self) -> Money {
        Money::new(self.amount.minor - self.by_hand_minor, self.amount.currency)
    }

    /// Reads what was written down; what is of an older format is then of this one.
    ///
    /// # Errors
    /// When it is no refund, or one of a newer format.
    pub fn decode(text: &str) -> Result<Self, Unreadable> {
        let read: Self = written::decode(text, OLDEST_FORMAT..=FORMAT)?;
        Ok(Self { format: FORMAT, ..read })
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
        State::Looking { call, .. } => (call.not_before_ms, Step::Look),
        State::Posting { tries, .. } => (tries.not_before_ms, Step::Post),
        State::Reversing { .. } => return Decision::Run(Step::Reverse),
        State::Rest { .. } => return Decision::Rest,
        State::Stuck { reason, .. } => return Decision::NeedsOperator(reason.clone()),
    };
    if now_ms < not_before_ms { Decision::Wait(not_before_ms) } else { Decision::Run(step) }
}

/// When to look again at a refund that was given back at `settled_ms`: at twice the age each time; never again once
/// it is too old to fail.
pub fn look_again_ms(settled_ms: i64, now_ms: i64) -> Option<i64> {
    let mut age_ms = LOOK_FIRST_MS;
    while settled_ms + age_ms <= now_ms {
        age_ms *= 2;
        if age_ms > LOOK_LAST_MS {
            return None;
        }
    }
    Some(settled_ms + age_ms)
}
