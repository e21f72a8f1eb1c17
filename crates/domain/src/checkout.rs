//! The checkout: a linear machine of pure decisions that pays for held seats.
//!
//! ```text
//! Preparing → (Authorizing) → (Awaiting) → ConfirmingSeats → Capturing → Issuing → Rest(Confirmed)
//!     │             └────────────┴───────────────┴──────────────┴→ Voiding
//!     ├→ ConfirmingSeats → Authorizing → (Awaiting) → Issuing, with Taking::AtOnce
//!     ├→ Finding → Voiding, when the checkout is given up before the payment's id is known
//!     └──────────────────────────────────────────────────────────→ Releasing → Rest(Failed)
//!                      captured although to be voided: Voiding → Reclaiming → Issuing | Releasing
//! ```
//!
//! [`next`] decides what the caller must do, the caller does it, and [`apply`] processes the outcome.
//! After some outcomes, [`follows`] names a further call that the caller makes at once: it reports both
//! outcomes together. This module performs nothing and knows no clock. The server's executor and the
//! simulator in the tests of this crate carry out the same decisions.
//!
//! The machine makes these promises. For each, the simulator shows a violation when the rule is removed:
//! - Seats are sold before money is captured (a method that takes the money at once is authorized after
//!   the sale), and payments are voided before seats are freed. Therefore no seat is free or belongs to
//!   another buyer while its payment can still be captured.
//! - A payment is first prepared, which touches no card, and then authorized under the id that the
//!   gateway gave it. Nothing is stored in between, because the id can always be learnt again: to prepare
//!   under the same key yields the same payment, and where the key does not help, the payment is searched for.
//!   A checkout that is given up before the id is stored learns the id in this way and voids the payment
//!   before the seats are freed ([`State::Finding`]). Therefore the gateway puts all calls on a payment in
//!   one order, and a late call finds the payment voided.
//! - A capture, and an authorization that takes the money at once, name a payment whose id is stored.
//! - A missing response is never treated as a refusal: the gateway is asked for the state of the payment.
//! - A call is repeated with the same key until the gateway has responded for that key. Only then does a
//!   new attempt use a new key.
//! - Before the pivot (capture *succeeded*), every started step can be undone. After the pivot, the
//!   machine only goes forward. If a limit is reached before the pivot, the machine undoes its steps by
//!   itself. If a limit is reached in an undo or after the pivot, the checkout needs an operator.
//! - If money was captured although the payment was to be voided (a late success), it buys the same seats
//!   if they are free. Otherwise the checkout ends as [`Failure::SeatsLostRefunded`], and the caller that
//!   performs its last step starts the refund in the same transaction (see [`crate::refund`]).
//!
//! `state` contains the states, `ending` the endings, `event` the events, `limits` the limits, `apply` and
//! `seen` the transitions.

mod apply;
mod ending;
mod event;
mod limits;
mod seen;
mod state;
mod unstored;

use serde::{Deserialize, Serialize};

pub use self::{
    apply::{IllegalTransition, apply},
    ending::{Ending, Failure, Release, StuckReason},
    event::{
        Authorization, Decline, Doubt, Event, Outcome, PaymentSearch, PaymentSeen, PaymentStatus,
        Prepared, Taking,
    },
    limits::{
        ASK_FIRST_MS, ASK_MAX_MS, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, KEY_LIFE_MS, MAX_FAILURES,
        PAYMENT_DEADLINE_MS,
    },
    state::{Call, Knowledge, PaymentId, RefundId, SeatsStand, State, Tries},
};
pub use crate::written::UnreadableRecord;
use crate::{
    ids::{BookingId, SagaId},
    money::Money,
    written,
};

/// The format in which a [`Checkout`] is stored. An older format is read; a newer format is
/// refused.
///
/// In format 2, a payment was authorized only after its id was stored. A program of that format must not
/// give up a checkout of format 3.
pub const FORMAT: u16 = 3;

/// The oldest format that is still read. In that format, every payment had the taking
/// [`Taking::Later`].
const OLDEST_FORMAT: u16 = 1;

/// The state of a checkout. Its saga's row stores it as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// The format of this record, [`FORMAT`].
    pub format: u16,
    /// The id of the saga. The idempotency keys at the gateway begin with it.
    pub saga: SagaId,
    /// The booking that the checkout pays for.
    pub booking: BookingId,
    /// The amount to pay and the payment method.
    pub order: Order,
    /// How the payment takes the money. Known after the payment is prepared.
    #[serde(default)]
    pub taking: Taking,
    /// The moment after which an unauthorized payment is given up, in milliseconds since 1970.
    pub deadline_ms: i64,
    /// The current state of the machine.
    pub state: State,
}

/// The payment that a checkout needs: none, or an amount by a payment method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The total is zero. The gateway is not called at all.
    Free,
    /// The buyer pays an amount through the gateway.
    Paid {
        /// The amount to pay; greater than zero.
        amount: Money,
        /// The gateway's name for the payment method.
        method: String,
    },
}

/// A call to the gateway, with everything that it needs. A call that changes something carries its
/// idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayCall {
    /// Create the payment. This touches no card.
    Prepare {
        /// The idempotency key. The gateway creates at most one payment for it.
        key: String,
        /// The amount to pay, greater than zero.
        amount: Money,
        /// The gateway's name for the payment method.
        method: String,
    },
    /// Authorize the amount on the buyer's card. With [`Taking::AtOnce`], take the amount.
    Authorize {
        /// The idempotency key. The gateway authorizes at most once for it.
        key: String,
        /// The prepared payment to authorize.
        payment: PaymentId,
    },
    /// Capture the authorized amount. Its success is the pivot.
    Capture {
        /// The idempotency key. The gateway captures at most once for it.
        key: String,
        /// The authorized payment to capture.
        payment: PaymentId,
    },
    /// Void the payment, so that it can never take money.
    Void {
        /// The idempotency key. The gateway voids at most once for it.
        key: String,
        /// The payment that must never take money.
        payment: PaymentId,
    },
    /// Fetch the payment and report its state.
    Ask {
        /// The payment to report on.
        payment: PaymentId,
    },
    /// Search for the payment that was made for a checkout.
    Find {
        /// The saga whose id the payment carries.
        saga: SagaId,
    },
}

impl GatewayCall {
    const PREPARE: &str = "prepare";
    const AUTHORIZE: &str = "authorize";
    const CAPTURE: &str = "capture";
    const VOID: &str = "void";

    /// The name of the call in keys, rows and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Prepare { .. } => Self::PREPARE,
            Self::Authorize { .. } => Self::AUTHORIZE,
            Self::Capture { .. } => Self::CAPTURE,
            Self::Void { .. } => Self::VOID,
            Self::Ask { .. } => "ask",
            Self::Find { .. } => "find",
        }
    }

    /// The idempotency key. `None` for a question, which changes nothing.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Prepare { key, .. }
            | Self::Authorize { key, .. }
            | Self::Capture { key, .. }
            | Self::Void { key, .. } => Some(key),
            Self::Ask { .. } | Self::Find { .. } => None,
        }
    }
}

/// A step in our own database, performed in the transaction that records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalStep {
    /// Change the seats from paying to sold.
    ConfirmSeats,
    /// Issue the tickets, write the ledger and the messages, and confirm the booking.
    IssueTickets,
    /// The payment was captured although it was to be voided: mark the same seats as sold if they
    /// are free.
    ReclaimSeats,
    /// Release the seats and end the booking.
    ReleaseSeats {
        /// Why the checkout fails. The booking keeps this reason.
        why: Failure,
    },
}

impl LocalStep {
    const CONFIRM_SEATS: &'static str = "confirm_seats";
    const RECLAIM_SEATS: &'static str = "reclaim_seats";
    const RELEASE_SEATS: &'static str = "release_seats";
    /// The names of the steps that change seats; issuing tickets does not.
    pub const SEAT_STEPS: [&'static str; 3] =
        [Self::CONFIRM_SEATS, Self::RECLAIM_SEATS, Self::RELEASE_SEATS];

    /// The name of the step in rows and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ConfirmSeats => Self::CONFIRM_SEATS,
            Self::IssueTickets => "issue_tickets",
            Self::ReclaimSeats => Self::RECLAIM_SEATS,
            Self::ReleaseSeats { .. } => Self::RELEASE_SEATS,
        }
    }
}

/// The reason why a checkout waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitReason {
    /// The buyer must act (3-D Secure).
    Buyer,
    /// The gateway has not decided yet.
    Gateway,
    /// A step failed a moment ago.
    Backoff,
}

/// The next task of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Call the gateway and report the outcome.
    Call(GatewayCall),
    /// Perform the step in our own database and report the outcome.
    Local(LocalStep),
    /// Do nothing before `until_ms`, unless somebody wakes the checkout.
    Wait {
        /// When to look again, in milliseconds since 1970.
        until_ms: i64,
        /// The reason why the checkout waits.
        reason: WaitReason,
    },
    /// The checkout has ended, and nothing is left to do.
    Rest(Ending),
    /// The checkout cannot continue without an operator.
    NeedsOperator(StuckReason),
}

impl Checkout {
    /// Starts a checkout whose seats have just changed from held to paying.
    ///
    /// # Panics
    /// If a paid order has an amount of zero or less: such an order is [`Order::Free`].
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

    /// The idempotency key of a call. Every repetition of an attempt uses the same key.
    fn key(&self, call: &str, attempt: u32) -> String {
        format!("{}:{call}:{attempt}", self.saga)
    }

    /// How the checkout ended. `None` if it has not ended.
    pub fn ending(&self) -> Option<&Ending> {
        if let State::Rest { ending } = &self.state { Some(ending) } else { None }
    }

    /// The secret that the buyer's browser needs to act. `None` unless the buyer must act.
    pub fn client_secret(&self) -> Option<&str> {
        let State::Awaiting { client_secret, .. } = &self.state else { return None };
        client_secret.as_deref()
    }

    /// Until when the seats stay held while the buyer and the gateway decide about the payment, in milliseconds since 1970.
    /// `None` once that is decided, or the checkout is given up.
    pub fn undecided_until_ms(&self) -> Option<i64> {
        match &self.state {
            State::Preparing { .. } | State::Authorizing { .. } | State::Awaiting { .. } => {
                Some(self.deadline_ms)
            }
            State::Finding { .. }
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

    /// Reads a stored checkout and converts an older format to the current format.
    ///
    /// # Errors
    /// If the text is not a checkout, contradicts itself, or has a newer format.
    pub fn decode(text: &str) -> Result<Self, UnreadableRecord> {
        let read: Self = written::decode(text, OLDEST_FORMAT..=FORMAT)?;
        let prepares = matches!(&read.state, State::Preparing { .. } | State::Finding { .. });
        if prepares && read.order == Order::Free {
            return Err(UnreadableRecord::Contradictory("a free order has no payment to prepare"));
        }
        Ok(Self { format: FORMAT, ..read })
    }

    /// Writes the checkout as JSON for storage.
    pub fn encode(&self) -> String {
        written::encode(self)
    }
}

/// Decides what the caller must do at `now_ms` (milliseconds since 1970).
pub fn next(checkout: &Checkout, now_ms: i64) -> Decision {
    let backoff = |until_ms| Decision::Wait { until_ms, reason: WaitReason::Backoff };
    match &checkout.state {
        State::Preparing { call } | State::Finding { call, .. } if now_ms < call.not_before_ms => {
            backoff(call.not_before_ms)
        }
        State::Finding { call, .. } if call.is_stale(now_ms) || !call.is_open() => {
            Decision::Call(GatewayCall::Find { saga: checkout.saga })
        }
        State::Preparing { call } if call.is_spent() => {
            Decision::Call(GatewayCall::Find { saga: checkout.saga })
        }
        State::Preparing { call } | State::Finding { call, .. } => match &checkout.order {
            Order::Paid { amount, method } => Decision::Call(GatewayCall::Prepare {
                key: checkout.key(GatewayCall::PREPARE, call.attempt),
                amount: *amount,
                method: method.clone(),
            }),
            // Neither `start` nor `decode` makes such a checkout.
            Order::Free => Decision::NeedsOperator(StuckReason::Contradictory),
        },
        State::Authorizing { payment, call } => call.decide(payment, now_ms, || {
            let key = checkout.key(GatewayCall::AUTHORIZE, call.attempt);
            GatewayCall::Authorize { key, payment: payment.clone() }
        }),
        State::Awaiting { payment, client_secret, ask_at_ms, .. } => {
            if now_ms >= *ask_at_ms {
                return Decision::Call(GatewayCall::Ask { payment: payment.clone() });
            }
            let reason =
                if client_secret.is_some() { WaitReason::Buyer } else { WaitReason::Gateway };
            Decision::Wait { until_ms: (*ask_at_ms).min(checkout.deadline_ms), reason }
        }
        State::ConfirmingSeats { tries, .. } => tries.decide(now_ms, LocalStep::ConfirmSeats),
        State::Capturing { payment, call } => call.decide(payment, now_ms, || {
            let key = checkout.key(GatewayCall::CAPTURE, call.attempt);
            GatewayCall::Capture { key, payment: payment.clone() }
        }),
        State::Issuing { tries, .. } => tries.decide(now_ms, LocalStep::IssueTickets),
        State::Voiding { payment, call, .. } => call.decide(payment, now_ms, || {
            let key = checkout.key(GatewayCall::VOID, call.attempt);
            GatewayCall::Void { key, payment: payment.clone() }
        }),
        State::Reclaiming { tries, .. } => tries.decide(now_ms, LocalStep::ReclaimSeats),
        State::Releasing { why, tries } => {
            tries.decide(now_ms, LocalStep::ReleaseSeats { why: why.clone() })
        }
        State::Rest { ending } => Decision::Rest(ending.clone()),
        State::Stuck { reason, .. } => Decision::NeedsOperator(*reason),
    }
}

/// The call that the caller makes at once after this outcome of the call that [`next`] decided. Nothing has to be
/// stored before it. The caller applies both outcomes together, as [`joined`].
///
/// A payment is authorized as soon as it is prepared. The exception is a payment that takes the money at once: its
/// seats are sold first.
pub fn follows(checkout: &Checkout, outcome: &Event) -> Option<GatewayCall> {
    match (&checkout.state, outcome) {
        (State::Preparing { .. }, Event::Prepared(Outcome::Done(prepared)))
            if prepared.taking == Taking::Later =>
        {
            let key = checkout.key(GatewayCall::AUTHORIZE, Call::FIRST_ATTEMPT);
            Some(GatewayCall::Authorize { key, payment: prepared.payment.clone() })
        }
        (_, _) => None,
    }
}

/// The outcomes of a call and of the call that [`follows`] it, as one event. Other pairs of events are not joined: the
/// second one is the result.
pub fn joined(first: Event, second: Event) -> Event {
    match (first, second) {
        (Event::Prepared(Outcome::Done(prepared)), Event::Authorized(authorized)) => {
            Event::Placed { payment: prepared.payment, authorized }
        }
        (_, second) => second,
    }
}
