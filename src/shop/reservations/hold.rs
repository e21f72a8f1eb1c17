//! Holds seats and places for one buyer.
//!
//! A look at the seats may refuse early, and locks keep the losers of a race away. One short transaction decides:
//! it locks the buyer's row and the seats, counts the limits, fixes the prices, takes the seats and records the change.

mod decide;
mod keyed;
mod looks;
mod queue;
mod transaction;

use std::{collections::HashSet, sync::Arc};

use holdfast_domain::{
    ids::{Buyer, ReservationId, SeatId},
    inventory::SeatRefusal,
    reservation::Wishes,
};

use self::{decide::HoldAttempt, looks::look};
pub use self::{looks::Looks, queue::HoldQueue};
use super::{
    Reservations,
    store::{Item, Reserved, general},
    terms::Terms,
};
use crate::{
    access::Visible,
    kernel::{
        db::{StoreError, UseCaseError},
        idempotency::{Attempt, KeyClaimError, StoredAnswer},
        ports::locks::{HeldLocks, LockOutcome, seat_key},
    },
    live::News,
};

/// The maximum number of tries of a hold. A hold is tried again under newer terms, or when somebody else was
/// clearing lapsed places.
const MAX_TRIES: u32 = 4;

/// A request for a hold.
#[derive(Debug, Clone)]
pub struct HoldCommand {
    pub event: Visible,
    pub buyer: Buyer,
    /// The language of the buyer.
    pub locale: &'static str,
    /// The seats and places to hold.
    pub wishes: Wishes,
    /// The behaviour when some of the places cannot be held.
    pub extent: Extent,
    /// The key of the attempt, if the caller sent one.
    pub key: Option<Attempt>,
}

/// The result of a hold.
#[derive(Debug, Clone)]
pub enum HoldOutcome {
    /// The places are held, for a request without a key.
    Held(HeldReservation),
    /// The places are held, and the answer is stored under the key.
    Stored(StoredAnswer),
    /// The stored answer of an earlier request of the same attempt.
    Replayed(StoredAnswer),
}

/// The behaviour when some of the places cannot be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Hold nothing if one seat cannot be held.
    AllOrNothing,
    /// Hold the remaining seats, and report the refused seats.
    Partial,
}

/// A reservation that was just made, with its places.
#[derive(Debug, Clone)]
pub struct HeldReservation {
    pub reserved: Reserved,
    /// The held seats and places.
    pub items: Vec<Item>,
    /// The seats that could not be held (only with [`Extent::Partial`]).
    pub refused: Vec<(SeatId, SeatRefusal)>,
}

type HoldResult = Result<HeldReservation, HoldError>;

/// A limit that the hold would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The number of persons of one buyer in one event.
    PerUser,
    /// The number of persons in one reservation.
    PerOrder,
    /// The number of holds of one buyer in one event per minute.
    PerMinute,
}

/// Why nothing is held. Each reason for a refusal has one of three places:
///
/// - a seat cannot be held: a variant of the domain's `inventory::SeatRefusal`, in [`HoldError::Seats`]. `read.rs` turns it
///   into the contract's word. The pages have no text for each reason: `is_taken` in `ui/src/words.rs` says
///   whether another buyer was faster, and `Selection` of the shop decides by it what stays chosen;
/// - the whole hold is refused: a variant here, with its problem in `api.rs`;
/// - the event sells nothing now: the domain's `event::SaleObstacle`, which `purchase-eligibility` returns.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    #[error("no such event")]
    NoEvent,
    /// The buyer's account was suspended or erased.
    #[error("the account is no longer active")]
    NoAccount,
    #[error("the event does not sell now")]
    NotOnSale,
    /// These seats cannot be held, each for its reason.
    #[error("some seats cannot be held")]
    Seats(Vec<(SeatId, SeatRefusal)>),
    /// A section has too few places.
    #[error("only {remaining} places are left")]
    Short {
        /// The position of the section among the wishes for places.
        pick: usize,
        /// How many persons the section still has room for.
        remaining: i64,
    },
    /// A field names an object that does not exist.
    #[error("{field}: {message}")]
    Field {
        /// The path of the field.
        field: String,
        /// The fault of the field in words.
        message: String,
    },
    /// The offer, or every offer for a place, is not on sale now.
    #[error("{field}: the offer is not on sale now")]
    OfferNotOnSale {
        /// The path of the field.
        field: String,
    },
    /// A limit would be exceeded.
    #[error("a limit would be passed")]
    Limit {
        limit: Limit,
        /// The number that the limit allows.
        allowed: i64,
        /// How much of the limit is left.
        remaining: i64,
    },
    /// The event's terms changed during the hold. The hold is tried again under newer terms.
    #[error("the terms changed")]
    StaleTerms,
    #[error(transparent)]
    Claim(#[from] KeyClaimError),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for HoldError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) | Self::Claim(KeyClaimError::Db(error)) => Some(error),
            Self::NoEvent
            | Self::NoAccount
            | Self::NotOnSale
            | Self::Seats(_)
            | Self::Short { .. }
            | Self::Field { .. }
            | Self::OfferNotOnSale { .. }
            | Self::Limit { .. }
            | Self::StaleTerms
            | Self::Claim(KeyClaimError::Reused) => None,
        }
    }
}

impl Reservations {
    /// Holds the wanted seats and places. Runs to its end even when the caller has gone: see
    /// [`crate::kernel::tasks`].
    ///
    /// # Errors
    /// See [`HoldError`]. Nothing is held then, and no lock stays.
    pub async fn hold(&self, command: HoldCommand) -> Result<HoldOutcome, HoldError> {
        match &command.key {
            Some(key) => self.hold_keyed(&command, key).await,
            None => self.hold_plainly(&command).await,
        }
    }

    /// Holds under the event's terms. Tries again under newer terms when they have changed, and when lapsed places
    /// remain to be cleared.
    async fn hold_plainly(&self, command: &HoldCommand) -> Result<HoldOutcome, HoldError> {
        let event = command.event.event();
        let mut terms = self.terms.get(event).await?.ok_or(HoldError::NoEvent)?;
        for _ in 1..MAX_TRIES {
            match self.hold_under(&terms, command).await {
                Err(HoldError::StaleTerms) => {
                    let known = terms.version;
                    terms = self.terms.fresh(event).await?.ok_or(HoldError::NoEvent)?;
                    if terms.version == known {
                        return Err(HoldError::NotOnSale);
                    }
                }
                Err(HoldError::Short { pick, .. })
                    if self.lapsed_are_left(command, pick).await? => {}
                other => return other,
            }
        }
        match self.hold_under(&terms, command).await {
            Err(HoldError::StaleTerms) => Err(HoldError::NotOnSale),
            other => other,
        }
    }

    async fn lapsed_are_left(
        &self,
        command: &HoldCommand,
        pick: usize,
    ) -> Result<bool, StoreError> {
        let Some(wish) = command.wishes.places().get(pick) else { return Ok(false) };
        general::has_lapsed(&self.base.db, command.event.event(), wish.section).await
    }

    async fn hold_under(
        &self,
        terms: &Arc<Terms>,
        command: &HoldCommand,
    ) -> Result<HoldOutcome, HoldError> {
        let mut refused = self.refusals(command).await?;
        let wishes = remaining(command, &refused)?;
        let keys: Vec<String> =
            wishes.seats().iter().map(|wish| seat_key(command.event.event(), wish.seat)).collect();
        let (locks, contended) = self.lock(&keys).await;
        if !contended.is_empty() {
            let names = contended.iter().filter_map(|at| wishes.seats().get(*at));
            refused.extend(names.map(|wish| (wish.seat, SeatRefusal::Contended)));
            return Err(HoldError::Seats(refused));
        }
        let id = ReservationId(self.base.entropy.id());
        let result = self.transact(terms, command, wishes, id, refused.clone()).await;
        // The transaction has decided the seats, so a late release of the locks does no harm.
        drop(locks);
        let outcome = result?;
        self.relay.nudge(News::Places(command.event.event()));
        let HoldOutcome::Held(mut held) = outcome else { return Ok(outcome) };
        held.refused.extend(refused);
        held.refused.sort_by_key(|(seat, _)| *seat);
        Ok(HoldOutcome::Held(held))
    }

    async fn lock(&self, keys: &[String]) -> (Option<Box<dyn HeldLocks>>, Vec<usize>) {
        if keys.is_empty() {
            return (None, Vec::new());
        }
        match self.locks.try_lock(keys).await {
            LockOutcome::Acquired(locks) => (Some(locks), Vec::new()),
            LockOutcome::Contended(places) => (None, places),
            LockOutcome::Unavailable => (None, Vec::new()),
        }
    }

    async fn alone(
        &self,
        attempt: &Arc<HoldAttempt>,
        key: Option<Attempt>,
        refused: Vec<(SeatId, SeatRefusal)>,
    ) -> Result<HoldOutcome, HoldError> {
        let transaction = self.base.db.transact(|tx| {
            let (attempt, key, refused) = (Arc::clone(attempt), key.clone(), refused.clone());
            Box::pin(async move {
                match key {
                    Some(key) => keyed::hold(tx, &attempt, &key, &refused).await,
                    None => transaction::one(tx, &attempt).await.map(HoldOutcome::Held),
                }
            })
        });
        transaction.await
    }

    /// The seats that a look refuses before any lock.
    async fn refusals(
        &self,
        command: &HoldCommand,
    ) -> Result<Vec<(SeatId, SeatRefusal)>, StoreError> {
        if command.wishes.seats().is_empty() {
            return Ok(Vec::new());
        }
        let seen =
            look(&self.looks, &self.base, command.event.event(), command.wishes.seats()).await?;
        Ok(command
            .wishes
            .seats()
            .iter()
            .filter_map(|wish| {
                let refusal = match seen.views.get(&wish.seat) {
                    None => Some(SeatRefusal::Unknown),
                    Some(view) => view.refusal(Some(command.buyer), wish.version, seen.now),
                };
                refusal.map(|refusal| (wish.seat, refusal))
            })
            .collect())
    }

    /// Holds in a transaction that other holds may share, or in a separate transaction.
    async fn transact(
        &self,
        terms: &Arc<Terms>,
        command: &HoldCommand,
        wishes: Wishes,
        id: ReservationId,
        refused: Vec<(SeatId, SeatRefusal)>,
    ) -> Result<HoldOutcome, HoldError> {
        let attempt = Arc::new(HoldAttempt {
            terms: Arc::clone(terms),
            wishes,
            id,
            buyer: command.buyer,
            locale: command.locale,
            extent: command.extent,
            holds_per_minute: self.holds_per_minute.into(),
            entropy: Arc::clone(&self.base.entropy),
        });
        if may_share(command) {
            queue::hold(&self.queue, &self.base, attempt).await.map(HoldOutcome::Held)
        } else {
            self.alone(&attempt, command.key.clone(), refused).await
        }
    }
}

/// Whether the hold may share its transaction: it must be all or nothing, and it must not wait for a counter or a
/// key.
fn may_share(command: &HoldCommand) -> bool {
    command.key.is_none()
        && command.extent == Extent::AllOrNothing
        && command.wishes.places().is_empty()
}

fn remaining(
    command: &HoldCommand,
    refused: &[(SeatId, SeatRefusal)],
) -> Result<Wishes, HoldError> {
    if refused.is_empty() {
        return Ok(command.wishes.clone());
    }
    let gone: HashSet<SeatId> = refused.iter().map(|(seat, _)| *seat).collect();
    match command.extent {
        Extent::AllOrNothing => Err(HoldError::Seats(refused.to_vec())),
        Extent::Partial => command
            .wishes
            .clone()
            .retain_seats(|seat| !gone.contains(&seat))
            .ok_or_else(|| HoldError::Seats(refused.to_vec())),
    }
}
