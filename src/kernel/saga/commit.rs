//! The transaction that records the steps of sagas: it looks at each saga, performs the local steps after its event, and
//! records what came of it, under fence and version. The members of a transaction are decided as if each were alone; they
//! share the moment.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    driver::{Directive, Driver, Illegal, NamedStep, Performed},
    executor::{Executor, Work, is_short},
    store::{self, Record, SagaRow, StepResult},
};
use crate::kernel::{
    db::{Bug, StoreError, Together, Tx, UseCaseError},
    failpoint::{HaltMoment, StepFault, fault, reach},
};

/// The maximum number of local steps in one transaction; more than any transaction has.
const MAX_LOCAL_STEPS: usize = 8;

/// A saga in a transaction that records its step.
#[derive(Debug)]
pub(super) struct GroupedSaga<D: Driver> {
    pub(super) work: Work<D::State>,
    pub(super) answer: Option<StepAnswer<D>>,
    /// The local steps that are not performed.
    pub(super) verdicts: Vec<SkippedStep<D::Event>>,
}

impl<D: Driver> Clone for GroupedSaga<D> {
    fn clone(&self) -> Self {
        Self {
            work: self.work.clone(),
            answer: self.answer.clone(),
            verdicts: self.verdicts.clone(),
        }
    }
}

/// The record of a member: whether the worker keeps the saga, and the steps that were recorded.
pub(super) type WrittenDown<S> = (RecordedWork<S>, Vec<&'static str>);

/// The record of each member; `None` for a member that another worker has.
pub(super) type WrittenDownOfAll<S> = Vec<Option<WrittenDown<S>>>;

/// A member while its transaction is under way.
struct Stand<D: Driver> {
    held: SagaRow,
    state: D::State,
    about: Option<Uuid>,
    verdicts: Vec<SkippedStep<D::Event>>,
    trouble: Option<String>,
    steps: Vec<&'static str>,
}

/// The steps that called another system one after the other, and the event that resulted.
pub(super) type StepAnswer<D> = (Vec<&'static str>, <D as Driver>::Event);

/// A local step that is not performed: the event is recorded in its place, for the reason in `trouble`.
#[derive(Debug, Clone)]
pub(super) struct SkippedStep<E> {
    pub(super) step: &'static str,
    pub(super) event: E,
    pub(super) trouble: Option<String>,
}

/// Whether the worker keeps the saga after the commit.
#[derive(Debug)]
pub(super) enum RecordedWork<S> {
    GoesOn(Work<S>),
    Parked,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError<E: std::fmt::Debug> {
    #[error("another worker has the saga")]
    Lost,
    #[error("the step {0} is refused")]
    Refused(&'static str, E),
    #[error("the step {step} failed")]
    Local {
        step: &'static str,
        event: E,
        #[source]
        source: StoreError,
    },
    #[error(transparent)]
    Illegal(#[from] Illegal),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl<E: std::fmt::Debug> UseCaseError for RecordError<E> {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Local { source, .. } | Self::Db(source) => Some(source),
            Self::Lost | Self::Refused(..) | Self::Illegal(_) => None,
        }
    }
}

impl<D: Driver> Executor<D> {
    /// Records the members in one transaction. `None` for a member that another worker has. After an error, nothing of
    /// any member is recorded.
    pub(super) async fn record_together(
        &self,
        members: Vec<GroupedSaga<D>>,
    ) -> Result<Vec<Option<RecordedWork<D::State>>>, RecordError<D::Event>> {
        let this = self.clone();
        let about = members.first().and_then(|first| first.work.about);
        let about = about.filter(|_| members.iter().all(|member| member.work.about == about));
        let came = self
            .base
            .db
            .transact(move |tx| {
                let (this, members) = (this.clone(), members.clone());
                Box::pin(async move { this.commit(tx, members).await })
            })
            .await?;
        let steps: Vec<&'static str> =
            came.iter().flatten().flat_map(|(_, steps)| steps.iter().copied()).collect();
        self.driver.committed(&steps, about);
        steps.iter().for_each(|step| reach(step, HaltMoment::AfterRecord));
        Ok(came.into_iter().map(|came| came.map(|(recorded, _)| recorded)).collect())
    }

    /// Records the answers of the members and performs the local steps after them. `None` for a member that another
    /// worker has. After an error, the transaction must be rolled back.
    pub(super) async fn commit(
        &self,
        tx: &Tx,
        members: Vec<GroupedSaga<D>>,
    ) -> Result<WrittenDownOfAll<D::State>, RecordError<D::Event>> {
        let ids: Vec<Uuid> = members.iter().map(|member| member.work.row.id).collect();
        let mut rows: HashMap<Uuid, SagaRow> =
            store::look(tx, &ids).await?.into_iter().map(|row| (row.id, row)).collect();
        let later = Together::of(tx);
        let mut stands: Vec<Option<Stand<D>>> = Vec::with_capacity(members.len());
        let mut heard = Vec::new();
        for GroupedSaga { work, answer, verdicts } in members {
            let Work { row, state, about } = work;
            let is_ours = |held: &SagaRow| (held.fence, held.version) == (row.fence, row.version);
            let Some(held) = rows.remove(&row.id).filter(is_ours) else {
                stands.push(None);
                continue;
            };
            let mut stand: Stand<D> =
                Stand { held, state, about, verdicts, trouble: None, steps: Vec::new() };
            if let Some((calls, event)) = answer {
                let now_ms = stand.held.now_ms;
                stand.trouble = self.driver.trouble(&event);
                stand.steps.extend(calls);
                let before = stand.state.clone();
                stand.state = self.driver.apply(stand.state, event.clone(), now_ms)?;
                heard.push((event, before));
            }
            if stand.held.is_to_stop() {
                stand.state = self.driver.cancelled(stand.state, stand.held.now_ms);
            }
            stands.push(Some(stand));
        }
        let Some(now_ms) = stands.iter().flatten().map(|stand| stand.held.now_ms).max() else {
            return Ok(stands.iter().map(|_| None).collect());
        };
        let heard: Vec<(&D::Event, &D::State)> =
            heard.iter().map(|(event, state)| (event, state)).collect();
        self.driver.recorded(&later, &heard, now_ms).await?;
        let mut aftermath = D::Aftermath::default();
        let mut performed = None;
        for _ in 0..MAX_LOCAL_STEPS {
            let last = self.perform(tx, &later, &mut stands, &mut aftermath, now_ms).await?;
            if last.is_none() {
                break;
            }
            performed = last;
        }
        let (came, records) = self.written_down(stands);
        let (place, count) = (later.len(), records.len() as u64);
        store::record(&later, records, D::FORMAT).await?;
        self.driver.conclude(&later, aftermath).await?;
        // The steps postponed these writes, so when one of the writes fails, the last step has failed.
        let failed = |source| match performed.flatten() {
            Some((step, event)) => RecordError::Local { step, event, source },
            None => RecordError::Db(source),
        };
        let sent = match later.send(tx).await {
            Ok(sent) => sent,
            Err(source) => return Err(failed(source)),
        };
        if sent.rows.get(place) != Some(&count) {
            return Err(RecordError::Lost);
        }
        if let Err(source) = sent.check() {
            return Err(failed(source));
        }
        for (_, steps) in came.iter().flatten() {
            steps.iter().for_each(|step| reach(step, HaltMoment::BeforeRecord));
        }
        Ok(came)
    }

    /// Performs the next local step of the first member that has one, and of every member with the same step. Returns the
    /// step and the event of its failure; `None` when no member has a local step.
    async fn perform(
        &self,
        tx: &Tx,
        later: &Together,
        stands: &mut [Option<Stand<D>>],
        aftermath: &mut D::Aftermath,
        now_ms: i64,
    ) -> Result<Option<Option<(&'static str, D::Event)>>, RecordError<D::Event>> {
        let mut due: Vec<(usize, D::Local)> = Vec::new();
        for (at, stand) in stands.iter().enumerate() {
            let Some(stand) = stand else { continue };
            let Directive::Local(step) = self.driver.next(&stand.state, now_ms) else { continue };
            if due.first().is_none_or(|(_, first)| first.name() == step.name()) {
                due.push((at, step));
            }
        }
        let Some((_, first)) = due.first() else { return Ok(None) };
        let (name, failed) = (first.name(), self.driver.failed(first));
        let verdict = |at: usize| {
            let mut verdicts = stands[at].iter().flat_map(|stand| &stand.verdicts);
            verdicts.find(|verdict| verdict.step == name)
        };
        let is_forced = |at: usize| verdict(at).is_some();
        let (forced, due): (Vec<_>, Vec<_>) = due.into_iter().partition(|(at, _)| is_forced(*at));
        let mut events: Vec<(usize, D::Event, Option<Option<String>>)> = Vec::new();
        for (at, _) in forced {
            let forced = verdict(at).cloned();
            events.extend(forced.map(|it| (at, it.event, Some(it.trouble))));
        }
        let last = if due.is_empty() {
            None
        } else {
            let (places, steps): (Vec<usize>, Vec<D::Local>) = due.into_iter().unzip();
            let states = places.iter().filter_map(|at| stands[*at].as_ref().map(|it| &it.state));
            let steps: Vec<(D::Local, &D::State)> = steps.into_iter().zip(states).collect();
            let performed = self.driver.perform(tx, later, &steps, aftermath, now_ms).await;
            let performed = match fault(name, "", &[StepFault::Fail]) {
                Some(_) => performed.and(Err(Bug::new("fails on purpose").into())),
                None => performed,
            };
            let performed = performed.map_err(|source| match &failed {
                Some(event) => RecordError::Local { step: name, event: event.clone(), source },
                None => RecordError::Db(source),
            })?;
            for (at, performed) in places.into_iter().zip(performed) {
                match performed {
                    Performed::Done(event) => events.push((at, event, None)),
                    Performed::Untouched(event) => {
                        let trouble = self.driver.trouble(&event);
                        events.push((at, event, Some(trouble)));
                    }
                    Performed::Refused(event) => return Err(RecordError::Refused(name, event)),
                }
            }
            failed.map(|event| (name, event))
        };
        for (at, event, trouble) in events {
            let Some(mut stand) = stands[at].take() else { continue };
            stand.state = self.driver.apply(stand.state, event, now_ms)?;
            stand.trouble = trouble.unwrap_or(stand.trouble);
            stand.steps.push(name);
            stands[at] = Some(stand);
        }
        Ok(Some(last))
    }

    /// The results for the members, and their records.
    fn written_down(
        &self,
        stands: Vec<Option<Stand<D>>>,
    ) -> (WrittenDownOfAll<D::State>, Vec<Record>) {
        let mut records = Vec::new();
        let came = stands.into_iter().map(|stand| {
            let Stand { held, state, about, trouble, steps, .. } = stand?;
            let step = self.step(&held, &state, trouble);
            let goes_on = step.goes_on;
            let row =
                SagaRow { state: step.state.clone(), version: held.version + 1, ..held.clone() };
            records.push(Record::new(&held, step));
            let recorded = if goes_on {
                RecordedWork::GoesOn(Work { row, state, about })
            } else {
                RecordedWork::Parked
            };
            Some((recorded, steps))
        });
        let came = came.collect();
        (came, records)
    }

    /// The step as it is recorded: what the saga does next, and when.
    fn step(&self, held: &SagaRow, state: &D::State, trouble: Option<String>) -> StepResult {
        let directive = self.driver.next(state, held.now_ms);
        let stopping = self.base.tasks.stopping().is_cancelled();
        let (due_ms, reason, goes_on) = match &directive {
            // A node that is about to end leaves the saga to another node.
            Directive::Call(_) | Directive::Local(_) => (held.now_ms, None, !stopping),
            Directive::Wait(until_ms) => {
                (*until_ms, None, !stopping && is_short(*until_ms, held.now_ms))
            }
            Directive::Rest => (held.now_ms, None, false),
            Directive::Attention(reason) => (held.now_ms, Some(*reason), false),
        };
        let (status, text) = (self.driver.status(state), self.driver.encode(state));
        StepResult { status, state: text, reason, trouble, due_ms, goes_on }
    }
}
