//! The possible endings of a checkout, and the reasons why a checkout needs an operator.

use serde::{Deserialize, Serialize};

/// The final result of a checkout: a paid booking or a failure.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The booking is paid and has tickets.
    Confirmed,
    /// The booking is not paid and has no tickets. The seats are released.
    Failed(Failure),
}

/// Why a checkout failed. [`Failure::name`] gives the word on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The gateway or the card's bank declined the payment.
    Declined {
        /// The gateway's code for the decline.
        code: String,
    },
    /// A seat no longer belonged to the reservation.
    SeatsLost,
    /// The payment succeeded late, when other buyers had the seats. The money is refunded.
    SeatsLostRefunded,
    /// The payment was not authorized in time, or the gateway could not be reached for too long.
    TimedOut,
    /// The authorized amount could not be captured.
    CaptureRefused,
    /// The buyer stopped the checkout.
    Cancelled,
}

/// The next state of the seats of a failed checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Release {
    /// The buyer holds the seats again and may try another payment.
    BackToHeld,
    /// The seats become free for everybody.
    Free,
}

impl Failure {
    /// The word for the failure on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Declined { .. } => "payment-declined",
            Self::SeatsLost => "seats-lost",
            Self::SeatsLostRefunded => "seats-lost-refunded",
            Self::TimedOut => "payment-timeout",
            Self::CaptureRefused => "capture-refused",
            Self::Cancelled => "cancelled",
        }
    }

    /// The next state of the seats. Only a buyer whose payment was declined keeps the seats.
    pub fn release(&self) -> Release {
        match self {
            Self::Declined { .. } => Release::BackToHeld,
            Self::SeatsLost
            | Self::SeatsLostRefunded
            | Self::TimedOut
            | Self::CaptureRefused
            | Self::Cancelled => Release::Free,
        }
    }
}

/// Why a checkout needs an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StuckReason {
    /// The id of a payment that is to be voided could not be learnt, and the limit of tries is reached.
    FindFails,
    /// The payment could not be voided, and the limit of tries is reached.
    VoidFails,
    /// The seats could not be released, and the limit of tries is reached.
    ReleaseFails,
    /// The money is captured, but the tickets could not be issued, and the limit of tries is reached.
    IssueFails,
    /// An idempotency key is so old that the gateway may have forgotten it.
    KeyTooOld,
    /// The record contradicts itself. It is never stored: [`super::Checkout::decode`] refuses such a record.
    Contradictory,
}

impl StuckReason {
    /// The word for the reason in rows and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::FindFails => "find-fails",
            Self::VoidFails => "void-fails",
            Self::ReleaseFails => "release-fails",
            Self::IssueFails => "issue-fails",
            Self::KeyTooOld => "key-too-old",
            Self::Contradictory => "contradictory",
        }
    }
}
