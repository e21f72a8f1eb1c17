//! The status of a saga: persisted work in several steps, such as a checkout or a refund.

/// The status of a saga. It is stored beside the saga's state, for readers that cannot read the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// The saga has something to do.
    Running,
    /// The saga waits for somebody or for a time.
    Waiting,
    /// The saga undoes its steps.
    Undoing,
    /// An operator must look at the saga.
    NeedsAttention,
    /// The saga ended as it should.
    Done,
    /// The saga ended with all its steps undone.
    Undone,
}

words! { Status {
    Running = "running",
    Waiting = "waiting",
    Undoing = "undoing",
    NeedsAttention = "needs_attention",
    Done = "done",
    Undone = "undone",
} }

impl Status {
    /// The statuses of unfinished sagas.
    pub const LIVE: [Self; 4] = [Self::Running, Self::Waiting, Self::Undoing, Self::NeedsAttention];
}
