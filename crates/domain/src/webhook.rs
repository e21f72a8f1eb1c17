//! The status of an event that a payment gateway sent.

/// How far the processing of a gateway's event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// The event waits to be processed.
    New,
    /// The event changed something.
    Done,
    /// The event is of no interest to us.
    Ignored,
    /// The event could not be processed, and is not tried again.
    Failed,
}

words! { Status { New = "new", Done = "done", Ignored = "ignored", Failed = "failed" } }
