//! Runs the periodic passes with tokio-cron-scheduler, on every node at once. Each pass claims its work in the
//! database, so that two nodes do nothing twice.
//!
//! The scheduler starts a job even while the job's last run goes on, and does not wait for jobs when it ends. So
//! each pass has a guard against overlap and runs as a tracked task.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use crate::kernel::{db::StoreError, tasks::Tasks};

/// The result of a pass: how many rows or objects it processed, for its tests. The runner counts runs and failures.
pub type PassResult = Result<u64, anyhow::Error>;

#[derive(Clone)]
pub struct Pass {
    /// The name of the pass in logs and metrics.
    pub name: &'static str,
    pub every: Duration,
    /// Does the work. It takes no input, so that anybody can run the pass at any time.
    pub work: Arc<dyn Fn() -> BoxFuture<'static, PassResult> + Send + Sync>,
}

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pass").field("name", &self.name).field("every", &self.every).finish()
    }
}

impl Pass {
    pub fn new<F>(
        name: &'static str,
        every: Duration,
        work: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = PassResult> + Send + 'static,
    {
        Self { name, every, work: Arc::new(move || Box::pin(work())) }
    }
}

impl Pass {
    /// A pass that does `work` with a clone of `subject`.
    pub fn on<S, F, E>(
        name: &'static str,
        every: Duration,
        subject: &S,
        work: impl Fn(S) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: Clone + Send + Sync + 'static,
        F: Future<Output = Result<u64, E>> + Send + 'static,
        E: Into<anyhow::Error>,
    {
        let subject = subject.clone();
        Self::new(name, every, move || {
            let done = work(subject.clone());
            async move { done.await.map_err(Into::into) }
        })
    }
}

/// The results of a pass over independent objects. An object that cannot be processed stops no other object; only a
/// database that is away ends the pass.
#[derive(Debug, Default)]
pub struct Tally {
    done: u64,
    first_fault: Option<StoreError>,
}

impl Tally {
    /// Adds the result for one object, which the log names if it failed.
    ///
    /// # Errors
    /// When the database is unavailable: the pass ends.
    pub fn add(
        &mut self,
        object: impl std::fmt::Display,
        result: Result<u64, StoreError>,
    ) -> Result<(), StoreError> {
        match result {
            Ok(done) => self.done += done,
            Err(error) if error.is_unavailable() => return Err(error),
            Err(error) => {
                tracing::error!(%object, %error, "a pass cannot process this object");
                self.first_fault.get_or_insert(error);
            }
        }
        Ok(())
    }

    /// The number of processed objects.
    ///
    /// # Errors
    /// The first failure, so that the pass counts as failed.
    pub fn end(self) -> Result<u64, StoreError> {
        self.first_fault.map_or(Ok(self.done), Err)
    }
}

/// Starts the passes. They end when `tasks` is asked to end.
///
/// # Errors
/// When the scheduler cannot be started.
pub async fn start(tasks: &Tasks, passes: Vec<Pass>) -> Result<(), JobSchedulerError> {
    let mut scheduler = JobScheduler::new().await?;
    for pass in passes {
        let tasks = tasks.clone();
        let running = Arc::new(AtomicBool::new(false));
        let every = pass.every;
        let job = Job::new_repeated_async(every, move |_, _| {
            let (pass, tasks, running) = (pass.clone(), tasks.clone(), Arc::clone(&running));
            Box::pin(async move { run_alone(&pass, &tasks, running).await })
        })?;
        scheduler.add(job).await?;
    }
    scheduler.start().await?;
    let stopping = tasks.stopping();
    tasks.spawn(async move {
        stopping.cancelled().await;
        if let Err(error) = scheduler.shutdown().await {
            tracing::warn!(error = %error, "the scheduler did not end");
        }
    });
    Ok(())
}

async fn run_alone(pass: &Pass, tasks: &Tasks, running: Arc<AtomicBool>) {
    if tasks.stopping().is_cancelled() || running.swap(true, Ordering::AcqRel) {
        return;
    }
    let work = (pass.work)();
    let name = pass.name;
    let done = tasks.run(work).await;
    running.store(false, Ordering::Release);
    match done {
        Ok(Ok(_)) => metrics::counter!("holdfast_passes_total", "pass" => name).increment(1),
        Ok(Err(error)) => {
            tracing::error!(pass = name, error = %error, "a pass failed; it runs again");
            metrics::counter!("holdfast_passes_failed_total", "pass" => name).increment(1);
        }
        Err(error) => {
            tracing::error!(pass = name, error = %error, "a pass panicked; it runs again")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;
    use crate::kernel::db::Bug;

    #[test]
    fn a_faulty_object_stops_no_other_and_a_database_that_is_away_ends_the_pass() {
        let mut tally = Tally::default();
        let fault = |text: &str| Err(Bug::new(text).into());
        assert!(tally.add("a", Ok(1)).is_ok());
        assert!(tally.add("b", fault("first")).is_ok());
        assert!(tally.add("c", fault("second")).is_ok());
        assert!(tally.add("d", Ok(2)).is_ok());
        assert_eq!(tally.done, 3);
        let reported = tally.end().expect_err("the pass failed").to_string();
        assert!(reported.starts_with("first"), "{reported}");
        let away = sea_orm::DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout);
        assert!(Tally::default().add("a", Err(away.into())).is_err());
        assert_eq!(Tally::default().end().ok(), Some(0));
    }

    #[tokio::test]
    async fn a_pass_that_still_runs_is_not_started_again() {
        let (started, release) =
            (Arc::new(AtomicU32::new(0)), Arc::new(tokio::sync::Notify::new()));
        let pass = {
            let (started, release) = (Arc::clone(&started), Arc::clone(&release));
            Pass::new("slow", Duration::from_secs(1), move || {
                let (started, release) = (Arc::clone(&started), Arc::clone(&release));
                async move {
                    started.fetch_add(1, Ordering::SeqCst);
                    release.notified().await;
                    Ok(1)
                }
            })
        };
        let (tasks, running) = (Tasks::default(), Arc::new(AtomicBool::new(false)));
        let first = tokio::spawn({
            let (pass, tasks, running) = (pass.clone(), tasks.clone(), Arc::clone(&running));
            async move { run_alone(&pass, &tasks, running).await }
        });
        while started.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        run_alone(&pass, &tasks, Arc::clone(&running)).await;
        assert_eq!(started.load(Ordering::SeqCst), 1);
        release.notify_one();
        first.await.expect("ends");
        assert!(!running.load(Ordering::SeqCst));
    }
}
