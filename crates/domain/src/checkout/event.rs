//! What can happen to a checkout.

use serde::{Deserialize, Serialize};

use super::state::PaymentId;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T, R> {
    /// It took effect.
    Done(T),
    /// It was refused for good and has no effect.
    Refused(R),
    /// It may have taken effect or may yet; nobody knows.
    Unknown(Doubt),
}

/// Why nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// No answer came: the request may be lost, under way, or carried out. The same key is sent again.
    NoReply,
    /// The gateway answered with a fault under this key and will repeat that answer for ever. A further
    /// attempt needs a new key, once the gateway was asked what became of this one.
    Faulted,
}

/// How a payment's money is taken, which depends on its method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taking {
    /// It is reserved first and taken by a call of its own: the seats are sold in between.
    #[default]
    Later,
    /// It is taken the moment it is authorized: the seats are sold before.
    AtOnce,
}

/// A payment that is known at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The payment.
    pub payment: PaymentId,
    /// How its money will be taken.
    pub taking: Taking,
}

/// An authorization that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorization {
    /// The amount is reserved; or taken, where it is taken at once.
    Granted,
    /// The buyer must act first (3-D Secure).
    ActionRequired {
        /// What the buyer's browser needs for it.
        client_secret: String,
    },
    /// The gateway will know later.
    Processing,
}

/// A refused authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// The gateway's code, such as `card_declined`.
    pub code: String,
}

impl Decline {
    /// The code where no bank was asked: this kind of method can neither reserve an amount nor pay it at once.
    pub const METHOD_UNSUPPORTED: &str = "payment_method_unsupported";
}

/// A payment as the gateway describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentSeen {
    /// Where it stands.
    pub status: PaymentStatus,
    /// The secret for the buyer's browser, while the buyer must act.
    pub client_secret: Option<String>,
    /// The gateway's code for the last decline.
    pub decline: Option<Decline>,
}

/// Where a payment stands at the gateway, in the words of Stripe's PaymentIntents
/// (<https://docs.stripe.com/payments/paymentintents/lifecycle>) where they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// Known, no card touched yet (`requires_confirmation`).
    Prepared,
    /// The last card was declined (`requires_payment_method`).
    Declined,
    /// The buyer must act (`requires_action`).
    ActionRequired,
    /// The gateway has not decided yet.
    Processing,
    /// The amount is reserved (`requires_capture`).
    Authorized,
    /// The amount is taken (`succeeded`).
    Captured,
    /// It can never take money any more (`canceled`).
    Voided,
}

/// Something that happened to a checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The answer to `Run(Prepare)`.
    Prepared(Outcome<Prepared, Decline>),
    /// The answer to `Run(Authorize)`.
    Authorized(Outcome<Authorization, Decline>),
    /// The answer to `Run(ConfirmSeats)`; refused when a seat is not the reservation's any more.
    SeatsConfirmed(Outcome<(), ()>),
    /// The answer to `Run(Capture)`; refused when the authorization does not hold any more.
    Captured(Outcome<(), ()>),
    /// The answer to `Run(IssueTickets)`.
    TicketsIssued(Outcome<(), ()>),
    /// The answer to `Undo(Authorize)`; refused when the payment is captured already.
    Voided(Outcome<(), ()>),
    /// The answer to `Run(ReclaimSeats)`; refused when a seat is somebody else's, or its event is called off.
    SeatsReclaimed(Outcome<(), ()>),
    /// The answer to `Undo(ConfirmSeats)`.
    SeatsReleased(Outcome<(), ()>),
    /// The answer to `Ask`: the payment, or nothing when the gateway could not be asked.
    Seen(Option<PaymentSeen>),
    /// Somebody took the checkout up: its wait is over, a webhook came, the buyer returned.
    Woken,
    /// The buyer wants to stop.
    CancelRequested,
    /// An operator says: try again.
    Retried,
}

impl Event {
    /// What went wrong, in words for an operator, where something did; never a secret.
    pub fn trouble(&self) -> Option<String> {
        let (step, trouble) = match self {
            Self::Prepared(outcome) => ("prepare", declined(outcome)),
            Self::Authorized(outcome) => ("authorize", declined(outcome)),
            Self::SeatsConfirmed(outcome) => ("confirm_seats", refused(outcome)),
            Self::Captured(outcome) => ("capture", refused(outcome)),
            Self::TicketsIssued(outcome) => ("issue_tickets", refused(outcome)),
            Self::Voided(outcome) => ("void", refused(outcome)),
            Self::SeatsReclaimed(outcome) => ("reclaim_seats", refused(outcome)),
            Self::SeatsReleased(outcome) => ("release_seats", refused(outcome)),
            Self::Seen(None) => ("ask", Some("the gateway could not be asked".to_owned())),
            Self::Seen(Some(_)) | Self::Woken | Self::CancelRequested | Self::Retried => {
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
