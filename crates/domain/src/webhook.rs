//! The status of an event that a payment gateway sent.

/// The progress of the server with a gateway's event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// The event waits to be processed.
    New,
    /// The event was processed and had an effect.
    Done,
    /// The event needs no work: it changes nothing that the server stores.
    Ignored,
    /// The event could not be processed, and is not tried again.
    Failed,
}

words! { Status { New = "new", Done = "done", Ignored = "ignored", Failed = "failed" } }
