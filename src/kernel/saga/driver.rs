//! The interface of a kind of saga.

use std::future::Future;

use holdfast_domain::saga::Status;
use uuid::Uuid;

use crate::kernel::db::{StoreError, Together, Tx};

/// The progress of a saga, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The step that is under way. For a saga that needs an operator, the step at which a retry continues.
    pub step: &'static str,
    /// How often the step was tried, the present try included; 0 when the saga rests.
    pub attempts: u32,
}

/// A call or a local step of a saga. Rows, logs, metrics and failpoints use its name.
pub trait NamedStep {
    fn name(&self) -> &'static str;
}

/// The next action of a saga. A directive carries everything that the action needs, so that nobody has to calculate
/// it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directive<C, L> {
    /// Call another system, outside of any transaction.
    Call(C),
    /// Change our own database, in the transaction that records the step.
    Local(L),
    /// Do nothing before this time, in milliseconds since 1970.
    Wait(i64),
    /// The saga is over: do nothing any more.
    Rest,
    /// Do nothing until an operator retries the saga, for this reason.
    Attention(&'static str),
}

/// The result of a local step.
#[derive(Debug, Clone)]
pub enum Performed<E> {
    /// The step made all its changes. Contains the event to record.
    Done(E),
    /// The step may not happen. The transaction is rolled back, and a new transaction records this event.
    Refused(E),
    /// The step may not happen and has changed nothing, although it may hold locks. The same transaction records this
    /// event.
    Untouched(E),
}

/// The facts that sagas must have in common so that their next local step can share a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The local step that is next.
    pub step: &'static str,
    /// The object that the step changes, such as an event with its seats. The nil UUID if members need not have it in
    /// common.
    pub of: Uuid,
}

/// The state of a claimed saga cannot be read: another version of the program wrote it.
#[derive(Debug, thiserror::Error)]
#[error("the state of the saga cannot be read")]
pub struct UnreadableState(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The saga's state does not allow the event, which is a bug.
#[derive(Debug, thiserror::Error)]
#[error("the saga does not allow this")]
pub struct Illegal(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A kind of saga: pure decisions, calls to other systems, local steps.
pub trait Driver: Send + Sync + std::fmt::Debug + 'static {
    /// The state of a saga.
    type State: Clone + Send + Sync + std::fmt::Debug + 'static;
    /// An event in the life of a saga.
    type Event: Clone + Send + Sync + std::fmt::Debug + 'static;
    /// A call to the payment gateway, with everything that the gateway must know.
    type Call: NamedStep + Send + Sync;
    /// A step in our own database.
    type Local: NamedStep + Send + Sync;
    /// Changes that local steps postpone until the saga's row is written, because the outbox is the last lock.
    type Aftermath: Default + Send + Sync;

    /// The name of the kind in the database.
    const KIND: &'static str;

    /// The format in which this program writes states. A state of a higher format is left to the newer program
    /// that wrote it.
    const FORMAT: u16;

    /// Reads a state as the database stores it, in this format or an older one.
    ///
    /// # Errors
    /// When this version of the program cannot read it.
    fn decode(&self, text: &str) -> Result<Self::State, UnreadableState>;

    /// The text that the database stores for a state.
    fn encode(&self, state: &Self::State) -> String;

    fn status(&self, state: &Self::State) -> Status;

    /// The next action of the saga at `now_ms`, in milliseconds since 1970.
    fn next(&self, state: &Self::State, now_ms: i64) -> Directive<Self::Call, Self::Local>;

    /// The state after an event.
    ///
    /// # Errors
    /// When the event cannot have happened in this state.
    fn apply(
        &self,
        state: Self::State,
        event: Self::Event,
        now_ms: i64,
    ) -> Result<Self::State, Illegal>;

    fn progress(&self, state: &Self::State) -> Progress;

    /// The failure in words for an operator, without secrets. `None` when the event is not a failure.
    fn trouble(&self, event: &Self::Event) -> Option<String>;

    /// The state after an operator's retry. Unchanged when the saga did not stop by itself.
    fn retried(&self, state: Self::State, now_ms: i64) -> Self::State;

    /// The state after a claim: the saga's wait is over, or somebody woke it.
    fn woken(&self, state: Self::State, now_ms: i64) -> Self::State;

    /// The state after somebody wanted the saga to stop. Unchanged when it is too late to stop.
    fn cancelled(&self, state: Self::State, now_ms: i64) -> Self::State;

    /// Makes a call to another system. The call has its own time limit and may be repeated.
    fn act(
        &self,
        call: Self::Call,
        state: &Self::State,
    ) -> impl Future<Output = Self::Event> + Send;

    /// The call that is made at once after this event, without a record in between. The events of both calls are
    /// recorded as one, see [`Self::joined`].
    fn follows(&self, _state: &Self::State, _event: &Self::Event) -> Option<Self::Call> {
        None
    }

    /// The events of a call and of the call that follows it, as one event.
    fn joined(&self, _first: Self::Event, second: Self::Event) -> Self::Event {
        second
    }

    /// Whether the record of this event, and the local step after it, may share a transaction with other sagas, and
    /// with which. `about` is what the saga was said to be about when it was started here.
    fn shares(
        &self,
        _state: &Self::State,
        _event: &Self::Event,
        _about: Option<Uuid>,
    ) -> Option<Group> {
        None
    }

    /// Performs the same local step of several sagas, each with its state; returns what came of each. Writes that
    /// nothing in the transaction reads may go into `later`, which is sent together with the records.
    fn perform(
        &self,
        tx: &Tx,
        later: &Together,
        due: &[(Self::Local, &Self::State)],
        aftermath: &mut Self::Aftermath,
        now_ms: i64,
    ) -> impl Future<Output = Result<Vec<Performed<Self::Event>>, StoreError>> + Send;

    /// The event to record when the local step failed. `None` when the failure itself is the result.
    fn failed(&self, step: &Self::Local) -> Option<Self::Event>;

    /// Writes the traces that events leave in other tables, in the transaction that records them. Each event comes with
    /// the state before it.
    fn recorded(
        &self,
        later: &Together,
        events: &[(&Self::Event, &Self::State)],
        now_ms: i64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes the changes that the local steps postponed until the saga's row was written.
    fn conclude(
        &self,
        later: &Together,
        aftermath: Self::Aftermath,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Called after the transaction that recorded these steps has committed. Tells those who wait for changes. `about`
    /// is what all of its sagas are about, if that is one thing and known.
    fn committed(&self, steps: &[&'static str], about: Option<Uuid>);
}
