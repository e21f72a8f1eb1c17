//! Cancellations of paid bookings, and the workers that refund the money. They follow the same protocol as the workers
//! of checkouts, with the machine of [`holdfast_domain::refund`].

use holdfast_domain::{
    checkout::{Doubt, Outcome},
    refund::{
        self, Decision, Event, Fate, GatewayCall, LocalStep, NextTry, Refund, State, rules::Asker,
    },
};

use crate::{
    Breach,
    faults::Fault,
    rules::Rule,
    store::{BookingState, Cancels, LEASE_MS, RefundRow, Store},
    world::World,
};

/// The name of the step that reads the gateway's list of refunds.
const LOOK: &str = "look_for_refund";

/// The amount of an organizer's goodwill refund, in minor units.
const PART: i64 = 700;

/// A refund that a worker has claimed.
#[derive(Debug, Clone)]
pub(crate) struct ClaimedRefund {
    row: usize,
    fence: u64,
    version: u64,
    refund: Refund,
}

/// The progress of a worker of refunds.
#[derive(Debug, Clone, Default)]
pub(crate) enum Refunder {
    #[default]
    Idle,
    Claimed(ClaimedRefund),
    Answered(ClaimedRefund, Event),
}

impl World {
    /// A buyer or the organizer cancels a paid booking.
    pub(crate) fn somebody_cancels_what_is_paid(&mut self) {
        let asker = if self.chance.rng.chance(500) { Asker::Buyer } else { Asker::Organizer };
        self.cancel_one(asker);
    }

    /// Runs the periodic pass that cancels the bookings of a cancelled event.
    pub(crate) fn call_off_acts(&mut self) {
        if self.store.is_called_off && self.cancel_one(Asker::CalledOff) {
            self.coverage.scene("a called-off booking is cancelled");
        }
    }

    /// The indexes of the confirmed bookings.
    pub(crate) fn cancellable(&self) -> Vec<usize> {
        (0..self.store.bookings.len())
            .filter(|&n| self.store.bookings[n].state == BookingState::Confirmed)
            .collect()
    }

    /// The organizer refunds a part of a booking as goodwill.
    pub(crate) fn organizer_gives_back(&mut self) {
        let bookings = self.cancellable();
        if bookings.is_empty() || self.chance.strikes(Fault::Abort) {
            return;
        }
        let booking = bookings[self.chance.rng.below(bookings.len())];
        if self.store.give_part_back(booking, PART, self.now_ms) {
            self.coverage.scene("a part is given back");
        }
    }

    fn cancel_one(&mut self, asker: Asker) -> bool {
        let bookings = self.cancellable();
        let node = self.chance.rng.below(self.nodes.len());
        if bookings.is_empty() || !self.is_up(node) {
            return false;
        }
        let booking = bookings[self.chance.rng.below(bookings.len())];
        let (now, together) = (self.now_ms, self.rules.keep(Rule::RefundWithCancel));
        let mut tx = self.store.clone();
        let Some(amount) = tx.cancel_booking(booking, asker, now) else { return false };
        if together {
            tx.start_refund(booking, amount, now, Cancels::Yes);
        }
        if self.chance.strikes(Fault::Abort) || self.dies_at(node, "cancel", "before_record") {
            return false;
        }
        self.store = tx;
        self.say(|| format!("booking {booking} is cancelled by {asker:?}"));
        self.coverage.scene("a paid booking is cancelled");
        if !self.dies_at(node, "cancel", "after_record") && !together {
            self.store.start_refund(booking, amount, now, Cancels::Yes);
        }
        true
    }

    /// The node of this worker of refunds.
    pub(crate) fn node_of_refunder(&self, r: usize) -> usize {
        (r + 1) % self.nodes.len()
    }

    /// Performs one step of worker `r`.
    pub(crate) fn refunder_acts(&mut self, r: usize) -> Result<(), Breach> {
        if !self.is_up(self.node_of_refunder(r)) {
            return Ok(());
        }
        match std::mem::take(&mut self.refunders[r]) {
            Refunder::Idle => self.claim_refund(r),
            Refunder::Claimed(held) => self.perform_refund(r, held),
            Refunder::Answered(held, event) => self.record_refund(r, held, Some(event)),
        }
    }

    fn claim_refund(&mut self, r: usize) -> Result<(), Breach> {
        let now = self.now_ms;
        let due = |row: &RefundRow| {
            row.due_ms.is_some_and(|due| due <= now) && row.lease_until_ms <= now && !row.stuck
        };
        let due: Vec<usize> =
            (0..self.store.refunds.len()).filter(|&n| due(&self.store.refunds[n])).collect();
        if due.is_empty() {
            return Ok(());
        }
        let row = due[self.chance.rng.below(due.len())];
        let mut refund = self.store.refund(row);
        if let State::Refunding { call } = &mut refund.state
            && !self.rules.keep(Rule::KeysGrowOld)
        {
            call.since_ms = now;
        }
        let refund = self.take_refund(refund, Event::Woken)?;
        let stored = &mut self.store.refunds[row];
        stored.text = refund.encode().into();
        stored.fence += 1;
        stored.version += 1;
        stored.lease_until_ms = now + LEASE_MS;
        let (fence, version) = (stored.fence, stored.version);
        self.refunders[r] = Refunder::Claimed(ClaimedRefund { row, fence, version, refund });
        Ok(())
    }

    fn take_refund(&mut self, refund: Refund, event: Event) -> Result<Refund, Breach> {
        self.coverage.refund_pair(&refund, &event);
        let before = refund.by_hand_minor;
        let refund = refund::apply(refund, event, self.now_ms)
            .map_err(|illegal| Breach(illegal.to_string()))?;
        if refund.by_hand_minor > before {
            self.coverage.scene("what was given back by hand is counted");
        }
        Ok(self.forget_of(refund))
    }

    /// Changes the refund as if one of the rules did not exist. Does nothing while all rules are kept.
    fn forget_of(&self, mut refund: Refund) -> Refund {
        let now = self.now_ms;
        if !self.rules.keep(Rule::ByHandCounts) {
            refund.by_hand_minor = 0;
        }
        if let State::Looking { call, then: NextTry::NewKey } = &mut refund.state
            && !self.rules.keep(Rule::SettleBeforeLook)
        {
            call.not_before_ms = now;
        }
        if let State::Looking { call, then: NextTry::NewKey } = &refund.state
            && !self.rules.keep(Rule::LookBeforeNewKey)
        {
            let mut call = call.clone();
            (call.attempt, call.since_ms) = (call.attempt + 1, now);
            refund.state = State::Refunding { call };
        }
        refund
    }

    fn perform_refund(&mut self, r: usize, held: ClaimedRefund) -> Result<(), Breach> {
        let (now, rules, node) = (self.now_ms, self.rules, self.node_of_refunder(r));
        let (key, payment, amount) = match refund::next(&held.refund, now) {
            Decision::Call(GatewayCall::Refund { key, payment, amount }) => {
                (key, payment, amount.minor)
            }
            Decision::Call(GatewayCall::Look { .. }) => return self.look_for_refund(r, held),
            Decision::Local(_)
            | Decision::Wait(_)
            | Decision::Rest
            | Decision::NeedsOperator(_) => return self.record_refund(r, held, None),
        };
        if self.dies_at(node, "refund", "before_effect") {
            return Ok(());
        }
        let outcome = self.gateway.give_back(key, (payment, amount), now, rules, &mut self.chance);
        self.say(|| format!("refund {}: {outcome:?}", held.row));
        if !self.dies_at(node, "refund", "after_effect") {
            self.refunders[r] = Refunder::Answered(held, Event::Refunded(outcome));
        }
        Ok(())
    }

    fn look_for_refund(&mut self, r: usize, held: ClaimedRefund) -> Result<(), Breach> {
        let (node, step) = (self.node_of_refunder(r), LOOK);
        if self.dies_at(node, step, "before_effect") {
            return Ok(());
        }
        let books = self.gateway.books(&held.refund.payment, &mut self.chance);
        self.say(|| format!("refund {}: {books:?}", held.row));
        if !self.dies_at(node, step, "after_effect") {
            self.refunders[r] = Refunder::Answered(held, Event::Looked(books));
        }
        Ok(())
    }

    fn record_refund(
        &mut self,
        r: usize,
        held: ClaimedRefund,
        event: Option<Event>,
    ) -> Result<(), Breach> {
        let in_hand = |held: ClaimedRefund, event: Option<Event>| match event {
            Some(event) => Refunder::Answered(held, event),
            None => Refunder::Claimed(held),
        };
        if self.chance.strikes(Fault::Abort) {
            self.refunders[r] = in_hand(held, event);
            return Ok(());
        }
        let node = self.node_of_refunder(r);
        let mut tx = self.store.clone();
        let (after, steps) = self.commit_refund(&mut tx, held.clone(), event.clone())?;
        if steps.iter().any(|step| self.dies_at(node, step, "before_record")) {
            return Ok(());
        }
        self.store = tx;
        if steps.iter().any(|step| self.dies_at(node, step, "after_record")) {
            return Ok(());
        }
        self.refunders[r] = if self.chance.strikes(Fault::LostCommit) {
            in_hand(held, event)
        } else {
            after.map_or(Refunder::Idle, Refunder::Claimed)
        };
        Ok(())
    }

    /// The transaction that records the outcome of the call and posts the refund.
    fn commit_refund(
        &mut self,
        tx: &mut Store,
        mut held: ClaimedRefund,
        event: Option<Event>,
    ) -> Result<(Option<ClaimedRefund>, Vec<&'static str>), Breach> {
        let (now, number) = (self.now_ms, held.row);
        let row = &tx.refunds[number];
        let stale = row.fence != held.fence || row.version != held.version;
        if stale && self.rules.keep(Rule::RecordMindsFence) {
            return Ok((None, Vec::new()));
        }
        let booking = row.booking;
        let mut steps = Vec::new();
        let mut refund = held.refund.clone();
        if let Some(event) = event {
            steps.push(match &event {
                Event::Looked(_) => LOOK,
                _ => "refund",
            });
            refund = self.take_refund(refund, event)?;
        }
        if let Decision::Local(step @ LocalStep::Post { .. }) = refund::next(&refund, now) {
            let posted = if self.chance.strikes(Fault::StepFails) {
                Outcome::Unknown(Doubt::NoReply)
            } else {
                // The webhook of a manual refund posts it.
                tx.ledger.push((booking, -refund.asked().minor));
                Outcome::Done(())
            };
            refund = self.take_refund(refund, Event::Posted(posted))?;
            steps.push(step.name());
        }
        let row = &mut tx.refunds[number];
        row.text = refund.encode().into();
        row.version += 1;
        (row.due_ms, row.lease_until_ms) = match refund::next(&refund, now) {
            Decision::Call(_) | Decision::Local(_) => {
                (row.due_ms, row.lease_until_ms) = (Some(now), now + LEASE_MS);
                (held.version, held.refund) = (row.version, refund);
                return Ok((Some(held), steps));
            }
            Decision::Wait(until_ms) => (Some(until_ms), 0),
            Decision::Rest => (None, 0),
            Decision::NeedsOperator(reason) => {
                self.coverage.scene("an operator is called for a refund");
                self.say(|| format!("refund {number} is stuck: {}", reason.name()));
                row.stuck = true;
                (None, 0)
            }
        };
        Ok((None, steps))
    }

    /// Processes the failed delivery of a refund: one transaction reverses its posting. Returns false while the
    /// response of the refund's call is not recorded yet, because then the failure cannot be processed.
    pub(crate) fn refund_bounces(&mut self, bounced: usize) -> bool {
        let (payment, entry) = self.gateway.given(bounced);
        let Fate::Failed { code } = entry.fate.clone() else { return true };
        let (name, maker) = (entry.id.clone(), entry.maker().map(|(saga, _)| saga.to_owned()));
        let booking = self.gateway.payments[payment].booking;
        let of_maker = |n: &usize| Some(self.store.refund(*n).saga.to_string()) == maker;
        let Some(number) = (0..self.store.refunds.len()).find(of_maker) else { return true };
        let before = self.store.refund(number);
        let failed = Event::Failed { refund: name, code };
        let Ok(mut after) = refund::apply(before.clone(), failed.clone(), self.now_ms) else {
            return matches!(before.state, State::Stuck { .. } | State::Rest { .. });
        };
        self.coverage.refund_pair(&before, &failed);
        if let State::Reversing { .. } = after.state {
            self.coverage.refund_pair(&after, &Event::Reversed);
            self.store.ledger.push((booking, after.asked().minor));
            after = refund::apply(after, Event::Reversed, self.now_ms).expect("it is reversing");
        }
        let row = &mut self.store.refunds[number];
        row.text = after.encode().into();
        row.version += 1;
        row.fence += 1;
        (row.due_ms, row.lease_until_ms, row.stuck) = (None, 0, true);
        true
    }

    pub(crate) fn operator_retries_refunds(&mut self) -> Result<(), Breach> {
        for number in 0..self.store.refunds.len() {
            if !self.store.refunds[number].stuck {
                continue;
            }
            let refund = self.take_refund(self.store.refund(number), Event::Retried)?;
            let now = self.now_ms;
            let row = &mut self.store.refunds[number];
            row.text = refund.encode().into();
            row.version += 1;
            row.stuck = false;
            row.due_ms = Some(now);
        }
        Ok(())
    }
}
