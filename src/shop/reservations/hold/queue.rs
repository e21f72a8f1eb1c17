//! Holds that come at the same time share a transaction, see [`crate::kernel::batches`].

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use holdfast_domain::ids::{Buyer, SeatId};
use tokio::sync::oneshot;

use super::{
    HeldReservation, HoldError,
    decide::HoldAttempt,
    transaction::{self, HoldGroupError},
};
use crate::kernel::{
    base::Base,
    batches::{Batches, Job, take_at},
    db::Db,
};

/// The maximum number of holds in one transaction.
const MAX_HOLDS: usize = 32;
/// The maximum number of seats in one transaction, beyond those of its first hold.
const MAX_SEATS: usize = 64;

type HoldResult = Result<HeldReservation, HoldError>;

/// The waiting holds, which share transactions. Cheap to clone.
pub type HoldQueue = Batches<WaitingHold>;

/// A hold that waits for its transaction.
#[derive(Debug)]
pub struct WaitingHold {
    attempt: Arc<HoldAttempt>,
    answer: oneshot::Sender<HoldResult>,
}

/// Holds in a transaction that other holds may share.
pub(super) async fn hold(queue: &HoldQueue, base: &Base, attempt: Arc<HoldAttempt>) -> HoldResult {
    queue.submit(base, |answer| WaitingHold { attempt, answer }).await?
}

impl Job for WaitingHold {
    const MAX_UNDER_WAY: usize = 2;

    /// Groups holds under the same terms, of different buyers, for different seats.
    fn next_group(waiting: &mut VecDeque<Self>) -> Vec<Self> {
        let mut places = Vec::new();
        let (mut buyers, mut seats) = (HashSet::<Buyer>::new(), HashSet::<SeatId>::new());
        for (place, Self { attempt, .. }) in waiting.iter().enumerate() {
            let goes_along = waiting.front().is_some_and(|first| {
                let (terms, firsts) = (&attempt.terms, &first.attempt.terms);
                (terms.event, terms.version) == (firsts.event, firsts.version)
                    && !buyers.contains(&attempt.buyer)
                    && !attempt.seats().any(|seat| seats.contains(&seat))
                    && (place == 0 || seats.len() + attempt.seats().count() <= MAX_SEATS)
            });
            if goes_along {
                places.push(place);
                buyers.insert(attempt.buyer);
                seats.extend(attempt.seats());
            }
            if places.len() == MAX_HOLDS {
                break;
            }
        }
        take_at(waiting, &places)
    }

    /// Holds for the group. A refused hold gets its reason, and the transaction runs again for the other holds. After a
    /// fault of the database, each of them runs alone, so that none fails for another one.
    async fn run(db: &Db, group: Vec<Self>) {
        metrics::counter!("holdfast_hold_transactions_total").increment(1);
        let holds = u64::try_from(group.len()).unwrap_or(u64::MAX);
        metrics::counter!("holdfast_hold_transactions_holds_total").increment(holds);
        let mut groups = vec![group];
        while let Some(mut group) = groups.pop() {
            match transact(db, &group).await {
                Ok(held) => {
                    for (waiting, held) in group.into_iter().zip(held) {
                        answer(waiting, Ok(held));
                    }
                }
                Err(HoldGroupError::Refused(refused)) => {
                    for (place, error) in refused.into_iter().rev() {
                        answer(group.remove(place), Err(error));
                    }
                    groups.extend((!group.is_empty()).then_some(group));
                }
                Err(HoldGroupError::StaleTerms) => {
                    group
                        .into_iter()
                        .for_each(|waiting| answer(waiting, Err(HoldError::StaleTerms)));
                }
                Err(HoldGroupError::Db(error)) if group.len() == 1 || error.concerns_all() => {
                    for waiting in group {
                        answer(waiting, Err(HoldError::Db(error.clone())));
                    }
                }
                Err(HoldGroupError::Db(_)) => groups.extend(group.into_iter().map(|one| vec![one])),
            }
        }
    }
}

async fn transact(db: &Db, group: &[WaitingHold]) -> Result<Vec<HeldReservation>, HoldGroupError> {
    let attempts: Arc<[Arc<HoldAttempt>]> =
        group.iter().map(|waiting| Arc::clone(&waiting.attempt)).collect();
    db.transact(|tx| {
        let attempts = Arc::clone(&attempts);
        Box::pin(async move { transaction::hold(tx, &attempts).await })
    })
    .await
}

/// A caller that has gone needs no result. Its hold stays, and lapses.
fn answer(waiting: WaitingHold, answer: HoldResult) {
    waiting.answer.send(answer).ok();
}
