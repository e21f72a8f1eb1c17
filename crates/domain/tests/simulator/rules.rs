//! The rules that keep the promises. A negative control drops one of them and expects the checks to notice.

/// A rule that somebody could forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A record counts only under the fence and version that were read.
    RecordMindsFence,
    /// No answer is not taken for a no.
    UnknownStaysUnknown,
    /// The gateway knows a key again.
    CallsCarryKeys,
    /// After no answer the gateway is asked before a new key is taken.
    AskBeforeNewKey,
    /// A key is not sent again once the gateway may have forgotten it.
    KeysGrowOld,
    /// Seats are sold before money is captured.
    SeatsBeforeCapture,
    /// Seats are sold before money is taken at once.
    SeatsBeforeCharge,
    /// Payments are voided before seats are freed.
    VoidBeforeFree,
    /// Leases and deadlines are on the database's clock, not on the node's.
    DatabaseClock,
    /// Seats are released by owner and fence, not by number.
    ReleaseMindsOwner,
    /// A hold takes what is free in the statement that takes it, not what was free when it looked.
    HoldMindsState,
    /// Locks are given to one at a time.
    LocksExclude,
    /// Expiry frees what is active and lapsed in the statement that frees it.
    ExpiryMindsState,
    /// A buyer's limit is counted under the lock of the buyer's row.
    LimitUnderLock,
    /// A section's counter moves by the rows that changed.
    CounterMovesByRows,
    /// A section's counter refuses what exceeds the capacity.
    CounterMindsCapacity,
    /// The attempt's key is claimed in the transaction that begins the payment.
    ClaimWithBegin,
    /// The refund is started in the transaction that cancels.
    RefundWithCancel,
    /// Before a refund takes a new key the gateway's books are read.
    LookBeforeNewKey,
    /// Before they are read, whatever may still be under way has had time to arrive.
    SettleBeforeLook,
    /// What was given back by hand counts towards what is promised.
    ByHandCounts,
    /// Webhooks are known again by the store, not by a node's memory.
    HooksKnownByStore,
}

/// Which rules are kept: all, or all but one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    dropped: Option<Rule>,
}

impl Rules {
    /// All of them.
    pub(crate) const ALL: Self = Self { dropped: None };

    /// All but this one.
    pub(crate) const fn without(rule: Rule) -> Self {
        Self { dropped: Some(rule) }
    }

    /// Whether this one is kept.
    pub(crate) fn keep(self, rule: Rule) -> bool {
        self.dropped != Some(rule)
    }
}
