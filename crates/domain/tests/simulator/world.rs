//! The world of one seed: buyers, nodes with workers, an organizer, and clocks that jump.

use std::collections::BTreeSet;

use holdfast_domain::{
    checkout::{Ending, PaymentStatus},
    inventory::SeatState,
    reservation::ReservationState,
};

use crate::{
    Breach,
    clients::PaymentAttempt,
    coverage::Coverage,
    faults::{Chance, Fault, Off},
    gateway::Gateway,
    holders::Holder,
    hooks::Hook,
    locks::Locks,
    refunds::Refunder,
    rules::Rules,
    store::{BookingState, Store},
    worker::{Takes, Worker, WorkerPhase},
};

/// The number of ticks in the unkind part of a run, in which faults strike.
pub(crate) const UNKIND_TICKS: usize = 500;
/// The maximum number of ticks in the kind part, until nothing is under way any more.
const KIND_TICKS: usize = 6000;
/// The maximum time of the kind part, in milliseconds. The effects of an hour of failures need up to an hour to be
/// undone.
const KIND_MS: i64 = 4 * HOUR_MS;
const HOUR_MS: i64 = 60 * 60 * 1000;
const START_MS: i64 = 1_795_000_000_000;
pub(crate) const SEATS: usize = 8;
pub(crate) const BUYERS: usize = 5;
const NODES: usize = 3;
const WORKERS: usize = 4;
const HOLDERS: usize = 4;
const REFUNDERS: usize = 2;

/// A process of the server, which can crash and start again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    down_until_ms: i64,
    paused_until_ms: i64,
    /// How far the node's clock is ahead of the database's clock, in milliseconds. Our rules never use it.
    pub(crate) clock_ahead_ms: i64,
    /// The webhooks that this process has seen; lost when it dies.
    pub(crate) hooks_seen: BTreeSet<u64>,
    /// The row of the inbox that the node is processing.
    pub(crate) reads: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct World {
    /// The clock of the database and of the gateway, in milliseconds.
    pub(crate) now_ms: i64,
    pub(crate) chance: Chance,
    pub(crate) rules: Rules,
    pub(crate) store: Store,
    pub(crate) gateway: Gateway,
    pub(crate) locks: Locks,
    pub(crate) nodes: Vec<Node>,
    pub(crate) workers: Vec<Worker>,
    pub(crate) holders: Vec<Holder>,
    pub(crate) refunders: Vec<Refunder>,
    pub(crate) attempts: Vec<PaymentAttempt>,
    /// Second copies of requests, with the moments of their arrival and the buyers whom they name.
    pub(crate) twins: Vec<(i64, usize, usize)>,
    /// Webhooks under way, with the moments of their arrival.
    pub(crate) post: Vec<(i64, Hook)>,
    /// The lapsed reservations that the expiry passes of two nodes have found and not yet freed.
    lapsed: [Option<Vec<usize>>; 2],
    /// The seats that the organizer blocked by force. The server's rules never allow that.
    pub(crate) revoked: Vec<bool>,
    /// The fence of each seat at the previous check.
    pub(crate) fences: Vec<u64>,
    /// The state of each reservation at the previous check.
    pub(crate) states: Vec<ReservationState>,
    pub(crate) coverage: Coverage,
    trace: bool,
}

impl World {
    pub(crate) fn new(seed: u64, rules: Rules, off: Off, trace: bool) -> Self {
        let worker = |w: usize| Worker { node: w % NODES, ..Worker::default() };
        Self {
            now_ms: START_MS,
            chance: Chance::new(seed, off),
            rules,
            store: Store::new(SEATS, BUYERS),
            gateway: Gateway::default(),
            locks: Locks::new(SEATS),
            nodes: vec![Node::default(); NODES],
            workers: (0..WORKERS).map(worker).collect(),
            holders: vec![Holder::Idle; HOLDERS],
            refunders: vec![Refunder::Idle; REFUNDERS],
            attempts: Vec::new(),
            twins: Vec::new(),
            post: Vec::new(),
            lapsed: [None, None],
            revoked: vec![false; SEATS],
            fences: vec![0; SEATS],
            states: Vec::new(),
            coverage: Coverage::default(),
            trace,
        }
    }

    pub(crate) fn say(&self, line: impl FnOnce() -> String) {
        if self.trace {
            println!("{:>9} ms  {}", self.now_ms - START_MS, line());
        }
    }

    /// Runs the unkind part, then the kind part. Checks the invariants after each tick.
    pub(crate) fn run(mut self) -> Result<Coverage, Breach> {
        let off_at = self.chance.rng.below(10 * UNKIND_TICKS);
        for tick in 0..UNKIND_TICKS {
            if tick == off_at {
                self.say(|| "the event is called off".to_owned());
                self.store.is_called_off = true;
            }
            self.unkind_tick()?;
            self.check()?;
        }
        self.turn_kind();
        let (begun_ms, mut ticks) = (self.now_ms, 0);
        while !self.is_quiet() {
            ticks += 1;
            if ticks > KIND_TICKS || self.now_ms > begun_ms + KIND_MS {
                return Err(Breach("not all is over long after the faults stopped".to_owned()));
            }
            self.kind_tick()?;
            self.check()?;
        }
        self.check_quiet()?;
        self.coverage.ticks((UNKIND_TICKS + ticks) as u64);
        for (fault, times) in self.chance.struck() {
            self.coverage.fault(fault, times);
        }
        for booking in 0..self.store.bookings.len() {
            match self.store.ending(booking) {
                Some(Ending::Confirmed) => self.coverage.ending("confirmed"),
                Some(Ending::Failed(why)) => self.coverage.ending(why.name()),
                None => {}
            }
        }
        Ok(self.coverage)
    }

    fn turn_kind(&mut self) {
        self.say(|| "the world turns kind".to_owned());
        self.chance.calm();
        for node in &mut self.nodes {
            (node.down_until_ms, node.paused_until_ms) = (0, 0);
        }
        self.workers.iter_mut().for_each(|worker| worker.stalled_until_ms = 0);
    }

    fn is_quiet(&self) -> bool {
        let busy = self.is_busy();
        let at_rest = self.store.sagas.iter().all(|row| row.due_ms.is_none() && !row.stuck);
        let refunds = self.store.refunds.iter();
        let given_back = refunds.clone().all(|row| row.due_ms.is_none() && !row.stuck);
        let all_off = !self.store.is_called_off || self.cancellable().is_empty();
        let delivered = !self.gateway.will_bounce() && !self.gateway.has_news();
        !busy
            && at_rest
            && given_back
            && delivered
            && all_off
            && self.post.is_empty()
            && !self.has_mail()
    }

    fn is_busy(&self) -> bool {
        let idle = |refunder: &Refunder| matches!(refunder, Refunder::Idle);
        self.workers.iter().any(|worker| !matches!(worker.phase, WorkerPhase::Idle))
            || !self.refunders.iter().all(idle)
    }

    fn has_mail(&self) -> bool {
        self.store.inbox.iter().any(|row| !row.processed)
    }

    /// Whether the node responds and acts.
    pub(crate) fn is_up(&self, node: usize) -> bool {
        let node = &self.nodes[node];
        node.down_until_ms <= self.now_ms && node.paused_until_ms <= self.now_ms
    }

    fn unkind_tick(&mut self) -> Result<(), Breach> {
        self.time_passes();
        match self.chance.rng.below(100) {
            0..=6 => {
                let r = self.chance.rng.below(REFUNDERS);
                self.refunder_acts(r)?;
            }
            7 => self.call_off_acts(),
            8..=47 => self.some_worker_acts()?,
            48..=64 => {
                let h = self.chance.rng.below(HOLDERS);
                self.holder_acts(h);
            }
            65 => self.somebody_at_the_gateway(),
            66..=72 => self.somebody_confirms()?,
            74..=76 => self.somebody_asks_again()?,
            77..=78 => self.a_twin_arrives()?,
            79..=83 => self.somebody_acts_on_3ds(),
            73 => self.somebody_cancels(),
            84 => self.a_guest_signs_in(),
            85 => self.a_node_pauses(),
            86 => self.a_worker_stalls(),
            87..=90 => self.inbox_work(),
            91..=92 => self.expiry_acts(),
            93 if self.chance.rng.chance(400) => self.organizer_gives_back(),
            93 => self.somebody_cancels_what_is_paid(),
            94 => self.organizer_revokes(),
            95 => {
                self.operator_retries()?;
                self.operator_retries_refunds()?;
            }
            96 => self.somebody_gives_up(),
            97 => self.somebody_at_the_gateway(),
            98 => self.a_clock_jumps(),
            _ => self.everything_stops(),
        }
        Ok(())
    }

    fn kind_tick(&mut self) -> Result<(), Breach> {
        self.now_ms += self.chance.rng.between(0, 2_000);
        if let Some(next_ms) = self.next_ms() {
            self.now_ms = self.now_ms.max(next_ms);
        }
        self.gateway.tick(self.now_ms, self.rules, &mut self.chance);
        self.hooks_leave();
        self.hooks_arrive();
        self.inbox_work();
        self.operator_retries()?;
        self.operator_retries_refunds()?;
        self.call_off_acts();
        (0..REFUNDERS).try_for_each(|r| self.refunder_acts(r))?;
        self.some_worker_acts()
    }

    /// The moment of the next event. `None` if somebody can act now.
    fn next_ms(&self) -> Option<i64> {
        let busy = self.is_busy();
        if busy || self.has_mail() {
            return None;
        }
        let sagas = self.store.sagas.iter();
        let due = sagas.filter_map(|row| row.due_ms.map(|due| due.max(row.lease_until_ms)));
        let post = self.post.iter().map(|(at, _)| *at);
        let refunds = self.store.refunds.iter();
        let back = refunds.filter_map(|row| row.due_ms.map(|due| due.max(row.lease_until_ms)));
        due.chain(post).chain(back).chain(self.gateway.next_ms()).min()
    }

    fn time_passes(&mut self) {
        self.now_ms += match self.chance.rng.below(100) {
            0..=69 => self.chance.rng.between(0, 300),
            70..=93 => self.chance.rng.between(300, 5_000),
            94..=97 => self.chance.rng.between(5_000, 60_000),
            98 if self.chance.strikes(Fault::TimeLeap) => {
                self.chance.rng.between(60_000, 3 * 60_000)
            }
            99 if self.chance.rng.chance(300) && self.chance.strikes(Fault::TimeLeap) => {
                self.chance.rng.between(3 * 60_000, 20 * 60_000)
            }
            _ => 0,
        };
        self.gateway.tick(self.now_ms, self.rules, &mut self.chance);
        self.hooks_leave();
        self.hooks_arrive();
    }

    fn some_worker_acts(&mut self) -> Result<(), Breach> {
        let w = self.chance.rng.below(WORKERS);
        if !self.is_up(self.workers[w].node) || self.workers[w].stalled_until_ms > self.now_ms {
            return Ok(());
        }
        self.worker_acts(w)
    }

    fn somebody_acts_on_3ds(&mut self) {
        let secrets: Vec<&String> =
            self.store.sagas.iter().filter_map(|row| row.client_secret.as_ref()).collect();
        if secrets.is_empty() {
            return;
        }
        let secret = secrets[self.chance.rng.below(secrets.len())].clone();
        let now = self.now_ms;
        if let Some(booking) = self.gateway.buyer_acts(&secret, now, &mut self.chance) {
            self.say(|| format!("the buyer of {booking} acts"));
            // The page that the buyer returns to asks at once, unless the buyer closed it.
            if self.chance.rng.chance(600) {
                self.wake(booking);
            }
        }
    }

    fn somebody_cancels(&mut self) {
        let pending: Vec<usize> = (0..self.store.bookings.len())
            .filter(|&n| self.store.bookings[n].state == BookingState::Pending)
            .collect();
        if !pending.is_empty() {
            let booking = pending[self.chance.rng.below(pending.len())];
            self.say(|| format!("the buyer of {booking} wants to cancel"));
            self.store.sagas[booking].cancel_requested = true;
            self.wake(booking);
        }
    }

    fn somebody_gives_up(&mut self) {
        let (now, rules) = (self.now_ms, self.rules);
        if !self.store.reservations.is_empty() {
            let id = self.chance.rng.below(self.store.reservations.len());
            if self.store.give_up(id, now, rules) {
                self.coverage.scene("a reservation is given up");
            }
        }
    }

    /// Makes a checkout due now, so that the next worker looks at it.
    pub(crate) fn wake(&mut self, booking: usize) {
        let now = self.now_ms;
        let row = &mut self.store.sagas[booking];
        row.wakes += 1;
        row.due_ms = row.due_ms.map(|due| due.min(now));
    }

    /// The expiry pass: it finds the lapsed reservations and frees them a tick later.
    fn expiry_acts(&mut self) {
        let (now, rules) = (self.now_ms, self.rules);
        let pass = self.chance.rng.below(self.lapsed.len());
        match self.lapsed[pass].take() {
            None => self.lapsed[pass] = Some(self.store.lapsed(now, rules)),
            Some(_) if self.chance.strikes(Fault::Abort) => {}
            Some(found) => {
                if self.store.expire(&found, now, rules) > 0 {
                    self.coverage.scene("expiry comes too late");
                }
            }
        }
    }

    /// Whether the node dies at this moment of a step.
    pub(crate) fn dies_at(
        &mut self,
        node: usize,
        step: &'static str,
        moment: &'static str,
    ) -> bool {
        let dies = self.chance.strikes(Fault::Crash);
        if dies {
            self.say(|| format!("{step}.{moment}"));
            self.coverage.death(step, moment);
            self.node_dies(node);
        }
        dies
    }

    /// A process dies and loses everything that it had in memory.
    pub(crate) fn node_dies(&mut self, node: usize) {
        self.say(|| format!("node {node} dies"));
        for worker in self.workers.iter_mut().filter(|worker| worker.node == node) {
            worker.phase = WorkerPhase::Idle;
        }
        for r in (0..REFUNDERS).filter(|&r| self.node_of_refunder(r) == node).collect::<Vec<_>>() {
            self.refunders[r] = Refunder::Idle;
        }
        for h in (0..HOLDERS).filter(|&h| self.node_of_holder(h) == node).collect::<Vec<_>>() {
            self.holders[h] = Holder::Idle;
        }
        let down_until_ms = self.now_ms + self.chance.rng.between(500, 20_000);
        let node = &mut self.nodes[node];
        node.reads = None;
        node.hooks_seen.clear();
        node.down_until_ms = down_until_ms;
    }

    fn a_node_pauses(&mut self) {
        if self.chance.strikes(Fault::Pause) {
            let node = self.chance.rng.below(NODES);
            let most = if self.chance.rng.chance(100) { 10 * 60_000 } else { 30_000 };
            let ms = self.chance.rng.between(1_000, most);
            self.say(|| format!("node {node} is paused for {ms} ms"));
            self.nodes[node].paused_until_ms = self.now_ms + ms;
        }
    }

    fn a_worker_stalls(&mut self) {
        if self.chance.strikes(Fault::Stall) {
            let w = self.chance.rng.below(WORKERS);
            let ms = self.chance.rng.between(1_000, 30_000);
            self.say(|| format!("worker {w} waits {ms} ms for an answer"));
            self.workers[w].stalled_until_ms = self.now_ms + ms;
        }
    }

    fn a_clock_jumps(&mut self) {
        if self.chance.strikes(Fault::ClockJump) {
            let node = self.chance.rng.below(NODES);
            let most = [0, 60_000, HOUR_MS, 48 * HOUR_MS][self.chance.rng.below(4)];
            self.nodes[node].clock_ahead_ms = self.chance.rng.between(-most, most);
        }
    }

    /// Sometimes every node dies, for hours or for longer than the gateway remembers a key.
    fn everything_stops(&mut self) {
        if self.chance.rng.chance(200) && self.chance.strikes(Fault::Outage) {
            (0..NODES).for_each(|node| self.node_dies(node));
            self.now_ms += if self.chance.rng.chance(400) {
                self.chance.rng.between(HOUR_MS, 20 * HOUR_MS)
            } else {
                self.chance.rng.between(24 * HOUR_MS, 30 * HOUR_MS)
            };
        }
    }

    /// The organizer blocks a seat by force while it is being paid and keeps it. This is the only way to lose a seat
    /// while paying for it.
    fn organizer_revokes(&mut self) {
        let n = self.chance.rng.below(SEATS);
        if self.store.seats[n].state == SeatState::Paying && self.chance.strikes(Fault::Revoked) {
            let seat = &mut self.store.seats[n];
            seat.state = SeatState::Blocked;
            seat.owner = None;
            seat.fence += 1;
            self.revoked[n] = true;
            self.say(|| format!("the organizer revokes seat {n}"));
        }
    }

    /// Somebody voids or captures a payment, or makes a small manual refund, at the gateway.
    fn somebody_at_the_gateway(&mut self) {
        if self.gateway.payments.is_empty() {
            return;
        }
        let payment = self.chance.rng.below(self.gateway.payments.len());
        let open: Vec<usize> = (0..self.gateway.payments.len())
            .filter(|&n| self.gateway.payments[n].is_open())
            .collect();
        if !open.is_empty() && self.chance.rng.chance(500) {
            let payment = open[self.chance.rng.below(open.len())];
            let authorized = self.gateway.payments[payment].status == PaymentStatus::Authorized;
            if authorized && self.chance.rng.chance(600) {
                if self.chance.strikes(Fault::CapturedByHand) {
                    self.gateway.capture_by_hand(payment);
                    self.say(|| format!("payment {payment} is captured by hand"));
                }
            } else if self.chance.strikes(Fault::VoidedByHand) {
                self.gateway.void_by_hand(payment);
                self.say(|| format!("payment {payment} is voided by hand"));
            }
        } else if self.chance.strikes(Fault::RefundedByHand)
            && self.may_be_refunded_by_hand(payment)
            && self.gateway.refund_by_hand(payment, 500)
        {
            self.say(|| format!("5.00 of payment {payment} are given back by hand"));
        }
    }

    /// Whether a manual refund is possible: nobody makes one while the booking is still being paid.
    fn may_be_refunded_by_hand(&self, payment: usize) -> bool {
        let booking = self.gateway.payments[payment].booking;
        match self.store.bookings[booking].state {
            BookingState::Confirmed | BookingState::Cancelled => true,
            BookingState::Pending | BookingState::Failed => false,
        }
    }

    fn operator_retries(&mut self) -> Result<(), Breach> {
        for booking in 0..self.store.sagas.len() {
            if !self.store.sagas[booking].stuck {
                continue;
            }
            let checkout = self.store.checkout(booking);
            let (rules, now_ms) = (self.rules, self.now_ms);
            let mut takes = Takes { rules, now_ms, is_shared: false, coverage: &mut self.coverage };
            let checkout = takes.take(checkout, holdfast_domain::checkout::Event::Retried)?;
            let row = &mut self.store.sagas[booking];
            row.text = checkout.encode().into();
            row.version += 1;
            row.stuck = false;
            row.due_ms = Some(now_ms);
        }
        Ok(())
    }
}
