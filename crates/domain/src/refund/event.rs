//! The events that can happen to a refund.

use super::GatewayBooks;
#[cfg(doc)]
use super::{GatewayCall, LocalStep};
use crate::checkout::{Outcome, RefundId};

/// An event that happened to a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The outcome of [`GatewayCall::Refund`]. A refusal carries the gateway's code.
    Refunded(Outcome<RefundId, String>),
    /// The outcome of [`GatewayCall::Look`]: the payment's refunds, or `None` if the gateway could not be
    /// asked.
    Looked(Option<GatewayBooks>),
    /// The outcome of [`LocalStep::Post`]: whether our books now contain the refund.
    Posted(Outcome<(), ()>),
    /// The gateway reports that it could not deliver a refund that it had accepted.
    Failed {
        /// The gateway's id of the refund.
        refund: RefundId,
        /// The gateway's code for the failure.
        code: String,
    },
    /// The step [`LocalStep::Reverse`] took effect.
    Reversed,
    /// Somebody woke the refund: its wait is over.
    Woken,
    /// An operator retries the refund.
    Retried,
}

/// An event that cannot happen in this state. It is a bug of the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a refund that is {state} cannot take in {event:?}")]
pub struct IllegalTransition {
    /// The name of the state.
    pub state: &'static str,
    /// The event that is impossible in this state.
    pub event: Event,
}

impl Event {
    /// The failure in words for an operator, or `None` if nothing failed.
    pub fn trouble(&self) -> Option<String> {
        let (step, words) = match self {
            Self::Refunded(Outcome::Refused(code)) => ("refund", format!("refused ({code})")),
            Self::Refunded(Outcome::Unknown(doubt)) => ("refund", doubt.words().to_owned()),
            Self::Looked(None) => ("look_for_refund", "the gateway could not be asked".to_owned()),
            Self::Looked(Some(books)) if books.by_hand().0 > 0 => {
                let (by_hand, left) = (books.by_hand().0, books.left_minor());
                let words =
                    format!("{by_hand} refunded manually at the gateway, {left} left there");
                ("look_for_refund", words)
            }
            Self::Posted(Outcome::Refused(())) => ("post_refund", "refused".to_owned()),
            Self::Posted(Outcome::Unknown(doubt)) => ("post_refund", doubt.words().to_owned()),
            Self::Failed { refund, code } => ("refund", format!("{refund} failed ({code})")),
            Self::Refunded(Outcome::Done(_))
            | Self::Looked(Some(_))
            | Self::Posted(Outcome::Done(()))
            | Self::Reversed
            | Self::Woken
            | Self::Retried => return None,
        };
        Some(format!("{step}: {words}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checkout::{Doubt, RefundId},
        refund::{BookedRefund, Fate},
    };

    fn check(event: Event, words: Option<&str>) {
        assert_eq!(event.trouble().as_deref(), words, "{event:?}");
    }

    #[test]
    fn what_went_wrong_is_told_and_what_went_well_is_not() {
        let code = || "charge_disputed".to_owned();
        let id = || RefundId("re_1".to_owned());
        let by_hand = BookedRefund { id: id(), key: None, minor: 500, fate: Fate::Made };
        let books = |refunds| Event::Looked(Some(GatewayBooks { captured_minor: 4500, refunds }));
        check(Event::Refunded(Outcome::Done(id())), None);
        check(Event::Refunded(Outcome::Refused(code())), Some("refund: refused (charge_disputed)"));
        check(
            Event::Refunded(Outcome::Unknown(Doubt::Faulted)),
            Some("refund: answered with a fault"),
        );
        check(Event::Looked(None), Some("look_for_refund: the gateway could not be asked"));
        check(books(vec![]), None);
        check(
            books(vec![by_hand]),
            Some("look_for_refund: 500 refunded manually at the gateway, 4000 left there"),
        );
        check(Event::Posted(Outcome::Done(())), None);
        check(Event::Posted(Outcome::Refused(())), Some("post_refund: refused"));
        check(Event::Posted(Outcome::Unknown(Doubt::NoReply)), Some("post_refund: no answer"));
        let failed = Event::Failed { refund: id(), code: code() };
        check(failed, Some("refund: re_1 failed (charge_disputed)"));
        check(Event::Reversed, None);
    }
}
