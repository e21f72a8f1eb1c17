//! Holds that come at the same time share a transaction, see [`crate::kernel::batches`].

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use holdfast_domain::ids::{Buyer, SeatId};
use tokio::sync::oneshot;

use super::{
    HoldError, HoldResult,
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

    /// Holds for the group. After a fault of the database, each of the holds runs alone, so that none fails for another
    /// one.
    async fn run(db: &Db, group: Vec<Self>) {
        metrics::counter!("holdfast_hold_transactions_total").increment(1);
        let holds = u64::try_from(group.len()).unwrap_or(u64::MAX);
        metrics::counter!("holdfast_hold_transactions_holds_total").increment(holds);
        let mut groups = vec![group];
        while let Some(group) = groups.pop() {
            match transact(db, &group).await {
                Err(HoldGroupError::Db(error)) if group.len() > 1 && !error.concerns_all() => {
                    groups.extend(group.into_iter().map(|one| vec![one]));
                }
                results => answer(group, results),
            }
        }
    }
}

async fn transact(db: &Db, group: &[WaitingHold]) -> Result<Vec<HoldResult>, HoldGroupError> {
    let attempts: Arc<[Arc<HoldAttempt>]> =
        group.iter().map(|waiting| Arc::clone(&waiting.attempt)).collect();
    db.transact(|tx| {
        let attempts = Arc::clone(&attempts);
        Box::pin(async move { transaction::hold(tx, &attempts).await })
    })
    .await
}

/// Sends each hold its result. A caller that has gone needs no result; its hold stays, and lapses.
fn answer(group: Vec<WaitingHold>, results: Result<Vec<HoldResult>, HoldGroupError>) {
    let results = match results {
        Ok(results) => results,
        Err(HoldGroupError::Refused(refused)) => refused.into_iter().map(Err).collect(),
        Err(HoldGroupError::StaleTerms) => {
            group.iter().map(|_| Err(HoldError::StaleTerms)).collect()
        }
        Err(HoldGroupError::Db(error)) => {
            group.iter().map(|_| Err(HoldError::Db(error.clone()))).collect()
        }
    };
    for (waiting, result) in group.into_iter().zip(results) {
        waiting.answer.send(result).ok();
    }
}
