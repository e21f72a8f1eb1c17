//! Holding seats and places.
//!
//! A look may refuse early; locks keep losers away; one short transaction decides: the buyer's row is locked, the
//! free seats are taken, limits are counted, the price is fixed, the change is recorded.

mod decide;
mod keyed;
mod looks;
mod queue;
mod transaction;

use std::{collections::HashSet, sync::Arc};

use holdfast_domain::{
    ids::{Buyer, ReservationId, SeatId},
    inventory::Refusal,
    reservation::{SeatWish, Wishes},
};

use self::{decide::HoldAttempt, looks::look};
pub use self::{keyed::HoldKey, looks::Looks, queue::Queue};
use super::{
    Reservations,
    store::{Item, Reserved, general},
    terms::Terms,
};
use crate::{
    access::Visible,
    kernel::{
        db::{Failure, StoreError},
        idempotency::{Answer, ClaimError},
        ports::locks::{HeldLocks, LockOutcome, seat_key},
    },
};

/// How often a hold is tried again with newer terms, or after lapsed places that somebody else was clearing.
const MAX_TRIES: u32 = 4;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct HoldCommand {
    /// The event.
    pub event: Visible,
    /// Who holds.
    pub buyer: Buyer,
    /// The buyer's language.
    pub locale: &'static str,
    /// What.
    pub wishes: Wishes,
    /// What to do when some of it cannot be had.
    pub extent: Extent,
    /// The key of the attempt, where the caller sent one.
    pub key: Option<HoldKey>,
}

/// What came of a hold.
#[derive(Debug, Clone)]
pub enum HoldOutcome {
    /// It stands.
    Held(Held),
    /// It stands, and its answer is stored.
    Stored(Answer),
    /// The same attempt was made before.
    Replayed(Answer),
}

/// What to do when some of the wishes cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Hold nothing then.
    AllOrNothing,
    /// Hold the rest.
    Partial,
}

/// A hold that stands.
#[derive(Debug, Clone)]
pub struct Held {
    /// The reservation.
    pub reserved: Reserved,
    /// What it holds.
    pub items: Vec<Item>,
    /// What could not be had (only with [`Extent::Partial`]).
    pub refused: Vec<(SeatId, Refusal)>,
}

/// A limit that would be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Persons a buyer and event.
    PerUser,
    /// Persons a reservation.
    PerOrder,
    /// Holds a minute.
    PerMinute,
}

/// Why nothing is held. A refusal has one of three places:
///
/// - one seat cannot be had: a variant of the domain's `inventory::Refusal`, in [`HoldError::Seats`]; `read.rs` and
///   the contract's `SeatRefusal` have its word, the pages its text (`words.rs`);
/// - the whole hold is refused: a variant here, with its problem in `api.rs`;
/// - nothing can be bought of the event now: `event::Obstacle` in the domain, which `purchase-eligibility` answers.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// There is no such event.
    #[error("no such event")]
    NoEvent,
    /// The event does not sell now.
    #[error("the event does not sell now")]
    NotOnSale,
    /// Some seats cannot be had.
    #[error("some seats cannot be held")]
    Seats(Vec<(SeatId, Refusal)>),
    /// A section has too few places.
    #[error("only {remaining} places are left")]
    Short {
        /// Which of the picks.
        pick: usize,
        /// How many persons still find room.
        remaining: i64,
    },
    /// A field names something that is not there.
    #[error("{field}: {message}")]
    Field {
        /// The path.
        field: String,
        /// What is wrong.
        message: String,
    },
    /// The offer, or every offer for a place, is not sold now.
    #[error("{field}: the offer is not on sale now")]
    OfferNotOnSale {
        /// The path.
        field: String,
    },
    /// A limit would be passed.
    #[error("a limit would be passed")]
    Limit {
        /// Which.
        limit: Limit,
        /// How much it allows.
        allowed: i64,
        /// How much of it is left.
        remaining: i64,
    },
    /// The event's terms changed under the hold: try again with newer ones.
    #[error("the terms changed")]
    StaleTerms,
    /// The key was used for another request.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The database failed.
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl Failure for HoldError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) | Self::Claim(ClaimError::Db(error)) => Some(error),
            Self::NoEvent
            | Self::NotOnSale
            | Self::Seats(_)
            | Self::Short { .. }
            | Self::Field { .. }
            | Self::OfferNotOnSale { .. }
            | Self::Limit { .. }
            | Self::StaleTerms
            | Self::Claim(ClaimError::Reused) => None,
        }
    }
}

impl Reservations {
    /// Holds what is asked for. Runs to its end although the caller may go: see [`crate::kernel::tasks`].
    ///
    /// # Errors
    /// See [`HoldError`]; nothing is held then, and no lock stays.
    pub async fn hold(&self, command: HoldCommand) -> Result<HoldOutcome, HoldError> {
        match &command.key {
            Some(key) => self.hold_keyed(&command, key).await,
            None => self.hold_plainly(&command).await,
        }
    }

    /// Holds under the event's terms, newer ones where they have changed; again where lapsed places are left.
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
            refused.extend(names.map(|wish| (wish.seat, Refusal::Contended)));
            return Err(HoldError::Seats(refused));
        }
        let id = ReservationId(self.base.entropy.id());
        let result = self.transact(terms, command, wishes.clone(), id, refused.clone()).await;
        // The seats are decided, whatever a late release does.
        drop(locks);
        let outcome = result?;
        self.relay.nudge();
        let HoldOutcome::Held(mut held) = outcome else { return Ok(outcome) };
        refused.extend(self.reasons(command, &lost(&wishes, &held)).await?);
        refused.sort_by_key(|(seat, _)| *seat);
        held.refused = refused;
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
        key: Option<HoldKey>,
        refused: Vec<(SeatId, Refusal)>,
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

    /// What a look refuses at once.
    async fn refusals(&self, command: &HoldCommand) -> Result<Vec<(SeatId, Refusal)>, StoreError> {
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
                    None => Some(Refusal::Unknown),
                    Some(view) => view.refusal(Some(command.buyer), wish.version, seen.now),
                };
                refusal.map(|refusal| (wish.seat, refusal))
            })
            .collect())
    }

    /// Why seats were lost inside the transaction. One that looks free again was given back by a winner who did
    /// not finish: trying again at once may help.
    async fn reasons(
        &self,
        command: &HoldCommand,
        lost: &[SeatWish],
    ) -> Result<Vec<(SeatId, Refusal)>, StoreError> {
        if lost.is_empty() {
            return Ok(Vec::new());
        }
        let seen = look(&self.looks, &self.base, command.event.event(), lost).await?;
        Ok(lost
            .iter()
            .map(|wish| {
                let refusal = seen
                    .views
                    .get(&wish.seat)
                    .map_or(Some(Refusal::Unknown), |view| {
                        view.refusal(Some(command.buyer), wish.version, seen.now)
                    })
                    .unwrap_or(Refusal::Contended);
                (wish.seat, refusal)
            })
            .collect())
    }

    /// Holds in a transaction: one that may be shared, or one of its own.
    async fn transact(
        &self,
        terms: &Arc<Terms>,
        command: &HoldCommand,
        wishes: Wishes,
        id: ReservationId,
        refused: Vec<(SeatId, Refusal)>,
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
        let result = if may_share(command) {
            queue::hold(&self.queue, &self.base, Arc::clone(&attempt)).await.map(HoldOutcome::Held)
        } else {
            self.alone(&attempt, command.key.clone(), refused).await
        };
        match result {
            // Inside, only who lost is known; why, a look from outside tells.
            Err(HoldError::Seats(lost)) => {
                let wishes: Vec<SeatWish> = attempt
                    .wanted()
                    .map(|wanted| wanted.wish)
                    .filter(|wish| lost.iter().any(|(seat, _)| *seat == wish.seat))
                    .collect();
                Err(HoldError::Seats(self.reasons(command, &wishes).await?))
            }
            other => other,
        }
    }
}

/// Whether the hold may share its transaction: it stands or falls as a whole, and waits for no counter and no key.
fn may_share(command: &HoldCommand) -> bool {
    command.key.is_none()
        && command.extent == Extent::AllOrNothing
        && command.wishes.places().is_empty()
}

fn remaining(command: &HoldCommand, refused: &[(SeatId, Refusal)]) -> Result<Wishes, HoldError> {
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

fn lost(wishes: &Wishes, held: &Held) -> Vec<SeatWish> {
    let got: HashSet<SeatId> = held.items.iter().filter_map(|item| item.seat).collect();
    wishes.seats().iter().filter(|wish| !got.contains(&wish.seat)).copied().collect()
}
