//! Claims a saga, performs one step, and has it recorded under the fence. When the record changes zero rows, another
//! worker has the saga, and this worker stops silently.
//!
//! A request that starts a saga, a wake-up and the periodic pass all take the same path. The record of a step and
//! the local steps after it are one transaction. No other system is called within a transaction.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::JoinSet};
use uuid::Uuid;

use super::{
    claim::{SagaClaimError, Which, claim, log_unreadable},
    commit::{GroupedSaga, RecordError, RecordedWork, SkippedStep, StepAnswer},
    driver::{Directive, Driver, Illegal, NamedStep},
    shared::WaitingStep,
    store::{self, New, SagaRow, WakeRequest},
};
use crate::kernel::{
    base::Base,
    batches::Batches,
    db::{self, Bug, StoreError, Writes},
    failpoint::{HaltMoment, reach},
};

/// How often a worker renews its lease while it waits for another system, or for other sagas.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(1_500);
/// The longest wait during which the worker keeps the saga, because a buyer is waiting, too. Far shorter than the
/// lease.
const SHORT_WAIT_MS: i64 = 1_000;
/// The maximum number of steps without a wait; more than any saga takes.
const MAX_STEPS: usize = 64;
/// The maximum number of tries of a record. A record is tried again once for each local step that is refused or
/// fails.
const MAX_RECORDS: usize = 4;
/// How many sagas the periodic pass of one node drives at once.
const PASS_WIDTH: usize = 16;
/// The maximum length of the text about what went wrong, in characters.
const MAX_TROUBLE_CHARS: usize = 300;
/// The maximum number of sagas that one pass claims; the next pass follows soon.
const MAX_PASS: usize = 10_000;

/// Performs the sagas of one kind. Cheap to clone.
#[derive(Debug)]
pub struct Executor<D: Driver> {
    pub(super) base: Base,
    pub(super) driver: Arc<D>,
    /// The steps that wait to be recorded together with others.
    pub(super) queue: Batches<WaitingStep<D>>,
}

impl<D: Driver> Clone for Executor<D> {
    fn clone(&self) -> Self {
        Self {
            base: self.base.clone(),
            driver: Arc::clone(&self.driver),
            queue: self.queue.clone(),
        }
    }
}

/// A saga that this worker has claimed.
#[derive(Debug, Clone)]
pub struct Work<S> {
    pub(super) row: SagaRow,
    pub(super) state: S,
    /// The object that the saga is about, if the code that started the saga has named it: see [`Driver::shares`].
    pub(super) about: Option<Uuid>,
}

impl<S> Work<S> {
    pub(super) fn of(row: SagaRow, state: S) -> Self {
        Self { row, state, about: None }
    }

    /// Says what the saga is about, such as the one event whose seats it pays for.
    #[must_use]
    pub fn about(self, about: Option<Uuid>) -> Self {
        Self { about, ..self }
    }
}

impl<D: Driver> Executor<D> {
    pub fn new(base: Base, driver: Arc<D>) -> Self {
        Self { base, driver, queue: Batches::default() }
    }

    /// Stores new sagas, each with its id and subject, in the transaction that starts them. The caller has the first
    /// lease, and passes the work to [`Executor::drive`] after the commit.
    ///
    /// # Errors
    /// When the database fails, or a subject has a saga already.
    pub async fn start(
        &self,
        to: &impl Writes,
        sagas: Vec<(Uuid, Uuid, D::State)>,
        now_ms: i64,
    ) -> Result<Vec<Work<D::State>>, StoreError> {
        let texts: Vec<String> =
            sagas.iter().map(|(_, _, state)| self.driver.encode(state)).collect();
        let rows = sagas.iter().zip(&texts).map(|((id, subject, state), text)| New {
            id: *id,
            kind: D::KIND,
            subject: *subject,
            status: self.driver.status(state),
            state: text,
            format: D::FORMAT,
            now_ms,
        });
        let rows: Vec<New<'_>> = rows.collect();
        store::insert_all(to, &rows).await?;
        let work = |((id, _, state), text)| Work::of(SagaRow::first(id, text, now_ms), state);
        Ok(sagas.into_iter().zip(texts).map(work).collect())
    }

    /// Drives a saga until it waits, rests, needs an operator, or belongs to another worker. Errors are logged;
    /// the lease then lapses, and the pass of some node claims the saga again.
    pub async fn drive(&self, mut work: Work<D::State>) {
        let (id, fence) = (work.row.id, work.row.fence);
        for _ in 0..MAX_STEPS {
            let answer = match self.driver.next(&work.state, work.row.now_ms) {
                Directive::Call(call) => match self.act_in_turn(call, &work).await {
                    Some(answer) => Some(answer),
                    None => return,
                },
                Directive::Wait(until_ms) if is_short(until_ms, work.row.now_ms) => {
                    let wait_ms = u64::try_from(until_ms - work.row.now_ms).unwrap_or(0);
                    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                    work.row.now_ms = until_ms;
                    continue;
                }
                Directive::Local(_)
                | Directive::Wait(_)
                | Directive::Rest
                | Directive::Attention(_) => None,
            };
            match self.record_in_turn(work, answer).await {
                Ok(RecordedWork::GoesOn(next)) => work = next,
                Ok(RecordedWork::Parked) | Err(RecordError::Lost) => return,
                Err(error) => {
                    tracing::error!(saga = %id, error = &error as &dyn std::error::Error,
                        "a saga's step was not recorded");
                    if let RecordError::Illegal(Illegal(source)) = &error {
                        self.give_up(id, fence, "illegal-transition", &source.to_string()).await;
                    }
                    return;
                }
            }
        }
        self.give_up(id, fence, "steps-without-end", "more steps than any saga takes").await;
    }

    /// Marks a saga for an operator. A bug does not disappear by itself, so further tries would never end.
    async fn give_up(&self, id: Uuid, fence: i64, reason: &str, trouble: &str) {
        tracing::error!(saga = %id, reason, "a saga needs attention");
        let trouble = shortened(trouble);
        if let Err(error) = store::give_up(&self.base.db, id, fence, reason, &trouble).await {
            tracing::error!(saga = %id, error = %error, "a saga was not given up");
        }
    }

    /// Makes the saga of a subject due, and drives it in a separate task. When another worker has the saga,
    /// that worker looks at it again. Returns whether the subject has an unfinished saga.
    pub async fn wake(&self, subject: Uuid, wish: WakeRequest) -> Result<bool, StoreError> {
        let woken = self
            .base
            .db
            .transact::<_, StoreError, _>(move |tx| Box::pin(store::wake(tx, subject, wish)))
            .await?;
        let Some(id) = woken else { return Ok(false) };
        match self.claim(Which::This(id)).await {
            Ok(Some(work)) => {
                let this = self.clone();
                self.base.tasks.spawn(async move { this.drive(work).await });
            }
            Ok(None) => {}
            Err(SagaClaimError::Db(error)) => return Err(error),
            Err(error @ SagaClaimError::Unreadable(..)) => log_unreadable(&error),
        }
        Ok(true)
    }

    /// Claims every saga that is due and drives it, several at once; returns how many. Runs on every node.
    pub async fn pass(&self) -> Result<usize, StoreError> {
        let width = Arc::new(Semaphore::new(PASS_WIDTH));
        let mut driven = JoinSet::new();
        let mut taken = 0;
        while taken < MAX_PASS && !self.base.tasks.stopping().is_cancelled() {
            let Ok(permit) = Arc::clone(&width).acquire_owned().await else { break };
            let work = match self.claim(Which::Due).await {
                Ok(Some(work)) => work,
                Ok(None) => break,
                Err(SagaClaimError::Db(error)) => {
                    driven.join_all().await;
                    return Err(error);
                }
                Err(error @ SagaClaimError::Unreadable(..)) => {
                    log_unreadable(&error);
                    continue;
                }
            };
            taken += 1;
            let this = self.clone();
            driven.spawn(async move {
                this.drive(work).await;
                drop(permit);
            });
        }
        driven.join_all().await;
        Ok(taken)
    }

    /// The state of a subject's saga, and the time of the database in milliseconds since 1970. `None` when the subject has
    /// no saga, or when this version of the program cannot read the state, because a newer version works on the saga.
    pub async fn state_of(
        &self,
        sql: &impl db::Sql,
        subject: Uuid,
    ) -> Result<Option<(D::State, i64)>, StoreError> {
        let Some(seen) = store::state_of(sql, subject).await? else { return Ok(None) };
        Ok(self.driver.decode(&seen.state).ok().map(|state| (state, seen.now)))
    }

    async fn claim(&self, which: Which) -> Result<Option<Work<D::State>>, SagaClaimError> {
        let driver = Arc::clone(&self.driver);
        self.base
            .db
            .transact(move |tx| {
                let driver = Arc::clone(&driver);
                Box::pin(async move { claim(tx, &*driver, which).await })
            })
            .await?
            .transpose()
    }

    /// Makes a call to another system, and every call that follows it. `None` when another worker has taken the saga.
    async fn act_in_turn(&self, call: D::Call, work: &Work<D::State>) -> Option<StepAnswer<D>> {
        let mut steps = vec![call.name()];
        let mut event = self.act(call, work).await?;
        while let Some(next) = self.driver.follows(&work.state, &event) {
            steps.push(next.name());
            event = self.driver.joined(event, self.act(next, work).await?);
        }
        Some((steps, event))
    }

    /// Calls another system, and renews the lease meanwhile. `None` when another worker has taken the saga.
    async fn act(&self, call: D::Call, work: &Work<D::State>) -> Option<D::Event> {
        let step = call.name();
        reach(step, HaltMoment::BeforeEffect);
        let call = self.driver.act(call, &work.state);
        tokio::pin!(call);
        let event = loop {
            tokio::select! {
                event = &mut call => break event,
                () = tokio::time::sleep(HEARTBEAT) => {
                    // A failed renewal is no reason to stop, because the record decides.
                    if let Ok(0) = store::renew(&self.base.db, work.row.id, work.row.fence).await {
                        return None;
                    }
                }
            }
        };
        reach(step, HaltMoment::AfterEffect);
        metrics::counter!("holdfast_saga_steps_total", "step" => step).increment(1);
        Some(event)
    }

    /// Records an answer and performs the local steps after it, together with other sagas where that is possible.
    async fn record_in_turn(
        &self,
        work: Work<D::State>,
        answer: Option<StepAnswer<D>>,
    ) -> Result<RecordedWork<D::State>, RecordError<D::Event>> {
        let group = answer
            .as_ref()
            .and_then(|(_, event)| self.driver.shares(&work.state, event, work.about));
        match (group, answer) {
            (Some(group), Some(answer)) => self.record_shared(work, answer, group).await,
            (_, answer) => self.record(work, answer).await,
        }
    }

    /// Records an answer and performs the local steps after it, in a transaction of its own. A local step that is refused
    /// or fails is recorded as such by a further transaction.
    pub(super) async fn record(
        &self,
        work: Work<D::State>,
        answer: Option<StepAnswer<D>>,
    ) -> Result<RecordedWork<D::State>, RecordError<D::Event>> {
        let mut verdicts: Vec<SkippedStep<D::Event>> = Vec::new();
        for _ in 0..MAX_RECORDS {
            let (work, answer) = (work.clone(), answer.clone());
            let member = GroupedSaga { work, answer, verdicts: verdicts.clone() };
            match self.record_together(vec![member]).await {
                Ok(mut came) => return came.pop().flatten().ok_or(RecordError::Lost),
                Err(RecordError::Refused(step, event)) => {
                    let trouble = self.driver.trouble(&event);
                    verdicts.push(SkippedStep { step, event, trouble });
                }
                Err(RecordError::Local { step, event, source }) if !source.is_unavailable() => {
                    tracing::error!(step, error = %source, "a saga's local step failed");
                    let trouble = Some(shortened(&format!("{step}: {source}")));
                    verdicts.push(SkippedStep { step, event, trouble });
                }
                Err(error) => return Err(error),
            }
        }
        Err(RecordError::Db(Bug::new("a record was tried too often").into()))
    }
}

/// Whether a wait is short enough to keep the saga. A wait that is already over does not count as short: the saga is
/// parked, and the next claim finds the work that has become due.
pub(super) fn is_short(until_ms: i64, now_ms: i64) -> bool {
    (1..=SHORT_WAIT_MS).contains(&(until_ms - now_ms))
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().take(MAX_TROUBLE_CHARS).collect()
}
