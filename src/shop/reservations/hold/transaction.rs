//! The transaction of holds: three statements on PostgreSQL, however many holds share it, and a fourth if some of them are
//! refused.
//!
//! The holds share the cost of a transaction: its round trips, its commit, the disk. One statement locks the seats of
//! all. Each hold is then decided as if it were alone, because the holds have different buyers and different seats.
//! A last statement takes the seats of the holds that are not refused.

use std::{collections::HashMap, sync::Arc};

use holdfast_contract::live::GeneralState;
use holdfast_domain::ids::{EventId, SeatId};
use uuid::Uuid;

use super::{
    HeldReservation, HoldError, HoldResult,
    decide::{Decided, HoldAttempt, HoldFacts},
};
use crate::{
    kernel::db::{Bug, StoreError, Tx, UseCaseError},
    live::{ChangeDraft, record},
    shop::reservations::store::{
        self, Item, LockedSeat, NewReservation, TakeTimes, Taker, Usage, WantedSeat,
        general::{self, TakeResult},
    },
    shop::reservations::terms::Terms,
};

/// Why a group holds nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum HoldGroupError {
    /// Every hold is refused, for these reasons in the order of the group.
    #[error("all of the holds are refused")]
    Refused(Vec<HoldError>),
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

/// Holds for attempts under the same terms, of different buyers, for different seats. Returns the result of each attempt:
/// an attempt that is refused changes nothing, and takes nothing from the others. An attempt with places in general
/// admission must be alone, because a refusal after its first section takes the counters back with the
/// transaction.
pub(super) async fn hold(
    tx: &Tx,
    attempts: &[Arc<HoldAttempt>],
) -> Result<Vec<HoldResult>, HoldGroupError> {
    let Some(terms) = attempts.first().map(|first| &first.terms) else { return Ok(Vec::new()) };
    if attempts.len() > 1 && !attempts.iter().all(|attempt| attempt.has_no_places()) {
        return Err(StoreError::from(Bug::new("places in general admission share a group")).into());
    }
    let takers: Vec<Taker> =
        attempts.iter().map(|attempt| Taker::new(attempt.buyer, attempt.locale)).collect();
    let locked = store::lock_buyers(tx, terms, &takers).await?;
    let now = locked.now.ok_or(HoldGroupError::StaleTerms)?;
    let taking = TakeTimes { event: terms.event, now, expires_at: now + terms.hold_ms };
    let is_shut_out = |attempt: &HoldAttempt| locked.without_account.contains(&attempt.buyer.id());

    let wanted: Vec<WantedSeat> = attempts
        .iter()
        .filter(|attempt| !is_shut_out(attempt))
        .flat_map(|attempt| attempt.wanted())
        .collect();
    let seats = match wanted.as_slice() {
        [] => HashMap::new(),
        wanted => store::lock_seats(tx, terms.event, now, wanted).await?,
    };

    let mut results = Vec::with_capacity(attempts.len());
    for attempt in attempts {
        let result = if is_shut_out(attempt) {
            Err(HoldError::NoAccount)
        } else {
            decide(tx, &taking, attempt, &seats).await
        };
        match result {
            Err(HoldError::Db(error)) => return Err(HoldGroupError::Db(error)),
            result => results.push(result),
        }
    }
    if results.iter().all(Result::is_err) {
        return Err(HoldGroupError::Refused(results.into_iter().filter_map(Result::err).collect()));
    }
    let refused = attempts.iter().zip(&results).filter(|(_, result)| result.is_err());
    let refused: Vec<Uuid> = refused.map(|(attempt, _)| attempt.buyer.id()).collect();
    if !refused.is_empty() {
        store::forget_buyers(tx, terms.event, &refused).await?;
    }
    write(tx, terms, &taking, results).await
}

/// Holds for one attempt of any kind.
pub(super) async fn one(tx: &Tx, attempt: &Arc<HoldAttempt>) -> HoldResult {
    let nothing_came = || HoldError::Db(Bug::new("a hold came to no end").into());
    match hold(tx, std::slice::from_ref(attempt)).await {
        Ok(results) => results.into_iter().next().unwrap_or_else(|| Err(nothing_came())),
        Err(HoldGroupError::StaleTerms) => Err(HoldError::StaleTerms),
        Err(HoldGroupError::Db(error)) => Err(HoldError::Db(error)),
        Err(HoldGroupError::Refused(refused)) => {
            Err(refused.into_iter().next().unwrap_or_else(nothing_came))
        }
    }
}

/// Decides an attempt from the locked seats, and raises the counters of the sections in which it takes places.
async fn decide(
    tx: &Tx,
    taking: &TakeTimes,
    attempt: &HoldAttempt,
    seats: &HashMap<SeatId, LockedSeat>,
) -> Result<(Decided, Vec<GeneralState>), HoldError> {
    let usage = match attempt.seats().find_map(|seat| seats.get(&seat)) {
        Some(seat) => seat.usage,
        // None of the seats exists, so no limit is checked.
        None if attempt.has_no_places() => Usage::default(),
        None => store::usage(tx, taking.event, attempt.buyer, taking.now).await?,
    };
    let decided = attempt.decide(&HoldFacts { seats, usage, taking: *taking })?;
    take_places(tx, taking.event, decided).await
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

/// Writes the decided holds, and one change for all of them. A refused hold keeps its reason.
async fn write(
    tx: &Tx,
    terms: &Terms,
    taking: &TakeTimes,
    results: Vec<Result<(Decided, Vec<GeneralState>), HoldError>>,
) -> Result<Vec<HoldResult>, HoldGroupError> {
    let (mut change, mut taken) = (ChangeDraft::default(), Vec::new());
    let mut reservations: Vec<NewReservation> = Vec::with_capacity(results.len());
    let mut results_of_decided = Vec::with_capacity(results.len());
    for result in results {
        results_of_decided.push(result.map(|(decided, sections)| {
            let seats = decided.seats.iter();
            change.seats.extend(
                seats.map(|seat| record::held(seat.seat_id, seat.version + 1, taking.expires_at)),
            );
            change.sections.extend(sections);
            taken.extend(decided.seats);
            reservations.push(decided.reservation);
            decided.lost
        }));
    }
    let is_current =
        store::write_holds(tx, terms, taking, &taken, &reservations, change.to_json()?).await?;
    if !is_current {
        return Err(HoldGroupError::StaleTerms);
    }
    let mut reservations = reservations.into_iter();
    let results = results_of_decided.into_iter().map(|result| {
        let refused = result?;
        let written = reservations
            .next()
            .ok_or_else(|| StoreError::from(Bug::new("a hold without a row")))?;
        let NewReservation { reserved, items } = written;
        Ok(HeldReservation { reserved, items, refused })
    });
    Ok(results.collect())
}
