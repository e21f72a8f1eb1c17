//! The world of one seed: buyers, workers on several nodes, an organizer, a clock that jumps.

use holdfast_domain::{
    checkout::{Checkout, Ending, Event, Failure, Order, apply},
    money::{Currency, Money},
};

use crate::{
    Breach, Rules,
    gateway::{Gateway, Weather},
    prng::Prng,
    store::{BookingState, ReservationState, SeatState, Store, booking_id, saga_id},
    worker::{Phase, Work},
};

/// How many things happen in the unkind part of a run.
pub(crate) const UNKIND_TICKS: usize = 500;
/// How many things may happen until all is quiet, once the world is kind.
const KIND_TICKS: usize = 5000;
const SEATS: usize = 10;
const BUYERS: usize = 5;
const WORKERS: usize = 4;

/// How the runs of many seeds ended: a simulator that never sees an ending proves nothing about it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) confirmed: usize,
    pub(crate) declined: usize,
    pub(crate) seats_lost: usize,
    pub(crate) timed_out: usize,
    pub(crate) capture_refused: usize,
    pub(crate) cancelled: usize,
    pub(crate) operator: usize,
    pub(crate) takeovers: usize,
    pub(crate) ticks: usize,
}

pub(crate) struct World {
    pub(crate) now_ms: i64,
    pub(crate) rng: Prng,
    pub(crate) rules: Rules,
    pub(crate) store: Store,
    pub(crate) gateway: Gateway,
    pub(crate) weather: Weather,
    /// How often a transaction or its answer is lost, per mille.
    pub(crate) db_down: u32,
    pub(crate) workers: Vec<Phase>,
    /// Until when each worker sleeps: a paused process, a slow call.
    asleep_until_ms: Vec<i64>,
    /// Seats that the organizer took back by force, which no rule of ours allows.
    pub(crate) revoked: Vec<bool>,
    /// The fences at the last look.
    pub(crate) fences: Vec<u64>,
    pub(crate) tally: Tally,
    trace: bool,
}

impl World {
    pub(crate) fn new(seed: u64, rules: Rules, trace: bool) -> Self {
        let mut rng = Prng::new(seed);
        // Each seed has its own weather, a sixth of them none at all.
        let most = [0, 40, 120, 250, 400, 900][rng.below(6)];
        let mut gust = || rng.below(most + 1) as u32;
        let weather = Weather {
            lost_request: gust(),
            lost_reply: gust(),
            delayed: gust() / 2,
            fault_without_effect: gust(),
            fault_after_effect: gust(),
        };
        let db_down = gust() / 2;
        Self {
            now_ms: 1_795_000_000_000,
            rng,
            rules,
            store: Store::new(SEATS),
            gateway: Gateway::default(),
            weather,
            db_down,
            workers: vec![Phase::Idle; WORKERS],
            asleep_until_ms: vec![0; WORKERS],
            revoked: vec![false; SEATS],
            fences: vec![0; SEATS],
            tally: Tally::default(),
            trace,
        }
    }

    pub(crate) fn say(&self, line: impl FnOnce() -> String) {
        if self.trace {
            println!("{:>9} ms  {}", self.now_ms - 1_795_000_000_000, line());
        }
    }

    /// Runs the unkind part, then the kind one, looking at the invariants after each tick.
    pub(crate) fn run(&mut self) -> Result<(), Breach> {
        for _ in 0..UNKIND_TICKS {
            self.unkind_tick()?;
            self.tally.ticks += 1;
            self.check()?;
        }
        self.say(|| "the world turns kind".to_owned());
        self.weather = Weather::default();
        self.db_down = 0;
        self.asleep_until_ms.fill(0);
        for _ in 0..KIND_TICKS {
            if self.is_quiet() {
                return self.check_quiet();
            }
            self.kind_tick()?;
            self.tally.ticks += 1;
            self.check()?;
        }
        Err(Breach("sagas are still under way long after the faults stopped".to_owned()))
    }

    fn is_quiet(&self) -> bool {
        let busy = self.workers.iter().any(|worker| !matches!(worker, Phase::Idle));
        !busy && self.store.sagas.iter().all(|row| row.due_ms.is_none() && !row.stuck)
    }

    fn unkind_tick(&mut self) -> Result<(), Breach> {
        self.time_passes();
        match self.rng.below(100) {
            0..=54 => self.some_worker_acts()?,
            55..=72 => self.somebody_holds(),
            73..=84 => self.somebody_confirms(),
            85..=89 => self.somebody_acts_on_3ds(),
            90 => self.somebody_cancels(),
            91..=92 => self.a_worker_dies(),
            93..=94 => self.a_worker_sleeps(),
            95..=96 => self.store.expire(self.now_ms),
            97 => self.organizer_revokes(),
            98 => self.operator_retries()?,
            _ => self.wake_somebody(),
        }
        Ok(())
    }

    fn kind_tick(&mut self) -> Result<(), Breach> {
        self.now_ms += self.rng.between(0, 5000);
        for booking in self.gateway.tick(self.now_ms, self.rules, &mut self.rng) {
            self.wake(booking);
        }
        self.operator_retries()?;
        self.some_worker_acts()
    }

    fn time_passes(&mut self) {
        self.now_ms += match self.rng.below(100) {
            0..=69 => self.rng.between(0, 300),
            70..=93 => self.rng.between(300, 5_000),
            94..=97 => self.rng.between(5_000, 60_000),
            98 => self.rng.between(60_000, 6 * 60_000),
            _ if self.rng.chance(50) => self.rng.between(20 * 60_000, 30 * 60 * 60_000),
            _ => self.rng.between(60_000, 20 * 60_000),
        };
        for booking in self.gateway.tick(self.now_ms, self.rules, &mut self.rng) {
            // The webhook: on time, or never. The checkout asks by itself in the end.
            if self.rng.chance(500) {
                self.wake(booking);
            }
        }
    }

    fn some_worker_acts(&mut self) -> Result<(), Breach> {
        let w = self.rng.below(WORKERS);
        if self.asleep_until_ms[w] > self.now_ms {
            return Ok(());
        }
        self.worker_acts(w)
    }

    fn somebody_holds(&mut self) {
        let buyer = self.rng.below(BUYERS);
        let mut seats: Vec<usize> =
            (0..=self.rng.below(3)).map(|_| self.rng.below(SEATS)).collect();
        seats.sort_unstable();
        seats.dedup();
        let lapsed =
            seats.iter().filter(|&&n| self.store.seats[n].state == SeatState::Held).count();
        if let Some(id) = self.store.hold(buyer, &seats, self.now_ms, self.rules) {
            self.tally.takeovers += lapsed;
            self.say(|| format!("buyer {buyer} holds {seats:?} as reservation {id}"));
        }
    }

    /// A buyer confirms one reservation or several; perhaps ones that lapsed or are being paid.
    fn somebody_confirms(&mut self) {
        let buyer = self.rng.below(BUYERS);
        let mine = |id: &usize| {
            let reservation = &self.store.reservations[*id];
            reservation.buyer == buyer
                && matches!(
                    reservation.state,
                    ReservationState::Active | ReservationState::InPayment
                )
        };
        let mut ids: Vec<usize> = (0..self.store.reservations.len()).filter(mine).collect();
        let most = 1 + self.rng.below(2);
        while ids.len() > most {
            ids.remove(self.rng.below(ids.len()));
        }
        if ids.is_empty() {
            return;
        }
        let (now, free) = (self.now_ms, self.rng.chance(150));
        let begun = self.store.begin(&ids, now, |booking, amount| {
            let order = if free { Order::Free } else { paid(amount) };
            Checkout::start(saga_id(booking), booking_id(booking), order, now)
        });
        let Some(booking) = begun else { return };
        self.say(|| format!("buyer {buyer} confirms {ids:?} as booking {booking}"));
        // The node that took the request goes on with it, or dies.
        let idle = self.workers.iter().position(|worker| matches!(worker, Phase::Idle));
        if let Some(w) = idle
            && self.rng.chance(700)
        {
            let checkout = self.store.checkout(booking);
            self.workers[w] =
                Phase::Claimed(Work { booking, fence: 1, version: 1, wakes: 0, checkout });
        }
    }

    fn somebody_acts_on_3ds(&mut self) {
        let secrets: Vec<String> =
            self.store.sagas.iter().filter_map(|row| row.client_secret.clone()).collect();
        if secrets.is_empty() {
            return;
        }
        let secret = &secrets[self.rng.below(secrets.len())];
        let succeeds = self.rng.chance(700);
        if let Some(booking) = self.gateway.buyer_acts(secret, succeeds) {
            self.say(|| format!("the buyer of {booking} acts, success: {succeeds}"));
            if self.rng.chance(600) {
                self.wake(booking);
            }
        }
    }

    fn somebody_cancels(&mut self) {
        let pending: Vec<usize> = (0..self.store.bookings.len())
            .filter(|&n| self.store.bookings[n].state == BookingState::Pending)
            .collect();
        if !pending.is_empty() {
            let booking = pending[self.rng.below(pending.len())];
            self.say(|| format!("the buyer of {booking} wants to cancel"));
            self.store.sagas[booking].cancel_requested = true;
            self.wake(booking);
        }
    }

    fn wake_somebody(&mut self) {
        if !self.store.sagas.is_empty() {
            let booking = self.rng.below(self.store.sagas.len());
            self.wake(booking);
        }
    }

    fn wake(&mut self, booking: usize) {
        let now = self.now_ms;
        let row = &mut self.store.sagas[booking];
        row.wakes += 1;
        row.due_ms = row.due_ms.map(|due| due.min(now));
    }

    fn a_worker_dies(&mut self) {
        let w = self.rng.below(WORKERS);
        self.say(|| format!("worker {w} dies"));
        self.workers[w] = Phase::Idle;
    }

    fn a_worker_sleeps(&mut self) {
        let w = self.rng.below(WORKERS);
        let ms = self.rng.between(1_000, 10 * 60_000);
        self.say(|| format!("worker {w} sleeps for {ms} ms"));
        self.asleep_until_ms[w] = self.now_ms + ms;
    }

    /// The organizer takes a seat that is being paid away by force and keeps it back: the only way to lose
    /// a seat while paying for it.
    fn organizer_revokes(&mut self) {
        let n = self.rng.below(SEATS);
        let seat = &mut self.store.seats[n];
        if seat.state == SeatState::Paying {
            seat.state = SeatState::Blocked;
            seat.owner = None;
            seat.fence += 1;
            self.revoked[n] = true;
            self.say(|| format!("the organizer revokes seat {n}"));
        }
    }

    fn operator_retries(&mut self) -> Result<(), Breach> {
        for booking in 0..self.store.sagas.len() {
            if !self.store.sagas[booking].stuck {
                continue;
            }
            let now = self.now_ms;
            let checkout = apply(self.store.checkout(booking), Event::Retried, now)
                .map_err(|illegal| Breach(illegal.to_string()))?;
            let row = &mut self.store.sagas[booking];
            row.text = checkout.encode();
            row.version += 1;
            row.stuck = false;
            row.due_ms = Some(now);
            self.tally.operator += 1;
        }
        Ok(())
    }

    /// Counts how the checkouts ended.
    pub(crate) fn count_endings(&mut self) {
        for booking in 0..self.store.bookings.len() {
            match self.store.ending(booking) {
                Some(Ending::Confirmed) => self.tally.confirmed += 1,
                Some(Ending::Failed(Failure::Declined { .. })) => self.tally.declined += 1,
                Some(Ending::Failed(Failure::SeatsLost | Failure::SeatsLostRefunded)) => {
                    self.tally.seats_lost += 1;
                }
                Some(Ending::Failed(Failure::TimedOut)) => self.tally.timed_out += 1,
                Some(Ending::Failed(Failure::CaptureRefused)) => self.tally.capture_refused += 1,
                Some(Ending::Failed(Failure::Cancelled)) => self.tally.cancelled += 1,
                None => {}
            }
        }
    }
}

fn paid(amount: i64) -> Order {
    let euro = Currency::parse("EUR").expect("a currency");
    Order::Paid { amount: Money::new(amount, euro), method: "pm_card_visa".to_owned() }
}
