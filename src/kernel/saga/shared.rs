//! Steps of sagas that are recorded at the same time share a transaction, see [`crate::kernel::batches`].
//!
//! Each member is decided as if it were alone. A member that is refused does not touch the others. After an error, each
//! member is recorded alone, so that only who fails alone counts a try.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::{
    commit::{GroupedSaga, RecordError, RecordedWork, StepAnswer},
    driver::{Driver, Group},
    executor::{Executor, HEARTBEAT, Work},
    store,
};
use crate::kernel::{
    batches::{Job, take_at},
    db::Db,
};

/// The maximum number of sagas in one transaction.
const MAX_MEMBERS: usize = 16;

type RecordResult<D> =
    Result<RecordedWork<<D as Driver>::State>, RecordError<<D as Driver>::Event>>;

/// A step that waits for its transaction.
#[derive(Debug)]
pub struct WaitingStep<D: Driver> {
    executor: Executor<D>,
    work: Work<D::State>,
    answer: StepAnswer<D>,
    group: Group,
    ended: oneshot::Sender<RecordResult<D>>,
}

impl<D: Driver> Executor<D> {
    /// Records a step in a transaction that other sagas may share. Renews the lease while the step waits.
    pub(super) async fn record_shared(
        &self,
        work: Work<D::State>,
        answer: StepAnswer<D>,
        group: Group,
    ) -> RecordResult<D> {
        let (id, fence) = (work.row.id, work.row.fence);
        let executor = self.clone();
        let job = |ended| WaitingStep { executor, work, answer, group, ended };
        let recorded = self.queue.submit(&self.base, job);
        tokio::pin!(recorded);
        loop {
            tokio::select! {
                recorded = &mut recorded => return recorded?,
                () = tokio::time::sleep(HEARTBEAT) => {
                    // A failed renewal is no reason to stop, because the record decides.
                    if let Ok(0) = store::renew(&self.base.db, id, fence).await {
                        return Err(RecordError::Lost);
                    }
                }
            }
        }
    }
}

impl<D: Driver> Job for WaitingStep<D> {
    const MAX_UNDER_WAY: usize = 4;

    /// Groups steps that have in common what the first one asks for.
    fn next_group(waiting: &mut VecDeque<Self>) -> Vec<Self> {
        let Some(group) = waiting.front().map(|first| first.group) else { return Vec::new() };
        let alike = waiting.iter().enumerate().filter(|(_, one)| one.group == group);
        let places: Vec<usize> = alike.map(|(place, _)| place).take(MAX_MEMBERS).collect();
        take_at(waiting, &places)
    }

    async fn run(_db: &Db, group: Vec<Self>) {
        let count = u64::try_from(group.len()).unwrap_or(u64::MAX);
        metrics::counter!("holdfast_saga_transactions_total").increment(1);
        metrics::counter!("holdfast_saga_transactions_sagas_total").increment(count);
        let Some(executor) = group.first().map(|first| first.executor.clone()) else { return };
        let mut left = group;
        if left.len() > 1 {
            let member = |one: &Self| GroupedSaga {
                work: one.work.clone(),
                answer: Some(one.answer.clone()),
                verdicts: Vec::new(),
            };
            match executor.record_together(left.iter().map(member).collect()).await {
                Ok(recorded) => {
                    for (one, recorded) in left.drain(..).zip(recorded) {
                        one.end(recorded.ok_or(RecordError::Lost));
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        sagas = left.len(),
                        error = &error as &dyn std::error::Error,
                        "sagas could not be recorded together and are recorded one by one"
                    );
                }
            }
        }
        for one in left {
            let recorded = executor.record(one.work.clone(), Some(one.answer.clone())).await;
            one.end(recorded);
        }
    }
}

impl<D: Driver> WaitingStep<D> {
    fn end(self, ended: RecordResult<D>) {
        // A worker that has lost its saga needs no result.
        self.ended.send(ended).ok();
    }
}
