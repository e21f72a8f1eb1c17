//! The calls of the API that the fake knows.

use poem::http::Method;

/// A call of the API, with the id of its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StripeCall {
    Create,
    Confirm(String),
    Capture(String),
    Cancel(String),
    Retrieve(String),
    List,
    Search,
    Refund,
    RetrieveRefund(String),
    ListRefunds,
    RetrieveEvent(String),
    ListEvents,
}

impl StripeCall {
    /// The call of an HTTP method and a path below `/v1/`. `None` for an unknown call.
    pub fn of(method: &Method, path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').collect();
        let own = |id: &&str| (*id).to_owned();
        Some(match (method, parts.as_slice()) {
            (&Method::POST, ["payment_intents"]) => Self::Create,
            (&Method::GET, ["payment_intents"]) => Self::List,
            (&Method::GET, ["payment_intents", "search"]) => Self::Search,
            (&Method::GET, ["payment_intents", id]) => Self::Retrieve(own(id)),
            (&Method::POST, ["payment_intents", id, "confirm"]) => Self::Confirm(own(id)),
            (&Method::POST, ["payment_intents", id, "capture"]) => Self::Capture(own(id)),
            (&Method::POST, ["payment_intents", id, "cancel"]) => Self::Cancel(own(id)),
            (&Method::POST, ["refunds"]) => Self::Refund,
            (&Method::GET, ["refunds"]) => Self::ListRefunds,
            (&Method::GET, ["refunds", id]) => Self::RetrieveRefund(own(id)),
            (&Method::GET, ["events"]) => Self::ListEvents,
            (&Method::GET, ["events", id]) => Self::RetrieveEvent(own(id)),
            _ => return None,
        })
    }

    /// The name of the call, by which tests request faults for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Confirm(_) => "confirm",
            Self::Capture(_) => "capture",
            Self::Cancel(_) => "cancel",
            Self::Retrieve(_) => "retrieve",
            Self::List => "list",
            Self::Search => "search",
            Self::Refund => "refund",
            Self::RetrieveRefund(_) => "retrieve_refund",
            Self::ListRefunds => "list_refunds",
            Self::RetrieveEvent(_) => "retrieve_event",
            Self::ListEvents => "list_events",
        }
    }
}
