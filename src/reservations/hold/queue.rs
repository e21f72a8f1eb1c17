//! Holds that come at the same time share a transaction: what comes while others are being written waits for the
//! next one, as writers of a log do (group commit). Nobody waits for company: with room for another
//! transaction a hold goes at once, alone.
//!
//! Measured in `docs/PERFORMANCE.md`, decided in `docs/adr/0011-holds-share-transactions.md`.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use holdfast_domain::ids::{Buyer, SeatId};
use sea_orm::{ConnAcquireErr, DbErr};
use tokio::sync::oneshot;

use super::{
    Held, HoldError,
    attempt::Attempt,
    group::{self, GroupError},
};
use crate::{
    base::Base,
    db::{Db, is_unavailable},
};

/// How many transactions of holds are under way at once on one node.
const MAX_UNDER_WAY: usize = 3;
/// How many holds share a transaction at the most. Groups have 1, 2, 4 … of them, so that the database knows their
/// statements already.
const MAX_HOLDS: usize = 32;
/// How many seats a transaction takes at the most, beyond those of its first hold.
const MAX_SEATS: usize = 64;

type Answer = Result<Held, HoldError>;

/// See the module. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    under_way: usize,
}

#[derive(Debug)]
struct Waiting {
    attempt: Attempt,
    answer: oneshot::Sender<Answer>,
}

impl Queue {
    /// Holds in a transaction that may be shared.
    pub(super) async fn hold(&self, base: &Base, attempt: Attempt) -> Answer {
        let (answer, answered) = oneshot::channel();
        let is_room = {
            let mut state = self.state();
            state.waiting.push_back(Waiting { attempt, answer });
            let is_room = state.under_way < MAX_UNDER_WAY;
            state.under_way += usize::from(is_room);
            is_room
        };
        if is_room {
            let driver = Driver { queue: self.clone(), made_room: false };
            let db = base.db.clone();
            base.tasks.spawn(async move { driver.run(&db).await });
        }
        answered.await.unwrap_or_else(|_| {
            Err(HoldError::Db(DbErr::Custom("the task that held ended early".to_owned())))
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One transaction after the other, until nobody waits. Makes room when it ends, however it ends.
struct Driver {
    queue: Queue,
    made_room: bool,
}

impl Drop for Driver {
    fn drop(&mut self) {
        if !self.made_room {
            self.queue.state().under_way -= 1;
        }
    }
}

impl Driver {
    async fn run(mut self, db: &Db) {
        while let Some(group) = self.next() {
            metrics::counter!("holdfast_hold_transactions_total").increment(1);
            let holds = u64::try_from(group.len()).unwrap_or(u64::MAX);
            metrics::counter!("holdfast_hold_transactions_holds_total").increment(holds);
            hold(db, group).await;
        }
    }

    /// The next group. Seeing that nobody waits and making room are one, so that nobody who comes in between is left
    /// waiting without a driver.
    fn next(&mut self) -> Option<Vec<Waiting>> {
        let mut state = self.queue.state();
        let group = state.next_group();
        if group.is_empty() {
            state.under_way -= 1;
            drop(state);
            self.made_room = true;
            return None;
        }
        Some(group)
    }
}

impl State {
    /// The first who waits, and those who can go along: same terms, other buyers, other seats.
    fn next_group(&mut self) -> Vec<Waiting> {
        let mut places = Vec::new();
        let (mut buyers, mut seats) = (HashSet::<Buyer>::new(), HashSet::<SeatId>::new());
        for (place, waiting) in self.waiting.iter().enumerate() {
            let attempt = &waiting.attempt;
            let wanted: Vec<SeatId> = attempt.wanted().map(|wanted| wanted.wish.seat).collect();
            let goes_along = self.waiting.front().is_some_and(|first| {
                let (terms, firsts) = (&attempt.terms, &first.attempt.terms);
                (terms.event, terms.version) == (firsts.event, firsts.version)
                    && !buyers.contains(&attempt.buyer)
                    && !wanted.iter().any(|seat| seats.contains(seat))
                    && (place == 0 || seats.len() + wanted.len() <= MAX_SEATS)
            });
            if goes_along {
                places.push(place);
                buyers.insert(attempt.buyer);
                seats.extend(wanted);
            }
            if places.len() == MAX_HOLDS {
                break;
            }
        }
        places.truncate(largest_power_of_two(places.len()));
        // From the back, so that the places before stay what they are.
        let mut group: Vec<Waiting> =
            places.iter().rev().filter_map(|place| self.waiting.remove(*place)).collect();
        group.reverse();
        group
    }
}

fn largest_power_of_two(most: usize) -> usize {
    most.checked_ilog2().map_or(0, |exponent| 1 << exponent)
}

/// Holds for the group. Those who are refused learn why; the others go again without them.
async fn hold(db: &Db, mut group: Vec<Waiting>) {
    while !group.is_empty() {
        let attempts: Arc<[Attempt]> =
            group.iter().map(|waiting| waiting.attempt.clone()).collect();
        let result = db
            .transact(|tx| {
                let attempts = Arc::clone(&attempts);
                Box::pin(async move { group::hold(tx, &attempts).await })
            })
            .await;
        match result {
            Ok(held) => {
                for (waiting, held) in group.drain(..).zip(held) {
                    answer(waiting, Ok(held));
                }
            }
            Err(GroupError::Refused(refused)) => {
                for (place, error) in refused.into_iter().rev() {
                    answer(group.remove(place), Err(error));
                }
            }
            Err(GroupError::StaleTerms) => {
                group.drain(..).for_each(|waiting| answer(waiting, Err(HoldError::StaleTerms)));
            }
            Err(GroupError::Db(error)) => {
                for waiting in group.drain(..) {
                    answer(waiting, Err(HoldError::Db(same(&error))));
                }
            }
        }
    }
}

/// Who has gone needs no answer; the hold stands and lapses.
fn answer(waiting: Waiting, answer: Answer) {
    waiting.answer.send(answer).ok();
}

/// The failure once more, as far as callers tell failures apart.
fn same(error: &DbErr) -> DbErr {
    if is_unavailable(error) {
        return DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
    }
    DbErr::Custom(error.to_string())
}
