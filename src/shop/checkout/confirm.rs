//! Starts a checkout, and waits for its result for a limited time.
//!
//! One transaction claims the attempt, writes booking and saga, and changes the seats from held to paying. Its lock
//! order is that of `docs/ARCHITECTURE.md`. The transaction calls no other system.

use std::{sync::Arc, time::Duration};

use holdfast_contract::bookings::Booking;
use holdfast_domain::{
    booking::BookingState,
    checkout::{Checkout, Ending, Failure as CheckoutFailure, Order},
    event::Status,
    ids::{BookingId, Buyer, EventId, LineId, OfferId, ReservationId, SagaId},
    money::Money,
};
use holdfast_entity::{booking_lines, bookings};
use tokio::sync::oneshot;

use super::{Checkouts, driver::CheckoutDriver, store};
use crate::{
    kernel::{
        db::{self, Failure, StoreError, Together, Tx},
        failpoint,
        idempotency::{self, Answer, Attempt, Claim, ClaimError, Known},
        ports::Entropy,
        saga::{Executor, executor::Work},
    },
    live::record,
    shop::reservations::in_payment::{self, BeginError, Begun, Candidate},
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
/// The name of this step in failpoints.
const BEGIN: &str = "begin";

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
    pub attempt: Attempt,
}

/// Why no checkout was started.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The key was used for another request, or the claim failed.
    #[error(transparent)]
    Claim(ClaimError),
    /// A reservation cannot be paid for.
    #[error(transparent)]
    Reservation(BeginError),
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

impl Failure for ConfirmError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Claim(ClaimError::Db(error))
            | Self::Reservation(BeginError::Db(error))
            | Self::Db(error) => Some(error),
            Self::Claim(ClaimError::Reused)
            | Self::Reservation(
                BeginError::Unknown(_) | BeginError::NotActive(_) | BeginError::Lapsed(_),
            )
            | Self::MixedCurrency
            | Self::MixedOrganizer
            | Self::NotOnSale(_)
            | Self::NoMethod
            | Self::TooLarge => None,
        }
    }
}

impl From<ClaimError> for ConfirmError {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Db(error) => Self::Db(error),
            error @ ClaimError::Reused => Self::Claim(error),
        }
    }
}

impl From<BeginError> for ConfirmError {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Db(error) => Self::Db(error),
            refused @ (BeginError::Unknown(_)
            | BeginError::NotActive(_)
            | BeginError::Lapsed(_)) => Self::Reservation(refused),
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
    Answer(Answer),
    /// The checkout failed, and the answer is not stored.
    Failed(CheckoutFailure),
    /// The buyer must act; the booking says how.
    BuyerActs(Booking),
    /// The result is not known yet.
    NotYet,
}

enum Started {
    Here(Work<Checkout>, BookingId),
    Before(Known),
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
            match self.start(&command).await {
                Err(ConfirmError::Db(error)) if left > 0 && error.is_duplicate() => {}
                other => break other?,
            }
        };
        let (work, booking) = match started {
            Started::Here(work, booking) => (work, booking),
            Started::Before(Known { subject, .. }) => {
                let booking = BookingId(subject.unwrap_or_default());
                return Ok(Accepted { booking, first: false, driven: None });
            }
        };
        failpoint::reach(BEGIN, failpoint::Moment::AfterRecord);
        let (done, driven) = oneshot::channel();
        let executor = self.executor.clone();
        self.base.tasks.spawn(async move {
            executor.drive(work).await;
            // The request that waited for the result may have ended.
            done.send(()).ok();
        });
        Ok(Accepted { booking, first: true, driven: Some(driven) })
    }

    async fn start(&self, command: &Arc<ConfirmCommand>) -> Result<Started, ConfirmError> {
        let (executor, entropy) = (self.executor.clone(), Arc::clone(&self.base.entropy));
        let command = Arc::clone(command);
        self.base
            .db
            .transact(move |tx| {
                let (executor, entropy) = (executor.clone(), Arc::clone(&entropy));
                let command = Arc::clone(&command);
                Box::pin(async move { start(tx, &executor, &*entropy, &command).await })
            })
            .await
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
        let Some(checkout) = self.executor.state_of(db, booking.0).await? else {
            return Ok(ConfirmOutcome::NotYet);
        };
        match checkout.ending() {
            Some(Ending::Failed(why)) => Ok(ConfirmOutcome::Failed(why.clone())),
            // The answer was stored together with the ending, so the next look finds it.
            Some(Ending::Confirmed) => Ok(ConfirmOutcome::NotYet),
            None if checkout.client_secret().is_some() => Ok(self
                .find(booking)
                .await?
                .map_or(ConfirmOutcome::NotYet, ConfirmOutcome::BuyerActs)),
            None => Ok(ConfirmOutcome::NotYet),
        }
    }
}

async fn start(
    tx: &Tx,
    executor: &Executor<CheckoutDriver>,
    entropy: &dyn Entropy,
    command: &ConfirmCommand,
) -> Result<Started, ConfirmError> {
    let booking = BookingId(entropy.id());
    if let Claim::Known(known) = command.attempt.claim(tx, Some(booking.0)).await? {
        return Ok(Started::Before(known));
    }
    let (candidates, now_ms) = in_payment::look(tx, command.buyer, &command.reservations).await?;
    check(&candidates)?;
    let events: Vec<EventId> = candidates.iter().map(|one| one.reservation.event_id).collect();
    in_payment::lock_buyer(tx, command.buyer, &events, command.locale).await?;
    let begun = in_payment::begin(tx, command.buyer, &command.reservations).await?;
    // Of the items that are locked now: a part of a reservation may have been given back since the look.
    let order = order(&candidates, &begun, command.method.as_deref())?;
    let (row, lines) = booked(tx, entropy, booking, command, &candidates, &begun, now_ms).await?;
    let saga = SagaId(entropy.id());
    let checkout = Checkout::start(saga, booking, order, now_ms);
    let together = Together::of(tx);
    db::insert(&together, row).await?;
    db::insert_all(&together, lines).await?;
    store::insert_reservations(&together, booking, &command.reservations).await?;
    let work = executor.start(&together, saga.0, booking.0, checkout, now_ms).await?;
    for (event, change) in &begun.changes {
        record::record(&together, *event, change).await?;
    }
    together.send(tx).await?.check()?;
    failpoint::reach(BEGIN, failpoint::Moment::BeforeRecord);
    let is_of_one = events.iter().all(|event| *event == events[0]);
    let about = is_of_one.then(|| events[0].0);
    Ok(Started::Here(work.about(about), booking))
}

/// Whether the reservations fit into one booking.
fn check(candidates: &[Candidate]) -> Result<(), ConfirmError> {
    let Some(first) = candidates.first().map(|candidate| &candidate.reservation) else {
        return Err(ConfirmError::NoMethod);
    };
    for Candidate { reservation, event_status, .. } in candidates {
        if reservation.currency != first.currency {
            return Err(ConfirmError::MixedCurrency);
        }
        if reservation.organization_id != first.organization_id {
            return Err(ConfirmError::MixedOrganizer);
        }
        if !event_status.sells() {
            return Err(ConfirmError::NotOnSale(*event_status));
        }
    }
    Ok(())
}

/// The amount of the items, with its currency.
fn order(
    candidates: &[Candidate],
    begun: &Begun,
    method: Option<&str>,
) -> Result<Order, ConfirmError> {
    let mut amount = Money::new(0, candidates[0].reservation.currency);
    for item in &begun.items {
        let price = Money::new(item.price_minor, amount.currency);
        amount = amount.plus(price).map_err(|_| ConfirmError::TooLarge)?;
    }
    if amount.minor == 0 {
        return Ok(Order::Free);
    }
    let method = method.ok_or(ConfirmError::NoMethod)?.to_owned();
    Ok(Order::Paid { amount, method })
}

/// The rows of the booking and its lines.
async fn booked(
    tx: &Tx,
    entropy: &dyn Entropy,
    booking: BookingId,
    command: &ConfirmCommand,
    candidates: &[Candidate],
    begun: &Begun,
    now_ms: i64,
) -> Result<(bookings::Model, Vec<booking_lines::Model>), ConfirmError> {
    let first = &candidates[0].reservation;
    let row = bookings::Model {
        id: booking,
        reference: reference(entropy),
        organization_id: first.organization_id,
        buyer_id: command.buyer.id(),
        buyer_kind: command.buyer.kind(),
        email: Some(command.email.clone()),
        locale: command.locale.to_owned(),
        status: BookingState::Pending,
        failure: None,
        currency: first.currency,
        total_minor: begun.items.iter().map(|item| item.price_minor).sum(),
        discount_minor: 0,
        refunded_minor: 0,
        created_at: now_ms,
        settled_at: None,
        version: 1,
    };
    let mut offers: Vec<OfferId> = begun.items.iter().map(|item| item.offer_id).collect();
    offers.sort_unstable();
    offers.dedup();
    let refundable = store::refundable_offers(tx, &offers).await?;
    let lines = begun.items.iter().map(|item| booking_lines::Model {
        booking_id: booking,
        id: LineId(entropy.id()),
        event_id: item.event_id,
        organization_id: first.organization_id,
        reservation_id: item.reservation_id,
        item_id: item.id,
        kind: item.kind,
        seat_id: item.seat_id,
        section_id: item.section_id,
        offer_id: item.offer_id,
        label: item.label.clone(),
        quantity: item.quantity,
        admits: item.admits,
        price_minor: item.price_minor,
        discount_minor: 0,
        fee_minor: 0,
        tax_rate_bp: 0,
        tax_minor: 0,
        refunded_minor: 0,
        refunding_minor: 0,
        refundable: refundable.contains(&item.offer_id).into(),
        cancelled_at: None,
    });
    Ok((row, lines.collect()))
}

/// `HF-` and eight of Crockford's letters: 40 bits of chance, in letters that are not mistaken for each other.
fn reference(entropy: &dyn Entropy) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bytes = [0_u8; 8];
    entropy.fill(&mut bytes);
    let letters = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    format!("HF-{}", letters.collect::<String>())
}
