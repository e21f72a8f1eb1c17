//! Checkouts that begin at the same time share a transaction, see [`crate::kernel::batches`].

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::Arc,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use holdfast_domain::ids::Buyer;
use tokio::sync::oneshot;

use super::{BeginResult, CheckoutGroupError, EventParts, Started, begin_together};
use crate::{
    kernel::{
        batches::{Batches, Job, take_at},
        db::Db,
        ports::Entropy,
        saga::Executor,
    },
    shop::checkout::{
        CheckoutDriver, Checkouts,
        confirm::{ConfirmCommand, ConfirmError},
    },
};

/// The maximum number of checkouts in one transaction.
const MAX_MEMBERS: usize = 16;

/// The maximum number of transactions of one group at a time. Holds and other checkouts use the same connections.
const MAX_PARTS: usize = 2;

/// The checkouts that wait for the transaction in which they begin. Cheap to clone.
pub type CheckoutQueue = Batches<WaitingCheckout>;

/// A checkout that waits for the transaction in which it begins.
#[derive(Debug)]
pub struct WaitingCheckout {
    command: Arc<ConfirmCommand>,
    executor: Executor<CheckoutDriver>,
    entropy: Arc<dyn Entropy>,
    answer: oneshot::Sender<Result<Started, ConfirmError>>,
}

impl WaitingCheckout {
    /// A caller that has gone needs no result. The checkout goes on when its lease has lapsed.
    fn answer(self, answer: Result<Started, ConfirmError>) {
        self.answer.send(answer).ok();
    }
}

/// Begins a checkout in a transaction that others may share.
pub(in crate::shop::checkout) async fn begin(
    checkouts: &Checkouts,
    command: Arc<ConfirmCommand>,
) -> Result<Started, ConfirmError> {
    let executor = checkouts.executor.clone();
    let entropy = Arc::clone(&checkouts.base.entropy);
    let waiting = |answer| WaitingCheckout { command, executor, entropy, answer };
    checkouts.beginning.submit(&checkouts.base, waiting).await?
}

impl Job for WaitingCheckout {
    const MAX_UNDER_WAY: usize = 4;

    /// Groups the checkouts of different buyers.
    fn next_group(waiting: &mut VecDeque<Self>) -> Vec<Self> {
        let mut buyers = HashSet::<Buyer>::new();
        let others = waiting.iter().enumerate().filter(|(_, it)| buyers.insert(it.command.buyer));
        let places: Vec<usize> = others.map(|(place, _)| place).take(MAX_MEMBERS).collect();
        take_at(waiting, &places)
    }

    async fn run(db: &Db, group: Vec<Self>) {
        let (mut groups, mut running) = (VecDeque::from([group]), FuturesUnordered::new());
        loop {
            // Some parts of a group run beside each other: one event must not keep another waiting.
            while running.len() < MAX_PARTS
                && let Some(group) = groups.pop_front()
            {
                running.push(transact(db, group));
            }
            let Some((group, begun)) = running.next().await else { return };
            match begun {
                Ok(begun) => answer(group, begun),
                Err(error) => groups.extend(smaller(group, error)),
            }
        }
    }
}

fn answer(group: Vec<WaitingCheckout>, results: Vec<BeginResult>) {
    group.into_iter().zip(results).for_each(|(waiting, result)| waiting.answer(result));
}

type GroupResult = Result<Vec<BeginResult>, CheckoutGroupError>;

async fn transact(db: &Db, group: Vec<WaitingCheckout>) -> (Vec<WaitingCheckout>, GroupResult) {
    let Some(WaitingCheckout { executor, entropy, .. }) = group.first() else {
        return (group, Ok(Vec::new()));
    };
    metrics::counter!("holdfast_checkout_begins_total").increment(1);
    let members = u64::try_from(group.len()).unwrap_or(u64::MAX);
    metrics::counter!("holdfast_checkout_begins_checkouts_total").increment(members);
    let commands: Arc<[Arc<ConfirmCommand>]> =
        group.iter().map(|waiting| Arc::clone(&waiting.command)).collect();
    let begun = db
        .transact(|tx| {
            let (executor, entropy) = (executor.clone(), Arc::clone(entropy));
            let commands = Arc::clone(&commands);
            Box::pin(async move { begin_together(tx, &executor, &*entropy, &commands).await })
        })
        .await;
    (group, begun)
}

/// The groups that try again after this error.
fn smaller(group: Vec<WaitingCheckout>, error: CheckoutGroupError) -> Vec<Vec<WaitingCheckout>> {
    match error {
        CheckoutGroupError::None(results) => {
            answer(group, results);
            Vec::new()
        }
        CheckoutGroupError::Parts(EventParts { mut left_out, part_of }) => {
            let mut groups: BTreeMap<usize, Vec<WaitingCheckout>> = BTreeMap::new();
            for (place, waiting) in group.into_iter().enumerate() {
                match left_out.remove(&place) {
                    // The result stays true, although the transaction is rolled back.
                    Some(result) => waiting.answer(result),
                    None => {
                        let part = part_of.get(&place).copied().unwrap_or_default();
                        groups.entry(part).or_default().push(waiting);
                    }
                }
            }
            groups.into_values().collect()
        }
        CheckoutGroupError::Db(error) if group.len() == 1 || error.concerns_all() => {
            group.into_iter().for_each(|it| it.answer(Err(ConfirmError::Db(error.clone()))));
            Vec::new()
        }
        // Alone, each learns what came of it, and nobody fails for a neighbour.
        CheckoutGroupError::Db(_) => group.into_iter().map(|waiting| vec![waiting]).collect(),
    }
}
