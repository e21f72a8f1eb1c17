//! The rules that keep the promises. A negative control drops one rule and expects the checks to notice.

/// A rule that a programmer could forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A step is recorded only if the saga still has the fence and the version that were read.
    RecordMindsFence,
    /// A missing response is not treated as a refusal.
    UnknownStaysUnknown,
    /// The gateway recognizes a repeated idempotency key.
    CallsCarryKeys,
    /// After a missing response, the gateway is asked before a new key is used.
    AskBeforeNewKey,
    /// A key is not sent again when the gateway may have forgotten it.
    KeysGrowOld,
    /// Seats are sold before money is captured.
    SeatsBeforeCapture,
    /// Seats are sold before a payment that takes the money at once is authorized.
    SeatsBeforeCharge,
    /// In a transaction of several checkouts, each is sold its own seats or refused, whatever comes of the others.
    WholeByMember,
    /// Of several checkouts that begin in one transaction, the one that is refused changes nothing.
    BeginWithoutRefused,
    /// Payments are voided before seats are freed.
    VoidBeforeFree,
    /// A checkout that is given up before the payment's id is stored learns the id, to void the payment.
    FindBeforeFree,
    /// Leases and deadlines use the clock of the database and not the clock of the node.
    DatabaseClock,
    /// A seat is released only with its owner and fence, not by its number alone.
    ReleaseMindsOwner,
    /// A hold takes the seats that are free in the statement that takes them, not those that were free when it looked.
    HoldMindsState,
    /// The lock service grants a lock to one owner at a time.
    LocksExclude,
    /// Expiry frees the reservations that are active and lapsed in the statement that frees them.
    ExpiryMindsState,
    /// A buyer's limit is counted under the lock of the buyer's row.
    LimitUnderLock,
    /// A section's counter moves by the number of rows that changed.
    CounterMovesByRows,
    /// A section's counter refuses a hold that exceeds the capacity.
    CounterMindsCapacity,
    /// The attempt's key is claimed in the transaction that begins the payment.
    ClaimWithBegin,
    /// The refund is started in the transaction that cancels.
    RefundWithCancel,
    /// The gateway's books are read before a refund uses a new key.
    LookBeforeNewKey,
    /// Before the books are read, every call that may still be under way has had time to arrive.
    SettleBeforeLook,
    /// Manual refunds count towards the promised amount.
    ByHandCounts,
    /// The statement that begins a payment takes only reservations of the buyer who pays.
    BeginMindsBuyer,
    /// Tickets are issued to the booking's buyer at that moment, and not to the buyer when the saga was claimed.
    IssueReadsBuyer,
    /// An adoption locks the rows of both buyers, so that a limit is counted before it or after it.
    AdoptionLocksBuyers,
    /// The key of a moved booking moves to the user.
    KeysMoveAlong,
    /// A repeated webhook is recognized by the store, not by a node's memory.
    HooksKnownByStore,
}

/// The rules that are kept: all, or all but one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    dropped: Option<Rule>,
}

impl Rules {
    pub(crate) const ALL: Self = Self { dropped: None };

    /// All rules but this one.
    pub(crate) const fn without(rule: Rule) -> Self {
        Self { dropped: Some(rule) }
    }

    /// Whether the rule is kept.
    pub(crate) fn keep(self, rule: Rule) -> bool {
        self.dropped != Some(rule)
    }
}
