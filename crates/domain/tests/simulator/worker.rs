//! A worker: claims a due saga, performs one step, records it under the fence. The same protocol as the
//! server's executor, cut at every point where a real one can die, sleep or lose an answer.

use holdfast_domain::checkout::{
    Checkout, Decision, Event, Outcome, PaymentId, State, Step, apply, next,
};

use crate::{
    Breach, Rules,
    gateway::{Request, Wish},
    store::{LEASE_MS, SagaRow, Store},
    world::World,
};

/// More local steps than any transaction has.
const MAX_LOCAL_STEPS: usize = 8;

/// A saga in a worker's hands.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) booking: usize,
    pub(crate) fence: u64,
    pub(crate) version: u64,
    pub(crate) wakes: u64,
    pub(crate) checkout: Checkout,
}

/// What a worker is at.
#[derive(Debug, Clone, Default)]
pub(crate) enum Phase {
    #[default]
    Idle,
    /// Claimed; nothing done yet.
    Claimed(Work),
    /// Something was done outside that is not recorded yet.
    Answered(Work, Event),
}

/// How a transaction went for the one who asked for it.
enum Recorded {
    /// Committed; go on with this.
    On(Box<Work>),
    /// Committed; nothing more to do for now.
    Parked,
    /// Somebody else has the saga: stop silently.
    Fenced,
}

impl World {
    /// One thing that worker `w` does.
    pub(crate) fn worker_acts(&mut self, w: usize) -> Result<(), Breach> {
        match std::mem::take(&mut self.workers[w]) {
            Phase::Idle => self.claim(w),
            Phase::Claimed(work) => self.perform(w, work),
            Phase::Answered(work, event) => self.record(w, work, Some(event)),
        }
    }

    fn claim(&mut self, w: usize) -> Result<(), Breach> {
        let now = self.now_ms;
        let due = |row: &SagaRow| {
            row.due_ms.is_some_and(|due| due <= now) && row.lease_until_ms <= now && !row.stuck
        };
        let candidates: Vec<usize> =
            (0..self.store.sagas.len()).filter(|&n| due(&self.store.sagas[n])).collect();
        if candidates.is_empty() {
            return Ok(());
        }
        let booking = candidates[self.rng.below(candidates.len())];
        let mut checkout = take_up(self.store.checkout(booking), Event::Woken, now)?;
        let row = &mut self.store.sagas[booking];
        if row.cancel_requested {
            checkout = cancel(checkout, now);
        }
        row.text = checkout.encode();
        row.fence += 1;
        row.version += 1;
        row.lease_until_ms = now + LEASE_MS;
        let (fence, version, wakes) = (row.fence, row.version, row.wakes);
        self.say(|| format!("worker {w} claims saga {booking}: {:?}", checkout.state));
        self.workers[w] = Phase::Claimed(Work { booking, fence, version, wakes, checkout });
        Ok(())
    }

    fn perform(&mut self, w: usize, work: Work) -> Result<(), Breach> {
        let decision = next(&work.checkout, self.now_ms);
        self.say(|| format!("worker {w}, saga {}: {decision:?}", work.booking));
        let request = match &decision {
            Decision::Run(step, attempt) => request(&work, *step, *attempt),
            Decision::Undo(Step::Authorize, attempt) => Some(Request {
                key: work.checkout.undo_key(Step::Authorize, *attempt),
                wish: Wish::Void(payment(&work.checkout.state)),
            }),
            Decision::Ask(payment) => {
                let seen = self.gateway.fetch(payment, self.weather, &mut self.rng);
                self.workers[w] = Phase::Answered(work, Event::Seen(seen));
                return Ok(());
            }
            Decision::Undo(..)
            | Decision::Wait { .. }
            | Decision::Rest(_)
            | Decision::NeedsOperator(_) => None,
        };
        let Some(request) = request else {
            return self.record(w, work, None);
        };
        let (now, weather, rules) = (self.now_ms, self.weather, self.rules);
        let event = self.gateway.call(request, now, weather, rules, &mut self.rng);
        self.say(|| format!("worker {w}, saga {}: {event:?}", work.booking));
        self.workers[w] = Phase::Answered(work, event);
        Ok(())
    }

    /// The transaction that records what was done and performs the local steps after it.
    fn record(&mut self, w: usize, work: Work, event: Option<Event>) -> Result<(), Breach> {
        if self.rng.chance(self.db_down) {
            // Nothing was committed: try again with what is in hand.
            self.workers[w] = match (event, next(&work.checkout, self.now_ms)) {
                (Some(event), _) => Phase::Answered(work, event),
                (None, decision) => match local_failure(&decision) {
                    Some(event) => Phase::Answered(work, event),
                    None => Phase::Claimed(work),
                },
            };
            return Ok(());
        }
        let (now, rules) = (self.now_ms, self.rules);
        let again = (work.clone(), event.clone());
        let recorded = self.store.transact(|tx| commit(tx, work, event, now, rules))?;
        if self.rng.chance(self.db_down) {
            // Committed, but the worker is told otherwise and tries again.
            self.say(|| format!("worker {w}: the answer to COMMIT is lost"));
            self.workers[w] = match again {
                (work, Some(event)) => Phase::Answered(work, event),
                (work, None) => Phase::Claimed(work),
            };
            return Ok(());
        }
        self.workers[w] = match recorded {
            Recorded::On(work) => Phase::Claimed(*work),
            Recorded::Parked => Phase::Idle,
            Recorded::Fenced => {
                self.say(|| format!("worker {w} is fenced off"));
                Phase::Idle
            }
        };
        Ok(())
    }
}

fn commit(
    tx: &mut Store,
    mut work: Work,
    event: Option<Event>,
    now_ms: i64,
    rules: Rules,
) -> Result<Recorded, Breach> {
    let booking = work.booking;
    let row = &tx.sagas[booking];
    if rules.record_minds_fence && (row.fence != work.fence || row.version != work.version) {
        return Ok(Recorded::Fenced);
    }
    let cancel_requested = row.cancel_requested;
    let woken = row.wakes != work.wakes;
    let mut checkout = work.checkout;
    if let Some(event) = event {
        checkout = take_up(checkout, event, now_ms)?;
    }
    if cancel_requested {
        checkout = cancel(checkout, now_ms);
    }
    for _ in 0..MAX_LOCAL_STEPS {
        let event = match (next(&checkout, now_ms), &checkout.state) {
            (Decision::Run(Step::ConfirmSeats, _), _) => {
                Event::SeatsConfirmed(tx.confirm_seats(booking))
            }
            (Decision::Run(Step::IssueTickets, _), _) => Event::TicketsIssued(tx.issue(booking)),
            (Decision::Run(Step::ReclaimSeats, _), _) => {
                Event::SeatsReclaimed(tx.reclaim_seats(booking, now_ms))
            }
            (Decision::Undo(Step::ConfirmSeats, _), State::Releasing { why, .. }) => {
                Event::SeatsReleased(tx.release_seats(booking, why, now_ms, rules))
            }
            _ => break,
        };
        checkout = take_up(checkout, event, now_ms)?;
    }
    let row = &mut tx.sagas[booking];
    row.text = checkout.encode();
    row.version += 1;
    row.client_secret = checkout.client_secret().map(str::to_owned);
    (row.due_ms, row.lease_until_ms) = match next(&checkout, now_ms) {
        Decision::Run(..) | Decision::Undo(..) | Decision::Ask(_) => {
            work.version = row.version;
            work.checkout = checkout;
            work.wakes = row.wakes;
            (row.due_ms, row.lease_until_ms) = (Some(now_ms), now_ms + LEASE_MS);
            return Ok(Recorded::On(Box::new(work)));
        }
        Decision::Wait { .. } if woken => (Some(now_ms), 0),
        Decision::Wait { until_ms, .. } => (Some(until_ms), 0),
        Decision::Rest(_) => (None, 0),
        Decision::NeedsOperator(_) => {
            row.stuck = true;
            (None, 0)
        }
    };
    Ok(Recorded::Parked)
}

fn request(work: &Work, step: Step, attempt: u32) -> Option<Request> {
    let booking = work.booking;
    let amount = match &work.checkout.order {
        holdfast_domain::checkout::Order::Free => 0,
        holdfast_domain::checkout::Order::Paid { amount, .. } => amount.minor,
    };
    let wish = match step {
        Step::Prepare => Wish::Prepare { booking, amount },
        Step::Authorize => Wish::Authorize(payment(&work.checkout.state)),
        Step::Capture => Wish::Capture(payment(&work.checkout.state)),
        Step::ConfirmSeats | Step::IssueTickets | Step::ReclaimSeats => return None,
    };
    Some(Request { key: work.checkout.key(step, attempt), wish })
}

fn payment(state: &State) -> PaymentId {
    match state {
        State::Authorizing { payment, .. }
        | State::Awaiting { payment, .. }
        | State::Capturing { payment, .. }
        | State::Voiding { payment, .. } => payment.clone(),
        State::Preparing { .. }
        | State::ConfirmingSeats { .. }
        | State::Issuing { .. }
        | State::Reclaiming { .. }
        | State::Releasing { .. }
        | State::Rest { .. }
        | State::Stuck { .. } => panic!("no payment is called for in {state:?}"),
    }
}

/// What to record when the transaction of a local step failed.
fn local_failure(decision: &Decision) -> Option<Event> {
    let unknown = Outcome::Unknown(holdfast_domain::checkout::Doubt::NoReply);
    match decision {
        Decision::Run(Step::ConfirmSeats, _) => Some(Event::SeatsConfirmed(unknown)),
        Decision::Run(Step::IssueTickets, _) => Some(Event::TicketsIssued(unknown)),
        Decision::Run(Step::ReclaimSeats, _) => Some(Event::SeatsReclaimed(unknown)),
        Decision::Undo(Step::ConfirmSeats, _) => Some(Event::SeatsReleased(unknown)),
        _ => None,
    }
}

fn take_up(checkout: Checkout, event: Event, now_ms: i64) -> Result<Checkout, Breach> {
    apply(checkout, event, now_ms).map_err(|illegal| Breach(illegal.to_string()))
}

/// A wish to cancel that comes too late is no fault.
fn cancel(checkout: Checkout, now_ms: i64) -> Checkout {
    apply(checkout.clone(), Event::CancelRequested, now_ms).unwrap_or(checkout)
}
