//! A worker: it claims a due saga, performs one step and records the step under the fence. The protocol is that of the
//! server's executor. It is divided at every point where a real worker can die, sleep or lose a response.
//!
//! `commit` is the transaction that records a step.

mod commit;

pub(crate) use self::commit::Takes;

use holdfast_domain::checkout::{
    Authorization, Checkout, Decision, Event, GatewayCall, LocalStep, Outcome, PaymentId, State,
    follows, joined, next,
};

use self::commit::CommitOutcome;
use crate::{
    Breach,
    faults::Fault,
    gateway::{GatewayRequest, Request},
    rules::Rule,
    store::{LEASE_MS, SagaRow},
    world::World,
};

/// A saga that a worker has claimed.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) booking: usize,
    /// The booking's buyer when the saga was claimed.
    pub(crate) buyer: usize,
    pub(crate) fence: u64,
    pub(crate) version: u64,
    pub(crate) wakes: u64,
    pub(crate) checkout: Checkout,
}

/// The calls that a worker made one after the other, and what came of them.
pub(crate) type StepAnswer = (Vec<&'static str>, Event);

/// How often, in a thousand, a worker records the first of two calls before it makes the second one. The server never
/// does, but the machine allows it.
const RECORDS_BETWEEN: u32 = 100;

/// The progress of a worker.
#[derive(Debug, Clone, Default)]
pub(crate) enum WorkerPhase {
    #[default]
    Idle,
    /// The saga is claimed; no step is performed yet.
    Claimed(Work),
    /// A call was made, and another call follows it before anything is recorded.
    Following(Work, StepAnswer, GatewayCall),
    /// A step was performed, or failed, and is not recorded yet.
    Answered(Work, StepAnswer),
}

/// A worker of a node.
#[derive(Debug, Clone, Default)]
pub(crate) struct Worker {
    pub(crate) node: usize,
    pub(crate) phase: WorkerPhase,
    /// The moment at which the worker's slow call ends.
    pub(crate) stalled_until_ms: i64,
}

impl World {
    /// Performs one step of worker `w`.
    pub(crate) fn worker_acts(&mut self, w: usize) -> Result<(), Breach> {
        match std::mem::take(&mut self.workers[w].phase) {
            WorkerPhase::Idle => self.claim(w),
            WorkerPhase::Claimed(work) => self.perform(w, work),
            WorkerPhase::Following(work, answer, call) => self.call(w, work, Some(answer), call),
            WorkerPhase::Answered(work, answer) => self.record(w, work, Some(answer)),
        }
    }

    /// The clock by which worker `w` decides.
    fn clock(&self, w: usize) -> i64 {
        if self.rules.keep(Rule::DatabaseClock) {
            self.now_ms
        } else {
            self.now_ms + self.nodes[self.workers[w].node].clock_ahead_ms
        }
    }

    fn claim(&mut self, w: usize) -> Result<(), Breach> {
        let now = self.clock(w);
        let due = |row: &SagaRow| {
            row.due_ms.is_some_and(|due| due <= now) && row.lease_until_ms <= now && !row.stuck
        };
        let candidates: Vec<usize> =
            (0..self.store.sagas.len()).filter(|&n| due(&self.store.sagas[n])).collect();
        if candidates.is_empty() {
            return Ok(());
        }
        let booking = candidates[self.chance.rng.below(candidates.len())];
        let others = self.workers.iter().any(|worker| match &worker.phase {
            WorkerPhase::Idle => false,
            WorkerPhase::Claimed(work)
            | WorkerPhase::Following(work, ..)
            | WorkerPhase::Answered(work, _) => work.booking == booking,
        });
        if others {
            self.coverage.scene("a worker takes over from one who sleeps");
        }
        let mut takes = Takes {
            rules: self.rules,
            now_ms: now,
            is_shared: false,
            coverage: &mut self.coverage,
        };
        let mut checkout = takes.woken(self.store.checkout(booking))?;
        if self.store.sagas[booking].cancel_requested {
            checkout = takes.cancel(checkout);
        }
        let row = &mut self.store.sagas[booking];
        row.text = checkout.encode().into();
        row.fence += 1;
        row.version += 1;
        row.lease_until_ms = now + LEASE_MS;
        let (fence, version, wakes) = (row.fence, row.version, row.wakes);
        let buyer = self.store.bookings[booking].buyer;
        self.say(|| format!("worker {w} claims saga {booking}: {:?}", checkout.state));
        self.workers[w].phase =
            WorkerPhase::Claimed(Work { booking, buyer, fence, version, wakes, checkout });
        Ok(())
    }

    fn perform(&mut self, w: usize, work: Work) -> Result<(), Breach> {
        let decision = next(&work.checkout, self.clock(w));
        self.say(|| format!("worker {w}, saga {}: {decision:?}", work.booking));
        let Decision::Call(call) = decision else { return self.record(w, work, None) };
        self.call(w, work, None, call)
    }

    /// Makes a call to the gateway, which may follow another one.
    fn call(
        &mut self,
        w: usize,
        work: Work,
        before: Option<StepAnswer>,
        call: GatewayCall,
    ) -> Result<(), Breach> {
        let (step, call) = (call.name(), request(&work.checkout, call));
        if self.dies(w, step, "before_effect") {
            return Ok(());
        }
        let (now, rules) = (self.now_ms, self.rules);
        let event = match call {
            WorkerCall::Request(request) => {
                self.gateway.call(request, now, rules, &mut self.chance)
            }
            WorkerCall::Fetch(payment) => {
                Event::Seen(self.gateway.fetch(&payment, &mut self.chance))
            }
            WorkerCall::Find => Event::Found(self.gateway.find(work.booking, &mut self.chance)),
        };
        self.say(|| format!("worker {w}, saga {}: {event:?}", work.booking));
        if self.dies(w, step, "after_effect") {
            return Ok(());
        }
        let (steps, event) = match before {
            Some((mut steps, first)) => {
                steps.push(step);
                (steps, joined(first, event))
            }
            None => (vec![step], event),
        };
        let next = follows(&work.checkout, &event);
        self.workers[w].phase = match next {
            Some(next) if !self.chance.rng.chance(RECORDS_BETWEEN) => {
                WorkerPhase::Following(work, (steps, event), next)
            }
            Some(_) | None => WorkerPhase::Answered(work, (steps, event)),
        };
        Ok(())
    }

    /// Records the performed step and performs the local steps after it, together with workers of the same node that are
    /// at the same step.
    fn record(&mut self, w: usize, work: Work, answer: Option<StepAnswer>) -> Result<(), Breach> {
        let mut members = vec![(w, work, answer)];
        if let Some(step) = shared_step(&members[0].1, members[0].2.as_ref()) {
            for other in 0..self.workers.len() {
                let is_beside = other != w
                    && self.workers[other].node == self.workers[w].node
                    && self.workers[other].stalled_until_ms <= self.now_ms;
                let WorkerPhase::Answered(work, answer) = &self.workers[other].phase else {
                    continue;
                };
                if is_beside && shared_step(work, Some(answer)) == Some(step) {
                    members.push((other, work.clone(), Some(answer.clone())));
                    self.workers[other].phase = WorkerPhase::Idle;
                }
            }
        }
        self.record_together(members)
    }

    /// One transaction for all members. When it fails, nothing of any of them is recorded.
    fn record_together(
        &mut self,
        members: Vec<(usize, Work, Option<StepAnswer>)>,
    ) -> Result<(), Breach> {
        let w = members[0].0;
        let is_shared = members.len() > 1;
        let fails = self.chance.strikes(Fault::Abort);
        let failing = if self.chance.strikes(Fault::StepFails) {
            Some(self.chance.rng.below(2))
        } else {
            None
        };
        if fails || (is_shared && failing.is_some()) {
            // Nothing was committed: the workers try again with the same work.
            self.take_in_hand(members);
            return Ok(());
        }
        let now_ms = self.clock(w);
        let mut tx = self.store.clone();
        let (mut came, mut steps) = (Vec::new(), Vec::new());
        for (member, work, answer) in &members {
            let mut takes =
                Takes { rules: self.rules, now_ms, is_shared, coverage: &mut self.coverage };
            let (recorded, performed) =
                takes.commit(&mut tx, work.clone(), answer.clone(), failing)?;
            came.push((*member, recorded));
            steps.extend(performed);
        }
        if steps.iter().any(|step| self.dies(w, step, "before_record")) {
            return Ok(());
        }
        self.store = tx;
        if is_shared {
            self.coverage.scene("checkouts share a transaction");
        }
        if steps.iter().any(|step| self.dies(w, step, "after_record")) {
            return Ok(());
        }
        if self.chance.strikes(Fault::LostCommit) {
            self.say(|| format!("worker {w}: the answer to COMMIT is lost"));
            self.take_in_hand(members);
            return Ok(());
        }
        for (member, recorded) in came {
            self.workers[member].phase = match recorded {
                CommitOutcome::On(work) => WorkerPhase::Claimed(*work),
                CommitOutcome::Parked => WorkerPhase::Idle,
                CommitOutcome::Fenced => {
                    self.coverage.scene("a stale worker is fenced off");
                    WorkerPhase::Idle
                }
            };
        }
        Ok(())
    }

    fn take_in_hand(&mut self, members: Vec<(usize, Work, Option<StepAnswer>)>) {
        for (member, work, answer) in members {
            self.workers[member].phase = in_hand(work, answer);
        }
    }

    /// Whether the worker's node dies at this point.
    fn dies(&mut self, w: usize, step: &'static str, moment: &'static str) -> bool {
        self.dies_at(self.workers[w].node, step, moment)
    }
}

/// A call to the gateway.
enum WorkerCall {
    Request(Request),
    Fetch(PaymentId),
    Find,
}

fn request(checkout: &Checkout, call: GatewayCall) -> WorkerCall {
    let booking = checkout.booking.0.as_u128() as u64 as usize;
    let (key, wanted) = match call {
        GatewayCall::Prepare { key, amount, .. } => {
            (key, GatewayRequest::Prepare { booking, amount: amount.minor })
        }
        GatewayCall::Authorize { key, payment } => (key, GatewayRequest::Authorize(payment)),
        GatewayCall::Capture { key, payment } => (key, GatewayRequest::Capture(payment)),
        GatewayCall::Void { key, payment } => (key, GatewayRequest::Void(payment)),
        GatewayCall::Ask { payment } => return WorkerCall::Fetch(payment),
        GatewayCall::Find { .. } => return WorkerCall::Find,
    };
    WorkerCall::Request(Request { key, wanted })
}

/// The local step whose transaction the work may share with others, as in the server.
fn shared_step(work: &Work, answer: Option<&StepAnswer>) -> Option<&'static str> {
    let (_, event) = answer?;
    let granted = Outcome::Done(Authorization::Granted);
    match (&work.checkout.state, event) {
        (State::Preparing { .. }, Event::Placed { authorized, .. }) if *authorized == granted => {
            Some(LocalStep::ConfirmSeats.name())
        }
        (State::Capturing { .. }, Event::Captured(Outcome::Done(()))) => {
            Some(LocalStep::IssueTickets.name())
        }
        (_, _) => None,
    }
}

/// The phase of a worker that still has to record this work.
fn in_hand(work: Work, answer: Option<StepAnswer>) -> WorkerPhase {
    match answer {
        Some(answer) => WorkerPhase::Answered(work, answer),
        None => WorkerPhase::Claimed(work),
    }
}
