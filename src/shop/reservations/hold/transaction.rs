//! The transaction of holds: three statements on PostgreSQL, however many holds share it.
//!
//! The holds share the cost of a transaction: its round trips, its commit, the disk. Each hold is decided as if
//! it were alone: the holds have different buyers and different seats, and one statement takes the free seats of
//! all.

use std::{collections::HashMap, sync::Arc};

use holdfast_contract::live::GeneralState;
use holdfast_domain::ids::{EventId, ReservationId};

use super::{
    HeldReservation, HoldError,
    decide::{Decided, HoldAttempt, Taken},
};
use crate::{
    kernel::db::{Bug, StoreError, Tx, UseCaseError},
    live::{ChangeDraft, record},
    shop::reservations::store::{
        self, Item, NewReservation, TakeTimes, TakenSeat, Taker, Usage, WantedSeat,
        general::{self, TakeResult},
    },
    shop::reservations::terms::Terms,
};

/// Why a group holds nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum HoldGroupError {
    /// The holds at these positions of the group are refused. The other holds may try again without them.
    #[error("some of the holds are refused")]
    Refused(Vec<(usize, HoldError)>),
    #[error("the terms changed")]
    StaleTerms,
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for HoldGroupError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Refused(_) | Self::StaleTerms => None,
        }
    }
}

/// Holds for attempts under the same terms, of different buyers, for different seats.
pub(super) async fn hold(
    tx: &Tx,
    attempts: &[Arc<HoldAttempt>],
) -> Result<Vec<HeldReservation>, HoldGroupError> {
    let Some(terms) = attempts.first().map(|first| &first.terms) else { return Ok(Vec::new()) };
    let takers: Vec<Taker> =
        attempts.iter().map(|attempt| Taker::new(attempt.buyer, attempt.locale)).collect();
    let locked = store::lock_buyers(tx, terms, &takers).await?;
    let now = locked.now.ok_or(HoldGroupError::StaleTerms)?;
    let shut_out =
        |attempt: &Arc<HoldAttempt>| locked.without_account.contains(&attempt.buyer.id());
    let refused: Vec<_> = attempts
        .iter()
        .enumerate()
        .filter(|(_, attempt)| shut_out(attempt))
        .map(|(place, _)| (place, HoldError::NoAccount))
        .collect();
    if !refused.is_empty() {
        return Err(HoldGroupError::Refused(refused));
    }
    let expires_at = now + terms.hold_ms;
    let mut seats = take_seats(tx, attempts, now, expires_at).await?;

    let (mut holds, mut refused) = (Vec::with_capacity(attempts.len()), Vec::new());
    for (place, attempt) in attempts.iter().enumerate() {
        let seats = seats.remove(&attempt.id).unwrap_or_default();
        let usage = match seats.first() {
            Some(seat) => seat.usage,
            // The hold got no seat, so no limit is checked.
            None if attempt.has_no_places() => Usage::default(),
            None => store::usage(tx, terms.event, attempt.buyer, now).await?,
        };
        let decided = attempt.decide(&Taken { seats, usage, now, expires_at });
        let held = match decided {
            Ok(decided) => take_places(tx, terms.event, decided).await,
            Err(refusal) => Err(refusal),
        };
        match held {
            Ok(hold) => holds.push(hold),
            Err(HoldError::Db(error)) => return Err(HoldGroupError::Db(error)),
            Err(refusal) => refused.push((place, refusal)),
        }
    }
    if !refused.is_empty() {
        return Err(HoldGroupError::Refused(refused));
    }
    write(tx, terms, holds).await
}

/// Holds for one attempt of any kind.
pub(super) async fn one(tx: &Tx, attempt: &Arc<HoldAttempt>) -> Result<HeldReservation, HoldError> {
    match hold(tx, std::slice::from_ref(attempt)).await {
        Ok(held) => held.into_iter().next().ok_or_else(nothing_came),
        Err(HoldGroupError::StaleTerms) => Err(HoldError::StaleTerms),
        Err(HoldGroupError::Db(error)) => Err(HoldError::Db(error)),
        Err(HoldGroupError::Refused(refused)) => {
            Err(refused.into_iter().next().map_or_else(nothing_came, |(_, error)| error))
        }
    }
}

fn nothing_came() -> HoldError {
    HoldError::Db(Bug::new("a hold came to no end").into())
}

async fn take_seats(
    tx: &Tx,
    attempts: &[Arc<HoldAttempt>],
    now: i64,
    expires_at: i64,
) -> Result<HashMap<ReservationId, Vec<TakenSeat>>, StoreError> {
    let wanted: Vec<WantedSeat> = attempts.iter().flat_map(|attempt| attempt.wanted()).collect();
    let mut taken: HashMap<ReservationId, Vec<TakenSeat>> = HashMap::new();
    let (Some(first), false) = (attempts.first(), wanted.is_empty()) else { return Ok(taken) };
    let taking = TakeTimes { event: first.terms.event, now, expires_at };
    for seat in store::take_seats(tx, &taking, &wanted).await? {
        taken.entry(seat.reservation).or_default().push(seat);
    }
    Ok(taken)
}

/// Raises the counters of the sections in which the hold takes places; returns the sections' new states.
async fn take_places(
    tx: &Tx,
    event: EventId,
    decided: Decided,
) -> Result<(Decided, Vec<GeneralState>), HoldError> {
    let mut states: Vec<GeneralState> = Vec::new();
    let is_general = |item: &&Item| item.seat.is_none();
    for (pick, item) in decided.reservation.items.iter().filter(is_general).enumerate() {
        match general::take(tx, event, item.section, item.admits).await? {
            TakeResult::Taken(state) => {
                states.retain(|earlier| earlier.section_id != state.section_id);
                states.push(state);
            }
            TakeResult::Short(remaining) => return Err(HoldError::Short { pick, remaining }),
        }
    }
    Ok((decided, states))
}

/// Writes the reservations, and one change for all of them.
async fn write(
    tx: &Tx,
    terms: &Terms,
    holds: Vec<(Decided, Vec<GeneralState>)>,
) -> Result<Vec<HeldReservation>, HoldGroupError> {
    let mut change = ChangeDraft::default();
    for (decided, sections) in &holds {
        let expires_at = decided.reservation.reserved.expires_at;
        let seats = decided.seats.iter();
        change.seats.extend(seats.map(|(seat, version)| record::held(*seat, *version, expires_at)));
        change.sections.extend(sections.iter().copied());
    }
    let (reservations, lost): (Vec<NewReservation>, Vec<_>) =
        holds.into_iter().map(|(decided, _)| (decided.reservation, decided.lost)).unzip();
    if !reservations.is_empty()
        && !store::insert(tx, terms, &reservations, change.to_json()?).await?
    {
        return Err(HoldGroupError::StaleTerms);
    }
    let held =
        reservations.into_iter().zip(lost).map(|(NewReservation { reserved, items }, refused)| {
            HeldReservation { reserved, items, refused }
        });
    Ok(held.collect())
}
