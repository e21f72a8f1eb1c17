//! Paying for what is held: the checkout as a linear machine of pure decisions.
//!
//! ```text
//! Preparing → Authorizing → (Awaiting) → ConfirmingSeats → Capturing → Issuing → Rest(Confirmed)
//!     │            └────────────┴───────────────┴──────────────┴→ Voiding
//!     └→ ConfirmingSeats → Authorizing → (Awaiting) → Issuing, where the money is taken at once
//!     └──────────────────────────────────────────────────────────→ Releasing → Rest(Failed)
//!                                       captured all the same: Voiding → Reclaiming → Issuing | Releasing
//! ```
//!
//! [`next`] says what is to be done, somebody does it, [`apply`] takes in what came of it. Nothing here
//! performs anything or knows a clock: the server's executor and the simulator in this crate's tests
//! carry the same decisions out.
//!
//! What the machine promises, each of which the simulator breaks when the rule is dropped:
//! - Seats are sold before money is captured (a method that takes it at once is authorized after the sale),
//!   and payments are voided before seats are freed: no seat is free, or another's, while its payment can
//!   still be captured.
//! - A payment is first prepared, which touches no card, and its id recorded; only then is it authorized.
//!   So every call that moves money names a recorded payment, the gateway puts all calls on that
//!   payment in one order, and a call that arrives late finds it voided. A prepared payment whose id
//!   was lost can never be authorized.
//! - No answer is never taken for a no: the gateway is asked what became of the payment.
//! - A call is repeated under the same key until the gateway has answered under that key; only then does
//!   a new attempt take a new key.
//! - Before the pivot (capture *succeeded*) every step that started is undone; after it the machine
//!   goes forward only. Where a limit is reached before the pivot it backs out by itself; in an undo or
//!   after the pivot an operator is called.
//! - Money that was taken although the payment was to be voided (a late success) buys the same seats where
//!   they are free; else the checkout ends as [`Failure::SeatsLostRefunded`], and who carries its last step
//!   out starts the refund in the same transaction (see [`crate::refund`]).
//!
//! `state` holds the states, `ending` the ends, `event` what can happen, `limits` the bounds, `apply` and
//! `seen` the transitions.

mod apply;
mod ending;
mod event;
mod limits;
mod seen;
mod state;

use serde::{Deserialize, Serialize};

pub use self::{
    apply::{IllegalTransition, apply},
    ending::{Ending, Failure, Release, StuckReason},
    event::{
        Authorization, Decline, Doubt, Event, Outcome, PaymentSeen, PaymentStatus, Prepared, Taking,
    },
    limits::{
        ASK_FIRST_MS, ASK_MAX_MS, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, KEY_LIFE_MS, MAX_FAILURES,
        PAYMENT_DEADLINE_MS,
    },
    state::{Call, Knowledge, PaymentId, RefundId, SeatsStand, State, Tries},
};
pub use crate::written::Unreadable;
use crate::{
    ids::{BookingId, SagaId},
    money::Money,
    written,
};

/// The format in which a [`Checkout`] is written down. One of an older format is read; a newer one is refused.
pub const FORMAT: u16 = 2;

/// The oldest format that is still read: every payment was taken later.
const OLDEST_FORMAT: u16 = 1;

/// A checkout on its way; written as JSON into its saga's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// The format of this record, [`FORMAT`].
    pub format: u16,
    /// The saga; names the gateway's keys.
    pub saga: SagaId,
    /// The booking that is being paid.
    pub booking: BookingId,
    /// What is paid and how.
    pub order: Order,
    /// How its money is taken, once it is prepared.
    #[serde(default)]
    pub taking: Taking,
    /// When the buyer and the gateway have taken too long, in milliseconds since 1970.
    pub deadline_ms: i64,
    /// Where it stands.
    pub state: State,
}

/// What a checkout asks of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Nothing is due: the gateway is not asked at all.
    Free,
    /// An amount is due.
    Paid {
        /// How much; more than zero.
        amount: Money,
        /// The gateway's name for the payment method.
        method: String,
    },
}

/// A step on the way forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Make the payment known at the gateway. Touches no card.
    Prepare,
    /// Reserve the amount on the buyer's card; or take it, where it is taken at once.
    Authorize,
    /// Turn the seats from paying to sold.
    ConfirmSeats,
    /// Take the reserved amount. Its success is the pivot.
    Capture,
    /// Issue tickets, write the ledger and the messages, confirm the booking.
    IssueTickets,
    /// The money is taken all the same: make the same seats sold where they are free.
    ReclaimSeats,
}

impl Step {
    /// Its name in keys, rows and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Authorize => "authorize",
            Self::ConfirmSeats => "confirm_seats",
            Self::Capture => "capture",
            Self::IssueTickets => "issue_tickets",
            Self::ReclaimSeats => "reclaim_seats",
        }
    }

    /// The name of its undo in keys, rows and logs.
    pub fn undo_name(self) -> &'static str {
        match self {
            Self::Prepare => "abandon",
            Self::Authorize => "void",
            Self::ConfirmSeats | Self::ReclaimSeats => "release_seats",
            Self::Capture => "refund",
            Self::IssueTickets => "void_tickets",
        }
    }
}

/// Why nothing is to be done for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitReason {
    /// The buyer must act (3-D Secure).
    Buyer,
    /// The gateway has not decided yet.
    Gateway,
    /// Something failed a moment ago.
    Backoff,
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Perform a step. The attempt names the gateway's key.
    Run(Step, u32),
    /// Undo a step. The attempt names the gateway's key.
    Undo(Step, u32),
    /// Fetch the payment and report what it is like.
    Ask(PaymentId),
    /// Do nothing before `until_ms`, unless somebody wakes the checkout.
    Wait {
        /// When to look again, in milliseconds since 1970.
        until_ms: i64,
        /// What for.
        reason: WaitReason,
    },
    /// It is over.
    Rest(Ending),
    /// It cannot go on by itself.
    NeedsOperator(StuckReason),
}

impl Checkout {
    /// Starts a checkout whose seats have just turned from held to paying.
    ///
    /// # Panics
    /// When a paid order has an amount of zero or less: such an order is [`Order::Free`].
    pub fn start(saga: SagaId, booking: BookingId, order: Order, now_ms: i64) -> Self {
        let state = match &order {
            Order::Free => State::ConfirmingSeats { payment: None, tries: Tries::first(now_ms) },
            Order::Paid { amount, .. } => {
                assert!(amount.minor > 0, "a paid order costs something");
                State::Preparing { call: Call::first(now_ms) }
            }
        };
        let deadline_ms = now_ms + PAYMENT_DEADLINE_MS;
        let taking = Taking::default();
        Self { format: FORMAT, saga, booking, order, taking, deadline_ms, state }
    }

    /// The key under which the gateway is called for a step: the same for every repetition of an attempt.
    pub fn key(&self, step: Step, attempt: u32) -> String {
        format!("{}:{}:{attempt}", self.saga, step.name())
    }

    /// The key under which the gateway is called to undo a step.
    pub fn undo_key(&self, step: Step, attempt: u32) -> String {
        format!("{}:{}:{attempt}", self.saga, step.undo_name())
    }

    /// How it ended, when it has.
    pub fn ending(&self) -> Option<&Ending> {
        match &self.state {
            State::Rest { ending } => Some(ending),
            _ => None,
        }
    }

    /// The secret that the buyer's browser needs to act, while the buyer must act.
    pub fn client_secret(&self) -> Option<&str> {
        match &self.state {
            State::Awaiting { client_secret, .. } => client_secret.as_deref(),
            _ => None,
        }
    }

    /// Reads what was written down; what is of an older format is then of this one.
    ///
    /// # Errors
    /// When it is no checkout, or one of a newer format.
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
pub fn next(checkout: &Checkout, now_ms: i64) -> Decision {
    let backoff = |until_ms| Decision::Wait { until_ms, reason: WaitReason::Backoff };
    match &checkout.state {
        State::Preparing { call } if now_ms < call.not_before_ms => backoff(call.not_before_ms),
        State::Preparing { call } => Decision::Run(Step::Prepare, call.attempt),
        State::Authorizing { payment, call } => {
            call.decide(payment, now_ms, Decision::Run(Step::Authorize, call.attempt))
        }
        State::Awaiting { payment, client_secret, ask_at_ms, .. } => {
            if now_ms >= *ask_at_ms {
                return Decision::Ask(payment.clone());
            }
            let reason =
                if client_secret.is_some() { WaitReason::Buyer } else { WaitReason::Gateway };
            Decision::Wait { until_ms: (*ask_at_ms).min(checkout.deadline_ms), reason }
        }
        State::ConfirmingSeats { tries, .. } => {
            tries.decide(now_ms, Decision::Run(Step::ConfirmSeats, tries.attempt()))
        }
        State::Capturing { payment, call } => {
            call.decide(payment, now_ms, Decision::Run(Step::Capture, call.attempt))
        }
        State::Issuing { tries, .. } => {
            tries.decide(now_ms, Decision::Run(Step::IssueTickets, tries.attempt()))
        }
        State::Voiding { payment, call, .. } => {
            call.decide(payment, now_ms, Decision::Undo(Step::Authorize, call.attempt))
        }
        State::Reclaiming { tries, .. } => {
            tries.decide(now_ms, Decision::Run(Step::ReclaimSeats, tries.attempt()))
        }
        State::Releasing { tries, .. } => {
            tries.decide(now_ms, Decision::Undo(Step::ConfirmSeats, tries.attempt()))
        }
        State::Rest { ending } => Decision::Rest(ending.clone()),
        State::Stuck { reason, .. } => Decision::NeedsOperator(*reason),
    }
}
