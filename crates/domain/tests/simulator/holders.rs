//! Requests that hold seats. A request looks and locks, counts, and then runs the deciding transaction. Each step is a
//! separate tick, so that other requests run in between.

use crate::{
    faults::Fault,
    locks::Locked,
    store::{HoldRefusal, HoldWish, LockedCount},
    world::{BUYERS, SEATS, World},
};

/// The maximum number of runs of one transaction.
const MAX_RUNS: usize = 3;

/// The progress of a request that holds seats.
#[derive(Debug, Clone, Default)]
pub(crate) enum Holder {
    #[default]
    Idle,
    /// The request has looked at the seats. It has the locks, or continues without them.
    Looked { wish: HoldWish, runs: usize },
    /// The request has counted the buyer's places within the transaction.
    Counted { wish: HoldWish, counted: LockedCount, runs: usize },
}

impl World {
    /// The node that processes this request.
    pub(crate) fn node_of_holder(&self, h: usize) -> usize {
        h % self.nodes.len()
    }

    /// Performs one step of request `h`.
    pub(crate) fn holder_acts(&mut self, h: usize) {
        if !self.is_up(self.node_of_holder(h)) {
            return;
        }
        let now = self.now_ms;
        self.holders[h] = match std::mem::take(&mut self.holders[h]) {
            Holder::Idle => self.look(h),
            Holder::Looked { wish, runs } => {
                let counted = self.store.count(wish.buyer, now);
                Holder::Counted { wish, counted, runs }
            }
            Holder::Counted { wish, counted, runs } => self.take(h, wish, counted, runs),
        };
    }

    fn wish(&mut self) -> HoldWish {
        let rng = &mut self.chance.rng;
        let buyer = rng.below(BUYERS);
        let places = if rng.chance(350) { rng.between(1, 4) } else { 0 };
        let least = usize::from(places == 0);
        let mut seats: Vec<usize> = (0..rng.below(3) + least).map(|_| rng.below(SEATS)).collect();
        seats.sort_unstable();
        seats.dedup();
        HoldWish { buyer, seats, places }
    }

    fn look(&mut self, h: usize) -> Holder {
        let (wish, now, rules) = (self.wish(), self.now_ms, self.rules);
        if wish.seats.iter().any(|&number| !self.store.seats[number].is_free(now)) {
            self.coverage.scene("a hold is refused by the look");
            return Holder::Idle;
        }
        match self.locks.try_lock(h, &wish.seats, now, rules, &mut self.chance) {
            Locked::Granted | Locked::Unavailable => Holder::Looked { wish, runs: 1 },
            Locked::Contended => {
                self.coverage.scene("a lock is contended");
                Holder::Idle
            }
        }
    }

    fn take(&mut self, h: usize, wish: HoldWish, counted: LockedCount, runs: usize) -> Holder {
        let (now, rules) = (self.now_ms, self.rules);
        let refusal = if self.chance.strikes(Fault::Abort) {
            Err(HoldRefusal::Again)
        } else {
            self.store.hold(&wish, counted, now, rules)
        };
        match refusal {
            Ok(held) => {
                if held.taken_over > 0 {
                    self.coverage.scene("a lapsed hold is taken over");
                }
                if held.cleared > 0 {
                    self.coverage.scene("a hold clears lapsed places away");
                }
                self.say(|| format!("{wish:?} is reservation {}", held.reservation));
            }
            Err(HoldRefusal::Again) if runs < MAX_RUNS => {
                self.coverage.scene("a transaction is run again");
                return Holder::Looked { wish, runs: runs + 1 };
            }
            Err(HoldRefusal::Again) => {}
            Err(HoldRefusal::Taken) => self.coverage.scene("a hold is refused inside"),
            Err(HoldRefusal::CalledOff) => {}
            Err(HoldRefusal::Limit) => self.coverage.scene("a limit refuses"),
            Err(HoldRefusal::Short) => self.coverage.scene("places are short"),
        }
        self.locks.release(h, &wish.seats);
        Holder::Idle
    }
}
