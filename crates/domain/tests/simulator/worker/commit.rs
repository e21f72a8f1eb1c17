//! The transaction that records a step and performs the local ones after it; and what a checkout becomes when
//! somebody has forgotten one of the rules of its steps.

use holdfast_domain::checkout::{
    Call, Checkout, Decision, Doubt, Event, Failure, Knowledge, LocalStep, Outcome, State, Taking,
    Tries, apply, next,
};

use super::Work;
use crate::{
    Breach,
    coverage::Coverage,
    rules::{Rule, Rules},
    store::{LEASE_MS, Store},
};

/// More local steps than any transaction has.
const MAX_LOCAL_STEPS: usize = 8;

/// How a transaction went for the one who asked for it.
pub(super) enum Recorded {
    /// Committed; go on with this.
    On(Box<Work>),
    /// Committed; nothing more to do for now.
    Parked,
    /// Somebody else has the saga: stop silently.
    Fenced,
}

/// Takes in what happened, at one moment.
pub(crate) struct Takes<'a> {
    pub(crate) rules: Rules,
    pub(crate) now_ms: i64,
    pub(crate) coverage: &'a mut Coverage,
}

impl Takes<'_> {
    /// The steps that are recorded come with the result. Of the local ones the `failing`-th fails.
    pub(super) fn commit(
        &mut self,
        tx: &mut Store,
        mut work: Work,
        answer: Option<(&'static str, Event)>,
        failing: Option<usize>,
    ) -> Result<(Recorded, Vec<&'static str>), Breach> {
        let booking = work.booking;
        let row = &tx.sagas[booking];
        let stale = row.fence != work.fence || row.version != work.version;
        if stale && self.rules.keep(Rule::RecordMindsFence) {
            return Ok((Recorded::Fenced, Vec::new()));
        }
        let cancel_requested = row.cancel_requested;
        let woken = row.wakes != work.wakes;
        let mut checkout = work.checkout;
        let mut steps = Vec::new();
        if let Some((step, event)) = answer {
            if let Event::Prepared(Outcome::Done(prepared)) = &event {
                tx.bookings[booking].payment = Some(prepared.payment.clone());
            }
            checkout = self.take(checkout, event)?;
            steps.push(step);
        }
        if cancel_requested {
            checkout = self.cancel(checkout);
        }
        for turn in 0..MAX_LOCAL_STEPS {
            // A failed step is rolled back alone, and its failure recorded with the rest.
            let decision = next(&checkout, self.now_ms);
            let failure = if failing == Some(turn) { failed(&decision) } else { None };
            let performed = failure.or_else(|| self.local_step(tx, booking, &mut checkout));
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
                return Ok((Recorded::On(Box::new(work)), steps));
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
        Ok((Recorded::Parked, steps))
    }

    /// Performs the local step that is to be done, if one is.
    fn local_step(
        &mut self,
        tx: &mut Store,
        booking: usize,
        checkout: &mut Checkout,
    ) -> Option<(&'static str, Event)> {
        let Decision::Local(step) = next(checkout, self.now_ms) else { return None };
        let event = match &step {
            LocalStep::ConfirmSeats => Event::SeatsConfirmed(tx.confirm_seats(booking)),
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
                Event::TicketsIssued(tx.issue(booking))
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

    /// Takes an event in.
    pub(crate) fn take(&mut self, checkout: Checkout, event: Event) -> Result<Checkout, Breach> {
        self.coverage.pair(&checkout, &event);
        let checkout =
            apply(checkout, event, self.now_ms).map_err(|illegal| Breach(illegal.to_string()))?;
        Ok(self.forget(checkout))
    }

    /// Somebody takes the checkout up.
    pub(super) fn woken(&mut self, mut checkout: Checkout) -> Result<Checkout, Breach> {
        if let State::Capturing { call, .. } | State::Voiding { call, .. } = &mut checkout.state
            && !self.rules.keep(Rule::KeysGrowOld)
        {
            call.since_ms = self.now_ms;
        }
        self.take(checkout, Event::Woken)
    }

    /// A wish to cancel that comes too late is no fault.
    pub(super) fn cancel(&mut self, checkout: Checkout) -> Checkout {
        match apply(checkout.clone(), Event::CancelRequested, self.now_ms) {
            Ok(cancelled) => {
                self.coverage.pair(&checkout, &Event::CancelRequested);
                cancelled
            }
            Err(_) => checkout,
        }
    }

    /// What the checkout would be without one of the rules.
    fn forget(&self, mut checkout: Checkout) -> Checkout {
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

/// The rule by which seats are sold before money is taken.
fn sells_first(taking: Taking) -> Rule {
    match taking {
        Taking::Later => Rule::SeatsBeforeCapture,
        Taking::AtOnce => Rule::SeatsBeforeCharge,
    }
}

/// What is recorded where the local step that is to be done fails.
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
