//! Group commit: while a group of jobs runs, new jobs of the same kind wait and form the next group, as the writers
//! of a database's log do. No job waits for other jobs to join it: as long as another group may start, a job starts
//! at once, alone.
//!
//! The decision is `docs/adr/0011-holds-share-transactions.md`, the measurements are in `docs/PERFORMANCE.md`.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::kernel::{
    base::Base,
    db::{Bug, Db, StoreError},
};

/// A job that can be done together with other jobs of its kind. The job holds the sender of its result. A caller who
/// has gone away needs no result.
pub trait Job: Send + Sized + 'static {
    /// The maximum number of groups that run at once on one node.
    const MAX_UNDER_WAY: usize;

    /// Takes the first waiting job, and the jobs that can share its group. The group is empty only when no job
    /// waits.
    fn next_group(waiting: &mut VecDeque<Self>) -> Vec<Self>;

    /// Does the group, and sends each job its result.
    fn run(db: &Db, group: Vec<Self>) -> impl Future<Output = ()> + Send;
}

/// The waiting jobs of one kind. Cheap to clone.
#[derive(Debug)]
pub struct Batches<J> {
    state: Arc<Mutex<BatchState<J>>>,
}

#[derive(Debug)]
struct BatchState<J> {
    waiting: VecDeque<J>,
    under_way: usize,
}

impl<J> Default for Batches<J> {
    fn default() -> Self {
        let state = BatchState { waiting: VecDeque::new(), under_way: 0 };
        Self { state: Arc::new(Mutex::new(state)) }
    }
}

impl<J> Clone for Batches<J> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state) }
    }
}

impl<J: Job> Batches<J> {
    /// Has the job done, alone or in a group, and waits for its result. Dropping this future does not stop the job.
    ///
    /// # Errors
    /// When the group's task ended without a result. That is a bug, which the panic hook has logged.
    pub async fn submit<A>(
        &self,
        base: &Base,
        job: impl FnOnce(oneshot::Sender<A>) -> J,
    ) -> Result<A, StoreError> {
        let (answer, answered) = oneshot::channel();
        let is_room = {
            let mut state = self.state();
            state.waiting.push_back(job(answer));
            let is_room = state.under_way < J::MAX_UNDER_WAY;
            state.under_way += usize::from(is_room);
            is_room
        };
        if is_room {
            let driver = BatchRunner { batches: self.clone(), made_room: false };
            let db = base.db.clone();
            base.tasks.spawn(async move { driver.run(&db).await });
        }
        Ok(answered.await.map_err(|_| Bug::new("the task of a group ended early"))?)
    }
}

impl<J> Batches<J> {
    fn state(&self) -> MutexGuard<'_, BatchState<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs one group after the other until no job waits. When the driver ends, even by a panic, another driver may
/// start.
struct BatchRunner<J> {
    batches: Batches<J>,
    made_room: bool,
}

impl<J> Drop for BatchRunner<J> {
    fn drop(&mut self) {
        if !self.made_room {
            self.batches.state().under_way -= 1;
        }
    }
}

impl<J: Job> BatchRunner<J> {
    async fn run(mut self, db: &Db) {
        while let Some(group) = self.next() {
            J::run(db, group).await;
        }
    }

    /// Takes the next group. One lock covers both the observation that no job waits and the end of this driver, so
    /// that a job that arrives in between gets a driver.
    fn next(&mut self) -> Option<Vec<J>> {
        let mut state = self.batches.state();
        let group = J::next_group(&mut state.waiting);
        if group.is_empty() {
            state.under_way -= 1;
            drop(state);
            self.made_room = true;
            return None;
        }
        Some(group)
    }
}

/// Takes the jobs at these ascending positions; the other jobs keep their order.
pub fn take_at<J>(waiting: &mut VecDeque<J>, places: &[usize]) -> Vec<J> {
    // From the back, so that the positions before stay valid.
    let mut group: Vec<J> =
        places.iter().rev().filter_map(|place| waiting.remove(*place)).collect();
    group.reverse();
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        adapters::system::{SystemClock, SystemEntropy},
        kernel::{db::Db, tasks::Tasks},
    };

    /// Returns the size of its group, once the gate is open.
    struct SizeJob {
        gate: Arc<tokio::sync::Semaphore>,
        answer: oneshot::Sender<usize>,
    }

    impl Job for SizeJob {
        const MAX_UNDER_WAY: usize = 1;

        fn next_group(waiting: &mut VecDeque<Self>) -> Vec<Self> {
            waiting.drain(..).collect()
        }

        async fn run(_db: &Db, group: Vec<Self>) {
            let size = group.len();
            for job in group {
                job.gate.acquire().await.expect("the gate is not closed").forget();
                job.answer.send(size).ok();
            }
        }
    }

    async fn base() -> Base {
        Base {
            db: Db::in_memory().await,
            entropy: Arc::new(SystemEntropy),
            clock: Arc::new(SystemClock::default()),
            tasks: Tasks::default(),
        }
    }

    #[tokio::test]
    async fn who_comes_while_a_group_is_under_way_shares_the_next() {
        let (base, batches) = (base().await, Batches::<SizeJob>::default());
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let submit = || {
            let (base, batches, gate) = (base.clone(), batches.clone(), Arc::clone(&gate));
            tokio::spawn(async move {
                batches.submit(&base, |answer| SizeJob { gate, answer }).await.expect("an answer")
            })
        };
        let first = submit();
        // The first job is under way before the others come.
        while batches.state().under_way == 0 || !batches.state().waiting.is_empty() {
            tokio::task::yield_now().await;
        }
        let others = [submit(), submit(), submit()];
        while batches.state().waiting.len() < others.len() {
            tokio::task::yield_now().await;
        }
        gate.add_permits(4);
        assert_eq!(first.await.expect("no panic"), 1);
        for other in others {
            assert_eq!(other.await.expect("no panic"), 3);
        }
        base.tasks.shut_down().await;
        assert_eq!(batches.state().under_way, 0);
    }

    #[tokio::test]
    async fn a_group_that_panics_makes_room() {
        let (base, batches) = (base().await, Batches::<SizeJob>::default());
        let gate = Arc::new(tokio::sync::Semaphore::new(1));
        gate.close();
        let closed = Arc::clone(&gate);
        let failed = batches.submit(&base, |answer| SizeJob { gate: closed, answer }).await;
        assert!(failed.is_err());
        let open = Arc::new(tokio::sync::Semaphore::new(1));
        let done = batches.submit(&base, |answer| SizeJob { gate: open, answer }).await;
        assert_eq!(done.expect("an answer"), 1);
    }

    #[test]
    fn the_others_keep_their_order() {
        let mut waiting: VecDeque<u8> = (0..6).collect();
        assert_eq!(take_at(&mut waiting, &[0, 2, 3]), [0, 2, 3]);
        assert_eq!(waiting, [1, 4, 5]);
    }
}
