//! How a checkout can end, and what can bring an operator.

use serde::{Deserialize, Serialize};

/// How a checkout ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Paid, with tickets.
    Confirmed,
    /// Not paid, without tickets; the seats are given back.
    Failed(Failure),
}

/// Why a checkout failed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The gateway or the card's bank said no.
    Declined {
        /// The gateway's code.
        code: String,
    },
    /// A seat was not the reservation's any more.
    SeatsLost,
    /// The payment succeeded late, when the seats were somebody else's: the money goes back.
    SeatsLostRefunded,
    /// The payment was not authorized in time, or the gateway could not be reached for long.
    TimedOut,
    /// The authorized amount could not be taken.
    CaptureRefused,
    /// The buyer stopped it.
    Cancelled,
}

/// What becomes of the seats of a failed checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Release {
    /// The buyer holds them on and may pay otherwise.
    BackToHeld,
    /// Anybody may have them.
    Free,
}

impl Failure {
    /// Its name on the wire.
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

    /// What becomes of the seats: only a buyer whose card was declined keeps them.
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

/// Why an operator must look at a checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StuckReason {
    /// The payment could not be voided for too long.
    VoidFails,
    /// The seats could not be given back for too long.
    ReleaseFails,
    /// The money is taken and tickets could not be issued for too long.
    IssueFails,
    /// A key is older than the gateway's memory of keys.
    KeyTooOld,
}

impl StuckReason {
    /// Its name in rows and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::VoidFails => "void-fails",
            Self::ReleaseFails => "release-fails",
            Self::IssueFails => "issue-fails",
            Self::KeyTooOld => "key-too-old",
        }
    }
}
