//! The transaction that records a step and performs the local steps after it. It also changes a checkout as if one of
//! the rules of its steps were forgotten.

use holdfast_domain::checkout::{
    Call, Checkout, Decision, Doubt, Event, Failure, Knowledge, LocalStep, Outcome, PaymentSearch,
    Prepared, State, Taking, Tries, apply, next,
};

use super::{StepAnswer, Work};
use crate::{
    Breach,
    coverage::Coverage,
    rules::{Rule, Rules},
    store::{LEASE_MS, Store},
};

/// A limit above the number of local steps that any transaction performs.
const MAX_LOCAL_STEPS: usize = 8;

/// The result of a transaction for the worker that ran it.
pub(super) enum CommitOutcome {
    /// Committed; the worker continues with this work.
    On(Box<Work>),
    /// Committed; the saga has nothing to do for now.
    Parked,
    /// Another worker has the saga: this worker stops without an error.
    Fenced,
}

/// Processes events at one moment.
pub(crate) struct Takes<'a> {
    pub(crate) rules: Rules,
    pub(crate) now_ms: i64,
    /// Whether the transaction records other checkouts, too.
    pub(crate) is_shared: bool,
    pub(crate) coverage: &'a mut Coverage,
}

impl Takes<'_> {
    /// Records the step. Returns the result and the names of all recorded steps. The local step with the index
    /// `failing` fails.
    pub(super) fn commit(
        &mut self,
        tx: &mut Store,
        mut work: Work,
        answer: Option<StepAnswer>,
        failing: Option<usize>,
    ) -> Result<(CommitOutcome, Vec<&'static str>), Breach> {
        let booking = work.booking;
        let row = &tx.sagas[booking];
        let stale = row.fence != work.fence || row.version != work.version;
        if stale && self.rules.keep(Rule::RecordMindsFence) {
            return Ok((CommitOutcome::Fenced, Vec::new()));
        }
        let cancel_requested = row.cancel_requested;
        let woken = row.wakes != work.wakes;
        let mut checkout = work.checkout;
        let mut steps = Vec::new();
        if let Some((calls, event)) = answer {
            if let Event::Prepared(Outcome::Done(Prepared { payment, .. }))
            | Event::Placed { payment, .. }
            | Event::Found(PaymentSearch::Payment(payment)) = &event
            {
                tx.bookings[booking].payment = Some(payment.clone());
            }
            checkout = self.take(checkout, event)?;
            steps.extend(calls);
        }
        if cancel_requested {
            checkout = self.cancel(checkout);
        }
        for turn in 0..MAX_LOCAL_STEPS {
            // Only the failed step is rolled back; its failure is recorded with the other steps.
            let decision = next(&checkout, self.now_ms);
            let failure = if failing == Some(turn) { failed(&decision) } else { None };
            let performed =
                failure.or_else(|| self.local_step(tx, (booking, work.buyer), &mut checkout));
            let Some((step, event)) = performed else { break };
            checkout = self.take(checkout, event)?;
            steps.push(step);
        }
        if let (State::Voiding { why, .. }, false) =
            (&checkout.state, self.rules.keep(Rule::VoidBeforeFree))
        {
            tx.release_seats(booking, why, self.now_ms, self.rules);
        }
        let row = &mut tx.sagas[booking];
        row.text = checkout.encode().into();
        row.version += 1;
        row.client_secret = checkout.client_secret().map(str::to_owned);
        (row.due_ms, row.lease_until_ms) = match next(&checkout, self.now_ms) {
            Decision::Call(_) | Decision::Local(_) => {
                work.version = row.version;
                work.checkout = checkout;
                work.wakes = row.wakes;
                (row.due_ms, row.lease_until_ms) = (Some(self.now_ms), self.now_ms + LEASE_MS);
                return Ok((CommitOutcome::On(Box::new(work)), steps));
            }
            Decision::Wait { .. } if woken => (Some(self.now_ms), 0),
            Decision::Wait { until_ms, .. } => (Some(until_ms), 0),
            Decision::Rest(_) => (None, 0),
            Decision::NeedsOperator(_) => {
                row.stuck = true;
                self.coverage.scene("an operator is called");
                (None, 0)
            }
        };
        Ok((CommitOutcome::Parked, steps))
    }

    /// Performs the next local step, if a local step is due.
    fn local_step(
        &mut self,
        tx: &mut Store,
        (booking, claimed_buyer): (usize, usize),
        checkout: &mut Checkout,
    ) -> Option<(&'static str, Event)> {
        let Decision::Local(step) = next(checkout, self.now_ms) else { return None };
        let event = match &step {
            LocalStep::ConfirmSeats => {
                let mut confirmed = tx.confirm_seats(booking);
                if self.is_shared && confirmed == Outcome::Refused(()) {
                    self.coverage.scene("one of those who share a transaction is refused");
                    if !self.rules.keep(Rule::WholeByMember) {
                        confirmed = Outcome::Done(());
                    }
                }
                Event::SeatsConfirmed(confirmed)
            }
            LocalStep::IssueTickets => {
                let paid = matches!(&checkout.state, State::Issuing { payment: Some(_), .. });
                let confirm = paid && !self.rules.keep(sells_first(checkout.taking));
                if confirm && tx.confirm_seats(booking) != Outcome::Done(()) {
                    let (why, tries) = (Failure::SeatsLost, Tries::first(self.now_ms));
                    checkout.state = State::Releasing { why: why.clone(), tries };
                    let released = tx.release_seats(booking, &why, self.now_ms, self.rules);
                    let step = LocalStep::ReleaseSeats { why };
                    return Some((step.name(), Event::SeatsReleased(released)));
                }
                let buyer = if self.rules.keep(Rule::IssueReadsBuyer) {
                    tx.bookings[booking].buyer
                } else {
                    claimed_buyer
                };
                Event::TicketsIssued(tx.issue(booking, buyer))
            }
            LocalStep::ReclaimSeats => {
                Event::SeatsReclaimed(tx.reclaim_seats(booking, self.now_ms))
            }
            LocalStep::ReleaseSeats { why } => {
                Event::SeatsReleased(tx.release_seats(booking, why, self.now_ms, self.rules))
            }
        };
        Some((step.name(), event))
    }

    /// Applies an event to the checkout.
    pub(crate) fn take(&mut self, checkout: Checkout, event: Event) -> Result<Checkout, Breach> {
        self.coverage.pair(&checkout, &event);
        let checkout =
            apply(checkout, event, self.now_ms).map_err(|illegal| Breach(illegal.to_string()))?;
        Ok(self.forget(checkout))
    }

    /// Wakes the checkout when a worker claims it.
    pub(super) fn woken(&mut self, mut checkout: Checkout) -> Result<Checkout, Breach> {
        if let State::Preparing { call }
        | State::Finding { call, .. }
        | State::Capturing { call, .. }
        | State::Voiding { call, .. } = &mut checkout.state
            && !self.rules.keep(Rule::KeysGrowOld)
        {
            call.since_ms = self.now_ms;
        }
        self.take(checkout, Event::Woken)
    }

    /// A cancellation request that comes too late is ignored.
    pub(super) fn cancel(&mut self, checkout: Checkout) -> Checkout {
        match apply(checkout.clone(), Event::CancelRequested, self.now_ms) {
            Ok(cancelled) => {
                self.coverage.pair(&checkout, &Event::CancelRequested);
                cancelled
            }
            Err(_) => checkout,
        }
    }

    /// Changes the checkout as if one of the rules did not exist. Does nothing while all rules are kept.
    fn forget(&self, mut checkout: Checkout) -> Checkout {
        if let State::Finding { why, .. } = &checkout.state
            && !self.rules.keep(Rule::FindBeforeFree)
        {
            let (why, tries) = (why.clone(), Tries::first(self.now_ms));
            checkout.state = State::Releasing { why, tries };
        }
        if let State::ConfirmingSeats { payment: Some(payment), .. } = &checkout.state
            && !self.rules.keep(sells_first(checkout.taking))
        {
            let (payment, call) = (payment.clone(), Call::first(self.now_ms));
            checkout.state = match checkout.taking {
                Taking::Later => State::Capturing { payment, call },
                Taking::AtOnce => State::Authorizing { payment, call },
            };
        }
        if let State::Authorizing { call, .. }
        | State::Capturing { call, .. }
        | State::Voiding { call, .. } = &mut checkout.state
            && call.known != Knowledge::Open
            && !self.rules.keep(Rule::AskBeforeNewKey)
        {
            call.known = Knowledge::Open;
            call.attempt += 1;
        }
        checkout
    }
}

/// The rule that seats are sold before money is taken, for this way of taking.
fn sells_first(taking: Taking) -> Rule {
    match taking {
        Taking::Later => Rule::SeatsBeforeCapture,
        Taking::AtOnce => Rule::SeatsBeforeCharge,
    }
}

/// The event to record if the due local step fails.
fn failed(decision: &Decision) -> Option<(&'static str, Event)> {
    let Decision::Local(step) = decision else { return None };
    let unknown = Outcome::Unknown(Doubt::NoReply);
    let event = match step {
        LocalStep::ConfirmSeats => Event::SeatsConfirmed(unknown),
        LocalStep::IssueTickets => Event::TicketsIssued(unknown),
        LocalStep::ReclaimSeats => Event::SeatsReclaimed(unknown),
        LocalStep::ReleaseSeats { .. } => Event::SeatsReleased(unknown),
    };
    Some((step.name(), event))
}
