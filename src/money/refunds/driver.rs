//! A refund as a saga: the decisions of the domain, the call to the gateway, the posting.

use std::sync::Arc;

use holdfast_domain::{
    checkout::{Doubt, Outcome, RefundId},
    ledger,
    refund::{self, Decision, Event, GatewayCall, LocalStep, Refund, State, rules::Share},
};
use holdfast_entity::{booking_lines, bookings};
use uuid::Uuid;

use super::store;
use crate::{
    kernel::{
        db::{Bug, StoreError, Together, Tx},
        ports::{
            Entropy, PaymentGateway,
            payments::{RefundRefused, answer_in_time, in_time},
        },
        saga::{
            Directive, Driver, Status,
            driver::{Illegal, NamedStep, Performed, Progress, UnreadableState},
        },
    },
    money::ledger::{self as books, Kind},
    shop::{bookings::confirmed, tickets},
};

/// Drives refunds with the domain's decisions.
#[derive(Debug)]
pub struct RefundDriver {
    gateway: Arc<dyn PaymentGateway>,
    entropy: Arc<dyn Entropy>,
}

impl RefundDriver {
    pub fn new(gateway: Arc<dyn PaymentGateway>, entropy: Arc<dyn Entropy>) -> Self {
        Self { gateway, entropy }
    }

    /// Records that the gateway returned the money: in the refund, its lines, the booking, the payment, the tickets
    /// and the ledger at once.
    async fn post(
        &self,
        tx: &Tx,
        refund: &Refund,
        name: &RefundId,
        now_ms: i64,
    ) -> Result<Performed<Event>, StoreError> {
        let part = RefundedBooking::of(tx, refund).await?;
        if store::settle(tx, refund.saga, name, now_ms).await? != 1 {
            return Err(Bug::new(format!("refund {} is settled already", refund.saga)).into());
        }
        confirmed::given_back(tx, refund.booking, &part.shares, now_ms).await?;
        let cancelled: Vec<_> = part.cancelled.iter().map(|line| line.id).collect();
        tickets::refunded(tx, part.booking.id, &cancelled).await?;
        books::post(tx, &*self.entropy, &part.booking, Kind::Refund, &part.posting(refund), now_ms)
            .await?;
        if refund.by_hand_minor > 0 {
            tracing::warn!(refund = %refund.saga, booking = %refund.booking,
                by_hand_minor = refund.by_hand_minor, "given back at the gateway by hand, and counted");
        }
        Ok(Performed::Done(Event::Posted(Outcome::Done(()))))
    }

    /// Reverses [`Self::post`]: the gateway could not return the money after all, and the refund is promised as
    /// before.
    async fn reverse(
        &self,
        tx: &Tx,
        refund: &Refund,
        now_ms: i64,
    ) -> Result<Performed<Event>, StoreError> {
        let part = RefundedBooking::of(tx, refund).await?;
        if store::unsettle(tx, refund.saga).await? != 1 {
            return Err(Bug::new(format!("refund {} is not settled", refund.saga)).into());
        }
        confirmed::taken_back(tx, refund.booking, &part.shares, now_ms).await?;
        let cancelled: Vec<_> = part.cancelled.iter().map(|line| line.id).collect();
        tickets::not_refunded(tx, part.booking.id, &cancelled).await?;
        let entries = ledger::reversed(part.posting(refund));
        books::post(tx, &*self.entropy, &part.booking, Kind::Refund, &entries, now_ms).await?;
        Ok(Performed::Done(Event::Reversed))
    }
}

/// The booking, the shares and the lines of a refund.
struct RefundedBooking {
    booking: bookings::Model,
    /// The refunded amount of each line.
    shares: Vec<Share>,
    /// The lines that were cancelled together with the refund.
    cancelled: Vec<booking_lines::Model>,
}

impl RefundedBooking {
    /// Locks the booking and reads the refund's lines.
    async fn of(tx: &Tx, refund: &Refund) -> Result<Self, StoreError> {
        let found = confirmed::lock(tx, refund.booking).await?;
        let (booking, mut lines) =
            found.ok_or_else(|| Bug::new(format!("booking {}", refund.booking)))?;
        let shares = store::shares_of(tx, refund.saga).await?;
        lines.retain(|line| shares.cancelled.contains(&line.id));
        Ok(Self { booking, shares: shares.all, cancelled: lines })
    }

    fn posting(&self, refund: &Refund) -> Vec<ledger::Entry> {
        ledger::refund(refund.amount.minor, books::cost_of(&self.cancelled))
    }
}

impl NamedStep for GatewayCall {
    fn name(&self) -> &'static str {
        self.name()
    }
}

impl NamedStep for LocalStep {
    fn name(&self) -> &'static str {
        self.name()
    }
}

impl Driver for RefundDriver {
    type State = Refund;
    type Event = Event;
    type Call = GatewayCall;
    type Local = LocalStep;
    type Aftermath = ();

    const KIND: &'static str = "refund";
    const FORMAT: u16 = refund::FORMAT;

    fn decode(&self, text: &str) -> Result<Refund, UnreadableState> {
        Refund::decode(text).map_err(|error| UnreadableState(Box::new(error)))
    }

    fn encode(&self, state: &Refund) -> String {
        state.encode()
    }

    fn status(&self, state: &Refund) -> Status {
        match &state.state {
            State::Refunding { .. }
            | State::Looking { .. }
            | State::Posting { .. }
            | State::Reversing { .. } => Status::Running,
            State::Rest { .. } => Status::Done,
            State::Stuck { .. } => Status::NeedsAttention,
        }
    }

    fn next(&self, state: &Refund, now_ms: i64) -> Directive<GatewayCall, LocalStep> {
        match refund::next(state, now_ms) {
            Decision::Call(call) => Directive::Call(call),
            Decision::Local(step) => Directive::Local(step),
            Decision::Wait(until_ms) => Directive::Wait(until_ms),
            Decision::Rest => Directive::Rest,
            Decision::NeedsOperator(reason) => Directive::Attention(reason.name()),
        }
    }

    fn apply(&self, state: Refund, event: Event, now_ms: i64) -> Result<Refund, Illegal> {
        refund::apply(state, event, now_ms).map_err(|illegal| Illegal(Box::new(illegal)))
    }

    fn progress(&self, state: &Refund) -> Progress {
        let (step, attempts) = state.state.standing();
        Progress { step, attempts }
    }

    fn trouble(&self, event: &Event) -> Option<String> {
        event.trouble()
    }

    fn retried(&self, state: Refund, now_ms: i64) -> Refund {
        // A refund that an executor gave up because of a bug did not stop by itself: it continues in its present
        // state.
        refund::apply(state.clone(), Event::Retried, now_ms).unwrap_or(state)
    }

    fn woken(&self, state: Refund, now_ms: i64) -> Refund {
        refund::apply(state.clone(), Event::Woken, now_ms).unwrap_or(state)
    }

    /// A refund is promised, so nobody can stop it.
    fn cancelled(&self, state: Refund, _now_ms: i64) -> Refund {
        state
    }

    async fn act(&self, call: GatewayCall, _state: &Refund) -> Event {
        let asked = match call {
            GatewayCall::Look { payment } => {
                let asked = answer_in_time(self.gateway.refunds_of(&payment)).await;
                return Event::Looked(asked.and_then(Result::ok));
            }
            GatewayCall::Refund { key, payment, amount } => {
                in_time(self.gateway.refund(&key, &payment, amount)).await
            }
        };
        Event::Refunded(match asked {
            Outcome::Done(name) => Outcome::Done(name),
            Outcome::Refused(RefundRefused { code }) => {
                metrics::counter!("holdfast_refunds_refused_total").increment(1);
                Outcome::Refused(code)
            }
            Outcome::Unknown(doubt) => Outcome::Unknown(doubt),
        })
    }

    async fn perform(
        &self,
        tx: &Tx,
        _later: &Together,
        due: &[(LocalStep, &Refund)],
        _aftermath: &mut (),
        now_ms: i64,
    ) -> Result<Vec<Performed<Event>>, StoreError> {
        let mut performed = Vec::with_capacity(due.len());
        for (step, state) in due {
            performed.push(match step {
                LocalStep::Post { refund } => self.post(tx, state, refund, now_ms).await?,
                LocalStep::Reverse => self.reverse(tx, state, now_ms).await?,
            });
        }
        Ok(performed)
    }

    fn failed(&self, step: &LocalStep) -> Option<Event> {
        match step {
            LocalStep::Post { .. } => Some(Event::Posted(Outcome::Unknown(Doubt::NoReply))),
            // The reversal is rolled back completely, so a later look reports the failure again.
            LocalStep::Reverse => None,
        }
    }

    async fn recorded(
        &self,
        _later: &Together,
        _events: &[(&Event, &Refund)],
        _now_ms: i64,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    async fn conclude(&self, _later: &Together, _aftermath: ()) -> Result<(), StoreError> {
        Ok(())
    }

    fn committed(&self, _steps: &[&'static str], _about: Option<Uuid>) {}
}
