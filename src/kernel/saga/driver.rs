//! What a kind of saga brings along.

use std::future::Future;

use crate::kernel::db::{StoreError, Together, Tx};

/// How far a saga is, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The step that is under way; of one that needs an operator, the step where it goes on.
    pub step: &'static str,
    /// How often that step was tried, the try under way included; 0 at rest.
    pub attempts: u32,
}

/// Where a saga stands, as stored beside its state for those who cannot read that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Something is to be done.
    Running,
    /// It waits for somebody or for its time.
    Waiting,
    /// What was done is being undone.
    Undoing,
    /// It ended as it should.
    Done,
    /// It ended with everything undone.
    Undone,
    /// An operator must look at it.
    NeedsAttention,
}

impl Status {
    /// Those that are not over.
    pub const LIVE: [Self; 4] = [Self::Running, Self::Waiting, Self::Undoing, Self::NeedsAttention];

    /// The status of a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        let over = [Self::Done, Self::Undone];
        Self::LIVE.into_iter().chain(over).find(|status| status.as_str() == word)
    }

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Undoing => "undoing",
            Self::Done => "done",
            Self::Undone => "undone",
            Self::NeedsAttention => "needs_attention",
        }
    }
}

/// A call or a local step of a saga, by the name under which rows, logs, metrics and failpoints know it.
pub trait Named {
    /// The name.
    fn name(&self) -> &'static str;
}

/// What is to be done now. It carries all that is needed to do it: nobody works it out again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directive<C, L> {
    /// Call somebody outside.
    Call(C),
    /// Change our own database, in the transaction that records it.
    Local(L),
    /// Nothing before this moment, in milliseconds since 1970.
    Wait(i64),
    /// Nothing ever again.
    Rest,
    /// Nothing until an operator retries the saga; the reason.
    Attention(&'static str),
}

/// What came of a local step.
#[derive(Debug, Clone)]
pub enum Performed<E> {
    /// It changed what it had to; the event to record.
    Done(E),
    /// It may not be: the transaction is rolled back, and the event recorded in a new one.
    Refused(E),
}

/// A saga in the executor's hands that cannot be read: written by another version of the program.
#[derive(Debug, thiserror::Error)]
#[error("the state of the saga cannot be read")]
pub struct Unreadable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// An event that the saga's state does not allow: a bug.
#[derive(Debug, thiserror::Error)]
#[error("the saga does not allow this")]
pub struct Illegal(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A kind of saga: pure decisions, calls outside, local steps.
pub trait Driver: Send + Sync + std::fmt::Debug + 'static {
    /// What is known of a saga.
    type State: Clone + Send + Sync + std::fmt::Debug + 'static;
    /// What can happen to one.
    type Event: Clone + Send + Sync + std::fmt::Debug + 'static;
    /// What the saga asks of the payment gateway, with all that the gateway must know.
    type Call: Named + Send + Sync;
    /// A step in our own database.
    type Local: Named + Send + Sync;
    /// What local steps leave to be written after the saga's row (the outbox is the last lock).
    type Aftermath: Default + Send + Sync;

    /// The stored name of the kind.
    const KIND: &'static str;

    /// The format in which this program writes states. What is of a higher one is left to the newer program
    /// that wrote it.
    const FORMAT: u16;

    /// Reads a stored state.
    ///
    /// # Errors
    /// When this version of the program cannot.
    fn decode(&self, text: &str) -> Result<Self::State, Unreadable>;

    /// Writes a state down.
    fn encode(&self, state: &Self::State) -> String;

    /// Where it stands.
    fn status(&self, state: &Self::State) -> Status;

    /// What is to be done at `now_ms`.
    fn next(&self, state: &Self::State, now_ms: i64) -> Directive<Self::Call, Self::Local>;

    /// Takes in what happened.
    ///
    /// # Errors
    /// When it cannot have happened.
    fn apply(
        &self,
        state: Self::State,
        event: Self::Event,
        now_ms: i64,
    ) -> Result<Self::State, Illegal>;

    /// How far it is.
    fn progress(&self, state: &Self::State) -> Progress;

    /// What went wrong, where the event says that something did: words for an operator, without secrets.
    fn trouble(&self, event: &Self::Event) -> Option<String>;

    /// After an operator said: try again. Unchanged where it did not stop by itself.
    fn retried(&self, state: Self::State, now_ms: i64) -> Self::State;

    /// After it was claimed: its wait is over or somebody woke it.
    fn woken(&self, state: Self::State, now_ms: i64) -> Self::State;

    /// After somebody wanted it to stop; unchanged when it is too late for that.
    fn cancelled(&self, state: Self::State, now_ms: i64) -> Self::State;

    /// Makes a call outside. It has a time limit of its own, and may be repeated.
    fn act(
        &self,
        call: Self::Call,
        state: &Self::State,
    ) -> impl Future<Output = Self::Event> + Send;

    /// Performs a local step. Writes that nothing in the transaction reads may go into `later`, which is sent with
    /// the record.
    fn perform(
        &self,
        step: &Self::Local,
        tx: &Tx,
        later: &Together,
        state: &Self::State,
        aftermath: &mut Self::Aftermath,
        now_ms: i64,
    ) -> impl Future<Output = Result<Performed<Self::Event>, StoreError>> + Send;

    /// The event to record when the local step failed; none where the failure itself is the answer.
    fn failed(&self, step: &Self::Local) -> Option<Self::Event>;

    /// Whether an event must leave a trace in other tables in the transaction that records it.
    fn recorded(
        &self,
        later: &Together,
        event: &Self::Event,
        state: &Self::State,
        now_ms: i64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes what the local steps left, after the saga's row.
    fn conclude(
        &self,
        later: &Together,
        aftermath: Self::Aftermath,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// After the transaction that recorded these steps is committed; tells those who wait for changes.
    fn committed(&self, steps: &[&'static str]);
}
