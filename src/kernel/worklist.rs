//! Work that waits in a table of the database until a node does it, such as the events that a gateway sent, and the
//! mails to people.
//!
//! A node claims due jobs for the time of a lease, works on them, and settles each of them or puts it off. When a node
//! ends in the middle of a job, the job is due again after its lease. So every job is done at least once; the work must
//! be such that doing it twice does no harm.

use std::{pin::pin, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};

use super::{db::StoreError, tasks::Tasks};

/// The maximum number of jobs of one pass, unless one of them takes long; the next pass follows soon.
const MAX_JOBS: usize = 10_000;
/// How often a pass that waits for a job looks for other jobs.
const CLAIM_EVERY: Duration = Duration::from_secs(1);

/// The reason of an attempt that failed because of an error of the program or of a row.
pub const FAULTY: &str = "faulty";

/// When a job that failed is tried again. The wait doubles with each attempt.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// How often a job is tried.
    pub max_attempts: i32,
    /// The wait after the first failed attempt, in milliseconds.
    pub first_ms: i64,
    /// The longest wait, in milliseconds.
    pub max_ms: i64,
}

impl Retry {
    /// How long a job waits that was tried `attempts` times.
    pub fn wait_ms(self, attempts: i32) -> i64 {
        let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(20);
        self.first_ms.saturating_mul(1 << doublings).min(self.max_ms)
    }
}

/// The result of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempted<O> {
    /// The job is over.
    Settled(O),
    /// The job could not be done now, for this reason.
    Later(String),
    /// The process ends before the job has. The job is due again after its lease.
    Left,
}

/// A kind of work that waits in a table.
pub trait Worklist: Sync {
    type Job: Send + Sync;
    /// How a job ends.
    type Outcome: Send;

    /// How many jobs one node works on at once.
    const AT_ONCE: usize;
    const RETRY: Retry;

    /// Claims up to `limit` due jobs, oldest first. A claim counts as an attempt.
    fn claim(
        &self,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Self::Job>, StoreError>> + Send;

    /// How often the job was claimed, this time included.
    fn attempts(job: &Self::Job) -> i32;

    /// Works on the job. An error that says that the database is away ends the pass, and the job is due again after its
    /// lease. Any other error counts as [`Attempted::Later`], so that the later jobs do not wait for a repair.
    fn work(
        &self,
        job: &Self::Job,
    ) -> impl Future<Output = Result<Attempted<Self::Outcome>, StoreError>> + Send;

    /// The end of a job that failed in its last attempt, for this reason.
    fn given_up(&self, job: &Self::Job, why: String) -> Self::Outcome;

    /// Makes the job due again after `wait_ms`, unless another worker has claimed it since.
    fn put_off(
        &self,
        job: &Self::Job,
        why: &str,
        wait_ms: i64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Records the end of the job, unless another worker has claimed it since.
    fn settle(
        &self,
        job: &Self::Job,
        outcome: Self::Outcome,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Works on due jobs until there are none left or the process is about to end; returns how many ended. Runs on every
/// node. A job that takes long delays no other job, as long as fewer than [`Worklist::AT_ONCE`] jobs take long.
///
/// # Errors
/// When the database fails. The jobs that were claimed are due again after their lease.
pub async fn work_off<W: Worklist>(list: &W, tasks: &Tasks) -> Result<u64, StoreError> {
    let (mut claimed, stopping) = (0, tasks.stopping());
    let (mut running, mut results) = (FuturesUnordered::new(), Results::default());
    loop {
        let free = W::AT_ONCE - running.len();
        // While jobs take long, a fault of the database that has passed must not keep others from being claimed.
        if free > 0
            && claimed < MAX_JOBS
            && !stopping.is_cancelled()
            && (results.failed.is_none() || !running.is_empty())
        {
            let mut claim = pin!(list.claim(free));
            let jobs = loop {
                tokio::select! {
                    jobs = &mut claim => break jobs,
                    // A job that is not polled keeps its connection and its locks, for which the claim may wait.
                    Some(result) = running.next() => results.note(result),
                }
            };
            match jobs {
                Ok(jobs) => {
                    claimed += jobs.len();
                    running.extend(jobs.into_iter().map(|job| attempt(list, job)));
                }
                Err(error) => results.note(Err(error)),
            }
        }
        let Ok(ended) = tokio::time::timeout(CLAIM_EVERY, running.next()).await else {
            // A job that takes long keeps the next pass waiting, so this pass works on the next jobs, too.
            claimed = 0;
            continue;
        };
        let Some(ended) = ended else { break };
        // All jobs that have begun end, even if the database fails for one of them.
        let more = std::iter::from_fn(|| running.next().now_or_never().flatten());
        std::iter::once(ended).chain(more).for_each(|result| results.note(result));
    }
    results.failed.map_or(Ok(results.settled), Err)
}

/// The results of the jobs of a pass.
#[derive(Default)]
struct Results {
    /// How many jobs have ended.
    settled: u64,
    /// The first failure of the database.
    failed: Option<StoreError>,
}

impl Results {
    fn note(&mut self, result: Result<bool, StoreError>) {
        match result {
            Ok(is_over) => self.settled += u64::from(is_over),
            Err(error) => self.failed = self.failed.take().or(Some(error)),
        }
    }
}

/// Tries the job once; returns whether it has ended.
async fn attempt<W: Worklist>(list: &W, job: W::Job) -> Result<bool, StoreError> {
    let job = &job;
    let why = match list.work(job).await {
        Ok(Attempted::Settled(outcome)) => {
            list.settle(job, outcome).await?;
            return Ok(true);
        }
        Ok(Attempted::Later(why)) => why,
        Ok(Attempted::Left) => return Ok(false),
        Err(error) if error.is_unavailable() => return Err(error),
        Err(error) => {
            tracing::error!(%error, "a waiting job fails and is tried again");
            FAULTY.to_owned()
        }
    };
    let attempts = W::attempts(job);
    if attempts >= W::RETRY.max_attempts {
        let outcome = list.given_up(job, why);
        list.settle(job, outcome).await?;
        return Ok(true);
    }
    list.put_off(job, &why, W::RETRY.wait_ms(attempts)).await?;
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::{iter, sync::Mutex};

    use tokio::sync::Notify;

    use super::*;

    #[test]
    fn a_wait_doubles_up_to_its_limit() {
        let retry = Retry { max_attempts: 9, first_ms: 2_000, max_ms: 300_000 };
        let waits: Vec<i64> = [1, 2, 3, 8, 9, 300].map(|it| retry.wait_ms(it)).to_vec();
        assert_eq!(waits, [2_000, 4_000, 8_000, 256_000, 300_000, 300_000]);
    }

    /// Jobs with numbers. Job 0 ends only after job 9. Job 10 works on the only connection for a while.
    #[derive(Default)]
    struct Numbered {
        waiting: Mutex<Vec<u32>>,
        settled: Mutex<Vec<u32>>,
        last_is_done: Notify,
        /// A claim needs the connection, too.
        connection: tokio::sync::Mutex<()>,
    }

    impl Numbered {
        fn of(jobs: impl IntoIterator<Item = u32>) -> Self {
            Self { waiting: Mutex::new(jobs.into_iter().collect()), ..Self::default() }
        }

        /// Works the jobs off; returns how many ended.
        async fn worked_off(&self) -> u64 {
            let tasks = Tasks::default();
            let done = tokio::time::timeout(Duration::from_secs(10), work_off(self, &tasks));
            done.await.expect("in time").expect("no failure")
        }
    }

    impl Worklist for Numbered {
        type Job = u32;
        type Outcome = ();

        const AT_ONCE: usize = 2;
        const RETRY: Retry = Retry { max_attempts: 1, first_ms: 1, max_ms: 1 };

        async fn claim(&self, limit: usize) -> Result<Vec<u32>, StoreError> {
            let _connection = self.connection.lock().await;
            let mut waiting = self.waiting.lock().expect("no panic");
            let most = limit.min(waiting.len());
            Ok(waiting.drain(..most).collect())
        }

        fn attempts(_: &u32) -> i32 {
            1
        }

        async fn work(&self, job: &u32) -> Result<Attempted<()>, StoreError> {
            match job {
                0 => self.last_is_done.notified().await,
                9 => self.last_is_done.notify_one(),
                10 => {
                    let _connection = self.connection.lock().await;
                    for _ in 0..10 {
                        tokio::task::yield_now().await;
                    }
                }
                _ => {}
            }
            Ok(Attempted::Settled(()))
        }

        fn given_up(&self, _: &u32, _: String) {}

        async fn put_off(&self, _: &u32, _: &str, _: i64) -> Result<(), StoreError> {
            Ok(())
        }

        async fn settle(&self, job: &u32, (): ()) -> Result<(), StoreError> {
            self.settled.lock().expect("no panic").push(*job);
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_job_that_takes_long_delays_no_other() {
        let list = Numbered::of(0..10);
        assert_eq!(list.worked_off().await, 10);
        let settled = list.settled.lock().expect("no panic");
        assert_eq!(settled.iter().filter(|job| **job > 0).count(), 9);
    }

    #[tokio::test]
    async fn a_job_that_takes_longer_than_its_pass_may_have_jobs_delays_no_other() {
        let list = Numbered::of(iter::once(0).chain(iter::repeat_n(1, MAX_JOBS)).chain([9]));
        assert_eq!(list.worked_off().await, MAX_JOBS as u64 + 2);
    }

    #[tokio::test]
    async fn jobs_go_on_while_others_are_claimed() {
        assert_eq!(Numbered::of([10, 1, 2, 3]).worked_off().await, 4);
    }

    #[tokio::test]
    async fn nothing_is_claimed_once_the_process_is_about_to_end() {
        let (list, tasks) = (Numbered::of([1]), Tasks::default());
        tasks.stopping().cancel();
        assert_eq!(work_off(&list, &tasks).await.expect("no failure"), 0);
        assert_eq!(*list.waiting.lock().expect("no panic"), [1]);
    }
}
