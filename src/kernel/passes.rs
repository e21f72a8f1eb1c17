//! Runs the periodic passes with tokio-cron-scheduler, on every node at once. Each pass claims its work in the
//! database, so that two nodes do nothing twice.
//!
//! The scheduler beats once a second, and starts the passes that are due by the clock that never goes back. Its own
//! repeated jobs would not do: a job that begins later than its period, because the machine stood still, is never
//! started again. A scheduler that has not beaten for some seconds, because the machine's time was set back, is
//! started anew.
//!
//! The scheduler does not wait for jobs when it ends. So each pass has a guard against overlap and runs as a tracked
//! task.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use crate::kernel::{db::StoreError, ports::Clock, tasks::Tasks};

/// The beat of the scheduler, as a cron expression: every second.
const BEAT: &str = "* * * * * *";
/// A pass begins up to this much before its time, because beats come up to half a second early or late.
const EARLY: Duration = Duration::from_millis(600);
/// How often somebody looks whether the scheduler still beats.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A scheduler that has not beaten for this long stands still.
const SILENT: Duration = Duration::from_secs(5);

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
pub async fn start(
    tasks: &Tasks,
    clock: Arc<dyn Clock>,
    passes: Vec<Pass>,
) -> Result<(), JobSchedulerError> {
    let rota = Arc::new(Rota::new(clock, passes));
    let scheduler = beating(&rota, tasks).await?;
    let keeping = keep(scheduler, rota, tasks.clone());
    tasks.spawn(keeping);
    Ok(())
}

/// When each pass is due, on the clock that never goes back.
struct Rota {
    clock: Arc<dyn Clock>,
    passes: Vec<(Pass, Arc<AtomicBool>)>,
    due: Mutex<Due>,
}

#[derive(Debug)]
struct Due {
    /// When the scheduler last beat, or was started.
    beat_at: Duration,
    /// When each pass begins next.
    at: Vec<Duration>,
}

impl Rota {
    /// Each pass is due for the first time when its period has passed.
    fn new(clock: Arc<dyn Clock>, passes: Vec<Pass>) -> Self {
        let now = clock.elapsed();
        let at = passes.iter().map(|pass| now + pass.every).collect();
        let passes = passes.into_iter().map(|pass| (pass, Arc::default())).collect();
        Self { clock, passes, due: Mutex::new(Due { beat_at: now, at }) }
    }

    fn due(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The passes that begin with this beat. However long the last beat is ago, a pass begins once.
    fn beat(&self) -> Vec<&(Pass, Arc<AtomicBool>)> {
        let now = self.clock.elapsed();
        let mut due = self.due();
        due.beat_at = now;
        let begins = due.at.iter_mut().zip(&self.passes).filter_map(|(at, pass)| {
            let begins = now + EARLY >= *at;
            if begins {
                *at = now + pass.0.every;
            }
            begins.then_some(pass)
        });
        begins.collect()
    }

    /// Whether the scheduler has not beaten for too long. A new scheduler gets the same time.
    fn is_silent(&self) -> bool {
        let now = self.clock.elapsed();
        let mut due = self.due();
        let is_silent = now >= due.beat_at + SILENT;
        if is_silent {
            due.beat_at = now;
        }
        is_silent
    }
}

/// A scheduler whose beats start the passes that are due.
async fn beating(rota: &Arc<Rota>, tasks: &Tasks) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let (rota, tasks) = (Arc::clone(rota), tasks.clone());
    let beat = Job::new_async(BEAT, move |_, _| {
        for (pass, running) in rota.beat() {
            let (pass, tasks, running) = (pass.clone(), tasks.clone(), Arc::clone(running));
            tokio::spawn(async move { run_alone(&pass, &tasks, running).await });
        }
        Box::pin(async {})
    })?;
    scheduler.add(beat).await?;
    scheduler.start().await?;
    Ok(scheduler)
}

/// Starts the scheduler anew when it stands still, and ends it with the process.
async fn keep(mut scheduler: JobScheduler, rota: Arc<Rota>, tasks: Tasks) {
    let stopping = tasks.stopping();
    while tokio::time::timeout(LOOK_EVERY, stopping.cancelled()).await.is_err() {
        if !rota.is_silent() {
            continue;
        }
        tracing::error!("the scheduler of the passes stands still; it is started anew");
        metrics::counter!("holdfast_scheduler_restarts_total").increment(1);
        end(&mut scheduler).await;
        match beating(&rota, &tasks).await {
            Ok(next) => scheduler = next,
            Err(error) => tracing::error!(%error, "the scheduler of the passes does not start"),
        }
    }
    end(&mut scheduler).await;
}

async fn end(scheduler: &mut JobScheduler) {
    if let Err(error) = scheduler.shutdown().await {
        tracing::warn!(%error, "the scheduler did not end");
    }
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
    use crate::kernel::{db::Bug, ports::clock::SetClock};

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

    fn rota(periods: &[u64]) -> (Arc<SetClock>, Rota) {
        let clock = Arc::new(SetClock::default());
        let pass = |secs: &u64| Pass::new("pass", Duration::from_secs(*secs), || async { Ok(0) });
        (clock.clone(), Rota::new(clock, periods.iter().map(pass).collect()))
    }

    #[test]
    fn a_pass_begins_once_a_period_however_late_the_beats_come() {
        let (clock, rota) = rota(&[1, 15]);
        let begun = |ms: i64| {
            clock.set(ms);
            rota.beat().iter().map(|(pass, _)| pass.every.as_secs()).collect::<Vec<_>>()
        };
        assert_eq!(begun(300), Vec::<u64>::new());
        assert_eq!(begun(1_100), [1]);
        assert_eq!(begun(1_400), Vec::<u64>::new());
        // Beats half a second early and late.
        for ms in [2_000, 3_000, 3_900, 5_100] {
            assert_eq!(begun(ms), [1], "at {ms}");
        }
        // The machine stood still for an hour: both begin, once.
        assert_eq!(begun(3_600_000), [1, 15]);
        assert_eq!(begun(3_600_200), Vec::<u64>::new());
        assert_eq!(begun(3_601_000), [1]);
        assert_eq!(begun(3_615_000), [1, 15]);
    }

    #[test]
    fn a_scheduler_that_stands_still_is_noticed_once() {
        let (clock, rota) = rota(&[1]);
        for (ms, is_silent) in [(4_000, false), (5_000, true), (6_000, false), (10_000, true)] {
            clock.set(ms);
            assert_eq!(rota.is_silent(), is_silent, "at {ms}");
        }
        rota.beat();
        assert!(!rota.is_silent());
    }

    #[tokio::test]
    #[allow(clippy::disallowed_methods, reason = "everything is to stand still")]
    async fn the_scheduler_beats_after_the_program_stood_still() {
        let begun = Arc::new(AtomicU32::new(0));
        let pass = {
            let begun = Arc::clone(&begun);
            Pass::new("pass", Duration::from_secs(1), move || {
                begun.fetch_add(1, Ordering::SeqCst);
                async { Ok(0) }
            })
        };
        let tasks = Tasks::default();
        let clock = Arc::new(crate::adapters::system::SystemClock::default());
        start(&tasks, clock, vec![pass]).await.expect("it starts");
        let until = async |wanted: u32| {
            while begun.load(Ordering::SeqCst) < wanted {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let patience = Duration::from_secs(20);
        tokio::time::timeout(patience, until(1)).await.expect("it begins");
        // This test has one thread, so that nothing goes on meanwhile: longer than some periods.
        // This test has one thread, so that nothing goes on meanwhile.
        std::thread::sleep(Duration::from_millis(4_500));
        let before = begun.load(Ordering::SeqCst);
        tokio::time::timeout(patience, until(before + 3)).await.expect("it goes on");
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
