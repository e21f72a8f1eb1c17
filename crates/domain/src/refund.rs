//! The refund: a small linear machine of pure decisions, like [`crate::checkout`].
//!
//! ```text
//! Refunding ⇄ Looking → Posting → Rest → Reversing → Stuck → Looking
//!      └──────────┴→ Stuck
//! ```
//!
//! The machine does not handle seats and tickets: they are released before a refund starts. It makes these
//! promises:
//! - A call is repeated with the same key until the gateway has accepted or refused it. A missing response
//!   is never treated as a refusal.
//! - Before a new key is used, the gateway is asked for its list of refunds, after every call that may still
//!   be under way has had time to arrive. If the list contains our refund, it is accepted. Therefore money
//!   is refunded at most once, even when the gateway repeats errors, has forgotten keys, or an operator
//!   retries.
//! - The machine never asks for more than the gateway has left of the payment. A manual refund at the
//!   gateway counts towards the promised amount if the rest is too small for the whole amount.
//! - If the gateway accepted a refund but could not deliver it, our books reverse it and the refund needs an
//!   operator.
//! - The machine ends only when the money is refunded: there is nothing to undo.
//!
//! [`Reason`] says why money is refunded and [`RefundMethod`] in which way, [`rules`] says which lines may be cancelled and
//! which amount is refunded, `books` interprets the gateway's list of refunds, `apply` contains the transitions, and
//! [`look_again_ms`] says when to check whether a completed refund has failed since.

mod apply;
mod books;
mod event;
mod reason;
pub mod rules;

use serde::{Deserialize, Serialize};

pub use self::{
    apply::apply,
    books::{BookedRefund, Fate, GatewayBooks},
    event::{Event, IllegalTransition},
    reason::{Reason, RefundMethod, Status},
};
pub use crate::written::UnreadableRecord;
use crate::{
    checkout::{Call, PaymentId, RefundId, Tries},
    ids::{BookingId, SagaId},
    money::Money,
    written,
};

/// The format in which a [`Refund`] is stored. An older format is read; a newer format is refused.
pub const FORMAT: u16 = 2;

/// The oldest format that is still read. It has no `Looking`, no `Reversing`, no count of keys and
/// no manual refunds.
const OLDEST_FORMAT: u16 = 1;

/// The number of failures in a row after which an error counts as permanent: the gateway has stored the error and
/// repeats it for this key. Errors of intermediate systems end sooner.
pub const FAULTS_REPEATED: u32 = 5;

/// How long a call may be under way at most, in milliseconds. A refund that is not in the gateway's
/// books by then will not appear; only then is another key used.
pub const SETTLES_MS: i64 = 30 * 60 * 1000;

/// When a completed refund is first looked at again, in milliseconds after its completion.
pub const LOOK_FIRST_MS: i64 = 24 * 60 * 60 * 1000;

/// The age at which a refund is looked at for the last time, in milliseconds. A bank may take 30
/// days to return the money (<https://docs.stripe.com/refunds#failed-refunds>).
pub const LOOK_LAST_MS: i64 = 32 * LOOK_FIRST_MS;

/// The state of a refund. Its saga's row stores it as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The format of this record, [`FORMAT`].
    pub format: u16,
    /// The id of the saga and of the refund's own row. The idempotency keys at the gateway begin
    /// with it.
    pub saga: SagaId,
    /// The booking whose payment is refunded.
    pub booking: BookingId,
    /// The payment that is refunded in whole or in part.
    pub payment: PaymentId,
    /// The promised amount; greater than zero.
    pub amount: Money,
    /// The part of the promised amount that was refunded manually at the gateway, in minor units.
    #[serde(default)]
    pub by_hand_minor: i64,
    /// How many idempotency keys were used.
    #[serde(default = "one")]
    pub keys: u32,
    /// The current state of the machine.
    pub state: State,
}

fn one() -> u32 {
    1
}

/// The state of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum State {
    /// The gateway is being asked to refund the amount.
    Refunding {
        /// The call to the gateway.
        call: Call,
    },
    /// The gateway is being asked for its list of the payment's refunds.
    Looking {
        /// The call whose outcome is unknown.
        call: Call,
        /// The next step if the list contains no refund of ours.
        then: NextTry,
    },
    /// The gateway accepted the refund: the ledger, the tickets and the booking are being written.
    Posting {
        /// The gateway's id of the refund.
        refund: RefundId,
        /// The tries of the step.
        tries: Tries,
    },
    /// The gateway accepted the refund, and our books contain it.
    Rest {
        /// The gateway's id of the refund.
        refund: RefundId,
    },
    /// The refund was complete, but the gateway could not deliver the money: its posting is being
    /// reversed.
    Reversing {
        /// The gateway's code for the failure.
        code: String,
    },
    /// The refund needs an operator.
    Stuck {
        /// Why the refund needs an operator.
        reason: StuckReason,
        /// The state from which a retry continues.
        from: Box<State>,
    },
}

/// The next step if the gateway's list contains no refund of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextTry {
    /// Repeat the call with the same key.
    SameKey,
    /// Repeat the call with a new key.
    NewKey,
    /// The gateway refused the call. Repeat it for a smaller amount if less is left at the gateway;
    /// otherwise the refund needs an operator.
    Refused {
        /// The gateway's code for the refusal.
        code: String,
    },
}

/// Why a refund needs an operator.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StuckReason {
    /// The gateway refuses the refund.
    Refused {
        /// The gateway's code for the refusal.
        code: String,
    },
    /// The gateway gave no clear response, and the limit of tries is reached.
    RefundFails,
    /// The refund could not be recorded, and the limit of tries is reached.
    PostFails,
    /// The key is so old that the gateway may have forgotten it. Only format 1 stopped with this reason.
    KeyTooOld,
    /// The gateway accepted the refund and could not deliver the money.
    Failed {
        /// The gateway's code for the failure.
        code: String,
    },
}

impl StuckReason {
    /// The word for the reason in rows and logs.
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

/// A call to the gateway, with everything that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayCall {
    /// Ask the gateway to refund the amount.
    Refund {
        /// The idempotency key. Every repetition of an attempt uses the same key.
        key: String,
        /// The payment that is refunded in whole or in part.
        payment: PaymentId,
        /// The promised amount minus the manual refunds.
        amount: Money,
    },
    /// Ask the gateway for its list of the payment's refunds.
    Look {
        /// The payment whose refunds the gateway lists.
        payment: PaymentId,
    },
}

impl GatewayCall {
    pub(super) const REFUND: &str = "refund";

    /// The name of the call in keys, rows and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refund { .. } => Self::REFUND,
            Self::Look { .. } => "look_for_refund",
        }
    }
}

/// A step in our own database, performed in the transaction that records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalStep {
    /// Write the ledger, the payment, the tickets and the booking.
    Post {
        /// The gateway's id of the refund.
        refund: RefundId,
    },
    /// Reverse everything that [`LocalStep::Post`] wrote.
    Reverse,
}

impl LocalStep {
    /// The name of the step in rows and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Post { .. } => "post_refund",
            Self::Reverse => "reverse_refund",
        }
    }
}

/// The next task of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Call the gateway and report the outcome.
    Call(GatewayCall),
    /// Perform the step in our own database and report the outcome.
    Local(LocalStep),
    /// Do nothing before this moment, in milliseconds since 1970.
    Wait(i64),
    /// The refund is complete, and nothing is left to do.
    Rest,
    /// The refund cannot continue without an operator.
    NeedsOperator(StuckReason),
}

impl State {
    /// The name of the state in rows and logs.
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

    /// The name of the state and the number of tries of its step, including a try under way. For
    /// [`State::Stuck`], both are those of the state from which a retry continues.
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
    /// If the amount is zero or less: then there is nothing to refund.
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

    /// The amount that the gateway is asked to refund: the promised amount minus the manual
    /// refunds.
    pub fn asked(&self) -> Money {
        Money::new(self.amount.minor - self.by_hand_minor, self.amount.currency)
    }

    /// Reads a stored refund and converts an older format to the current format.
    ///
    /// # Errors
    /// If the text is not a refund, or has a newer format.
    pub fn decode(text: &str) -> Result<Self, UnreadableRecord> {
        let read: Self = written::decode(text, OLDEST_FORMAT..=FORMAT)?;
        Ok(Self { format: FORMAT, ..read })
    }

    /// Writes the refund as JSON for storage.
    pub fn encode(&self) -> String {
        written::encode(self)
    }
}

/// Decides what the caller must do at `now_ms` (milliseconds since 1970).
pub fn next(refund: &Refund, now_ms: i64) -> Decision {
    let (not_before_ms, decision) = match &refund.state {
        State::Refunding { call } => {
            let key = format!("{}:{}:{}", refund.saga, GatewayCall::REFUND, call.attempt);
            let (payment, amount) = (refund.payment.clone(), refund.asked());
            let asks = GatewayCall::Refund { key, payment, amount };
            (call.not_before_ms, Decision::Call(asks))
        }
        State::Looking { call, .. } => {
            let looks = GatewayCall::Look { payment: refund.payment.clone() };
            (call.not_before_ms, Decision::Call(looks))
        }
        State::Posting { refund, tries } => {
            let posts = LocalStep::Post { refund: refund.clone() };
            (tries.not_before_ms, Decision::Local(posts))
        }
        State::Reversing { .. } => return Decision::Local(LocalStep::Reverse),
        State::Rest { .. } => return Decision::Rest,
        State::Stuck { reason, .. } => return Decision::NeedsOperator(reason.clone()),
    };
    if now_ms < not_before_ms { Decision::Wait(not_before_ms) } else { decision }
}

/// When to look again at a refund that was completed at `settled_ms`: each time at twice the age.
/// Returns `None` if the refund is too old to fail. Times are in milliseconds since 1970.
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
