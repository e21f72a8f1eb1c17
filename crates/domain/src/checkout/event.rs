//! The events that can happen to a checkout.

use serde::{Deserialize, Serialize};

use super::state::PaymentId;
#[cfg(doc)]
use super::{GatewayCall, LocalStep};

/// The outcome of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T, R> {
    /// The step took effect, with this result.
    Done(T),
    /// The step was refused finally and has no effect.
    Refused(R),
    /// The step may have taken effect, or may still take effect; the outcome is unknown.
    Unknown(Doubt),
}

/// Why the outcome of a step is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// No response arrived. The request may be lost, under way or carried out. The next call uses
    /// the same key.
    NoReply,
    /// The gateway responded with an error for this key and repeats that response forever. The
    /// gateway is first asked for the outcome; a further attempt then needs a new key.
    Faulted,
}

/// How a payment takes the money. It depends on the payment method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taking {
    /// The amount is authorized first and captured later by a separate call. The seats are sold in
    /// between.
    #[default]
    Later,
    /// The authorization takes the money at once. The seats are sold before.
    AtOnce,
}

/// A payment that exists at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The gateway's id of the payment.
    pub payment: PaymentId,
    /// How the payment will take the money.
    pub taking: Taking,
}

/// The result of an authorization that was not refused.
#[derive(derive_more::Debug, Clone, PartialEq, Eq)]
pub enum Authorization {
    /// The amount is authorized, or taken with [`Taking::AtOnce`].
    Granted,
    /// The buyer must act first (3-D Secure).
    ActionRequired {
        /// The secret that the buyer's browser needs to act.
        #[debug("hidden")]
        client_secret: String,
    },
    /// The gateway will know the result later.
    Processing,
}

/// A refused authorization, with the gateway's reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// The gateway's code, such as `card_declined`.
    pub code: String,
}

impl Decline {
    /// The code if no bank was asked, because this kind of method can neither authorize an amount
    /// nor pay it at once.
    pub const METHOD_UNSUPPORTED: &str = "payment_method_unsupported";
}

/// The result of the search for a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentSearch {
    /// The payment that took or holds money, or, if none does, one that could.
    Payment(PaymentId),
    /// The gateway has no payment of this checkout.
    Nothing,
    /// The gateway could not be asked.
    NoReply,
}

/// The state of a payment as the gateway reports it.
#[derive(derive_more::Debug, Clone, PartialEq, Eq)]
pub struct PaymentSeen {
    /// The status of the payment.
    pub status: PaymentStatus,
    /// The secret for the buyer's browser. Present while the buyer must act.
    #[debug("hidden")]
    pub client_secret: Option<String>,
    /// The last decline, with the gateway's code.
    pub decline: Option<Decline>,
}

/// The status of a payment at the gateway. Where the name differs, the name of Stripe's
/// PaymentIntent status is in parentheses
/// (<https://docs.stripe.com/payments/paymentintents/lifecycle>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// The payment exists and has touched no card yet (`requires_confirmation`).
    Prepared,
    /// The last card was declined (`requires_payment_method`).
    Declined,
    /// The buyer must act (`requires_action`).
    ActionRequired,
    /// The gateway has not decided yet.
    Processing,
    /// The amount is authorized (`requires_capture`).
    Authorized,
    /// The amount is captured (`succeeded`).
    Captured,
    /// The payment can never take money any more (`canceled`).
    Voided,
}

words! { PaymentStatus {
    Prepared = "requires_confirmation",
    Declined = "declined",
    ActionRequired = "requires_action",
    Processing = "processing",
    Authorized = "requires_capture",
    Captured = "succeeded",
    Voided = "canceled",
} }

/// An event that happened to a checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The outcome of [`GatewayCall::Prepare`]. It is refused if the gateway cannot use the payment method.
    Prepared(Outcome<Prepared, Decline>),
    /// A payment was prepared and at once authorized: the outcomes of [`GatewayCall::Prepare`], which is done, and of
    /// [`GatewayCall::Authorize`].
    Placed {
        /// The gateway's id of the payment.
        payment: PaymentId,
        /// The outcome of the authorization.
        authorized: Outcome<Authorization, Decline>,
    },
    /// The outcome of [`GatewayCall::Authorize`]. It is refused if the bank declines the payment.
    Authorized(Outcome<Authorization, Decline>),
    /// The outcome of [`LocalStep::ConfirmSeats`]. It is refused if a seat no longer belongs to the
    /// reservation.
    SeatsConfirmed(Outcome<(), ()>),
    /// The outcome of [`GatewayCall::Capture`]. It is refused if the authorization is no longer valid.
    Captured(Outcome<(), ()>),
    /// The outcome of [`LocalStep::IssueTickets`]. After a refusal, the checkout needs an operator.
    TicketsIssued(Outcome<(), ()>),
    /// The outcome of [`GatewayCall::Void`]. It is refused if the payment is already captured.
    Voided(Outcome<(), ()>),
    /// The outcome of [`LocalStep::ReclaimSeats`]. It is refused if another buyer has a seat or the event
    /// is cancelled.
    SeatsReclaimed(Outcome<(), ()>),
    /// The outcome of [`LocalStep::ReleaseSeats`]. After a refusal, the checkout needs an operator.
    SeatsReleased(Outcome<(), ()>),
    /// The outcome of [`GatewayCall::Ask`]: the payment, or `None` if the gateway could not be asked.
    Seen(Option<PaymentSeen>),
    /// The outcome of [`GatewayCall::Find`].
    Found(PaymentSearch),
    /// Somebody woke the checkout: its wait is over, a webhook arrived, or the buyer returned.
    Woken,
    /// The buyer wants to stop the checkout.
    CancelRequested,
    /// An operator retries the checkout.
    Retried,
}

impl Event {
    /// The failure in words for an operator, or `None` if nothing failed. It never contains a
    /// secret.
    pub fn trouble(&self) -> Option<String> {
        let (step, trouble) = match self {
            Self::Prepared(outcome) => ("prepare", declined(outcome)),
            Self::Authorized(outcome) | Self::Placed { authorized: outcome, .. } => {
                ("authorize", declined(outcome))
            }
            Self::SeatsConfirmed(outcome) => ("confirm_seats", refused(outcome)),
            Self::Captured(outcome) => ("capture", refused(outcome)),
            Self::TicketsIssued(outcome) => ("issue_tickets", refused(outcome)),
            Self::Voided(outcome) => ("void", refused(outcome)),
            Self::SeatsReclaimed(outcome) => ("reclaim_seats", refused(outcome)),
            Self::SeatsReleased(outcome) => ("release_seats", refused(outcome)),
            Self::Seen(None) => ("ask", Some("the gateway could not be asked".to_owned())),
            Self::Found(PaymentSearch::NoReply) => {
                ("find", Some("the gateway could not be asked".to_owned()))
            }
            Self::Found(PaymentSearch::Payment(_) | PaymentSearch::Nothing)
            | Self::Seen(Some(_))
            | Self::Woken
            | Self::CancelRequested
            | Self::Retried => {
                return None;
            }
        };
        trouble.map(|trouble| format!("{step}: {trouble}"))
    }
}

fn declined<T>(outcome: &Outcome<T, Decline>) -> Option<String> {
    match outcome {
        Outcome::Done(_) => None,
        Outcome::Refused(Decline { code }) => Some(format!("refused ({code})")),
        Outcome::Unknown(doubt) => Some(doubt.words().to_owned()),
    }
}

fn refused(outcome: &Outcome<(), ()>) -> Option<String> {
    match outcome {
        Outcome::Done(()) => None,
        Outcome::Refused(()) => Some("refused".to_owned()),
        Outcome::Unknown(doubt) => Some(doubt.words().to_owned()),
    }
}

impl Doubt {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NoReply => "no answer",
            Self::Faulted => "answered with a fault",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_told_and_what_went_well_is_not() {
        let asks = Authorization::ActionRequired { client_secret: "secret".to_owned() };
        assert_eq!(Event::Authorized(Outcome::Done(asks)).trouble(), None);
        let declined = Outcome::Refused(Decline { code: "card_declined".to_owned() });
        let told = Event::Authorized(declined).trouble();
        assert_eq!(told.as_deref(), Some("authorize: refused (card_declined)"));
        let silent = Event::Voided(Outcome::Unknown(Doubt::NoReply)).trouble();
        assert_eq!(silent.as_deref(), Some("void: no answer"));
        assert!(Event::Seen(None).trouble().is_some());
    }
}
