//! Starts a checkout, and waits for its result for a limited time.

use std::{sync::Arc, time::Duration};

use holdfast_contract::bookings::Booking;
use holdfast_domain::{
    checkout::{Ending, Failure as CheckoutFailure},
    event::Status,
    ids::{BookingId, Buyer, ReservationId},
};
use tokio::sync::oneshot;

use super::{
    Checkouts,
    begin::{self, Started},
};
use crate::{
    kernel::{
        db::{StoreError, UseCaseError},
        failpoint,
        idempotency::{self, Attempt, AttemptTrace, KeyClaimError, StoredAnswer},
    },
    legal::accept::{AcceptedTerms, NotAccepted},
    shop::reservations::in_payment::begin::BeginError,
};

/// The maximum number of reservations of one booking.
pub const MAX_RESERVATIONS: usize = 10;
/// How long the first request of an attempt waits for the result.
pub const FIRST_WAIT: Duration = Duration::from_secs(8);
/// How long a repeated request waits for the result.
pub const REPEATED_WAIT: Duration = Duration::from_secs(2);
/// The pause before a waiting request looks again, at first. It doubles up to [`LOOK_MAX`].
const LOOK_FIRST: Duration = Duration::from_millis(20);
/// The longest pause between two looks of a waiting request.
const LOOK_MAX: Duration = Duration::from_millis(250);
/// The maximum number of references that are tried. A new reference equals an existing one only once in about a
/// million bookings; then the program draws another reference.
const MAX_REFERENCES: usize = 3;

/// The reservations to pay for, and the way to pay.
#[derive(Debug, Clone)]
pub struct ConfirmCommand {
    pub buyer: Buyer,
    /// The language of the buyer's mails.
    pub locale: &'static str,
    /// The address that gets the tickets, normalized.
    pub email: String,
    /// The reservations, 1 to [`MAX_RESERVATIONS`], sorted and without duplicates.
    pub reservations: Vec<ReservationId>,
    /// The gateway's name of the payment method.
    pub method: Option<String>,
    /// The terms that the buyer accepts. A refusal counts only if no earlier request has begun the checkout.
    pub terms: Result<Option<AcceptedTerms>, NotAccepted>,
    pub attempt: Attempt,
}

/// Why no checkout was started.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The key was used for another request, or the claim failed.
    #[error(transparent)]
    Claim(KeyClaimError),
    /// The buyer does not accept the present terms.
    #[error(transparent)]
    Terms(#[from] NotAccepted),
    /// A reservation cannot be paid for.
    #[error(transparent)]
    Reservation(#[from] BeginError),
    #[error("the reservations have different currencies")]
    MixedCurrency,
    #[error("the reservations belong to different organizations")]
    MixedOrganizer,
    /// An event was cancelled or is over.
    #[error("an event is {0}")]
    NotOnSale(Status),
    #[error("a payment method is required")]
    NoMethod,
    #[error("the amount is too large")]
    TooLarge,
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for ConfirmError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Claim(KeyClaimError::Db(error)) | Self::Db(error) => Some(error),
            Self::Claim(KeyClaimError::Reused)
            | Self::Terms(_)
            | Self::Reservation(_)
            | Self::MixedCurrency
            | Self::MixedOrganizer
            | Self::NotOnSale(_)
            | Self::NoMethod
            | Self::TooLarge => None,
        }
    }
}

impl From<KeyClaimError> for ConfirmError {
    fn from(error: KeyClaimError) -> Self {
        match error {
            KeyClaimError::Db(error) => Self::Db(error),
            error @ KeyClaimError::Reused => Self::Claim(error),
        }
    }
}

/// A checkout that this request, or an earlier one, started.
#[derive(Debug)]
pub struct Accepted {
    pub booking: BookingId,
    /// Whether this request started the checkout.
    pub first: bool,
    driven: Option<oneshot::Receiver<()>>,
}

/// The result of a checkout.
#[derive(Debug)]
pub enum ConfirmOutcome {
    /// The answer that is stored under the attempt's key.
    Answer(StoredAnswer),
    /// The checkout failed, and the answer is not stored.
    Failed(CheckoutFailure),
    /// The buyer must act; the booking says how.
    BuyerActs(Box<Booking>),
    /// The result is not known yet.
    NotYet,
}

impl Checkouts {
    /// Starts a checkout and drives it in the background. A repeated request finds the checkout of the first
    /// request.
    ///
    /// # Errors
    /// See [`ConfirmError`]. Nothing has happened then, and the key is free.
    pub async fn confirm(&self, command: ConfirmCommand) -> Result<Accepted, ConfirmError> {
        let command = Arc::new(command);
        let mut left = MAX_REFERENCES;
        let started = loop {
            left -= 1;
            match begin::begin(self, Arc::clone(&command)).await {
                Err(ConfirmError::Db(error)) if left > 0 && error.is_duplicate() => {}
                other => break other?,
            }
        };
        let (work, booking) = match started {
            Started::Here(work, booking) => (work, booking),
            Started::Before(AttemptTrace { subject, .. }) => {
                let booking = BookingId(subject.unwrap_or_default());
                return Ok(Accepted { booking, first: false, driven: None });
            }
        };
        failpoint::reach(begin::BEGIN, failpoint::HaltMoment::AfterRecord);
        let (done, driven) = oneshot::channel();
        let executor = self.executor.clone();
        self.base.tasks.spawn(async move {
            executor.drive(work).await;
            // The request that waited for the result may have ended.
            done.send(()).ok();
        });
        Ok(Accepted { booking, first: true, driven: Some(driven) })
    }

    /// Waits for the result of a checkout, but only for the time that a buyer would wait.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wait(&self, accepted: Accepted) -> Result<ConfirmOutcome, StoreError> {
        let Accepted { booking, first, driven } = accepted;
        let patience = if first { FIRST_WAIT } else { REPEATED_WAIT };
        let waiting = async {
            if let Some(driven) = driven {
                // An error means that the node is ending. The looks below find the result.
                driven.await.ok();
            }
            let mut pause = LOOK_FIRST;
            loop {
                match self.came(booking).await {
                    Ok(ConfirmOutcome::NotYet) => {}
                    // The checkout continues as soon as the store works again.
                    Err(error) if error.is_unavailable() => {}
                    other => return other,
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LOOK_MAX);
            }
        };
        match tokio::time::timeout(patience, waiting).await {
            Ok(came) => came,
            Err(_) => self.came(booking).await,
        }
    }

    async fn came(&self, booking: BookingId) -> Result<ConfirmOutcome, StoreError> {
        let db = &self.base.db;
        // By the booking, because the key moves when a guest signs in meanwhile.
        if let Some(answer) = idempotency::answer_to(db, booking.0).await? {
            return Ok(ConfirmOutcome::Answer(answer));
        }
        let Some((checkout, _)) = self.executor.state_of(db, booking.0).await? else {
            return Ok(ConfirmOutcome::NotYet);
        };
        match checkout.ending() {
            Some(Ending::Failed(why)) => Ok(ConfirmOutcome::Failed(why.clone())),
            // The answer was stored together with the ending, so the next look finds it.
            Some(Ending::Confirmed) => Ok(ConfirmOutcome::NotYet),
            None if checkout.client_secret().is_some() => {
                Ok(self.find(booking).await?.map_or(ConfirmOutcome::NotYet, |booking| {
                    ConfirmOutcome::BuyerActs(Box::new(booking))
                }))
            }
            None => Ok(ConfirmOutcome::NotYet),
        }
    }
}
