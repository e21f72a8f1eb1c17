//! The transaction of holds: three statements on PostgreSQL, however many holds share it.
//!
//! What they share is the cost of a transaction: its round trips, its commit, the disk. Each of them is decided as
//! if it were alone: different buyers, different seats, one statement that takes what is free.

use std::{collections::HashMap, sync::Arc};

use holdfast_domain::ids::ReservationId;
use sea_orm::DbErr;

use super::{
    Held, HoldError,
    attempt::{Attempt, Making, Taken},
};
use crate::{
    kernel::db::{Failure, Tx},
    live::{ChangeDraft, record},
    shop::reservations::store::{self, Made, TakenSeat, Taker, Taking, Wanted},
};

/// Why nothing of a group is held.
#[derive(Debug, thiserror::Error)]
pub(super) enum GroupError {
    /// Some of them, by their place, cannot have what they want; the others may try again without them.
    #[error("some of the holds are refused")]
    Refused(Vec<(usize, HoldError)>),
    /// The event's terms changed.
    #[error("the terms changed")]
    StaleTerms,
    /// The database failed.
    #[error("the database failed")]
    Db(#[from] DbErr),
}

impl Failure for GroupError {
    fn database(&self) -> Option<&DbErr> {
        match self {
            Self::Db(error) => Some(error),
            Self::Refused(_) | Self::StaleTerms => None,
        }
    }
}

/// Holds for attempts under the same terms, of different buyers, for different seats.
pub(super) async fn hold(tx: &Tx, attempts: &[Arc<Attempt>]) -> Result<Vec<Held>, GroupError> {
    let Some(terms) = attempts.first().map(|first| &first.terms) else { return Ok(Vec::new()) };
    let takers: Vec<Taker> = attempts
        .iter()
        .map(|attempt| Taker { buyer: attempt.buyer, locale: attempt.locale })
        .collect();
    let now = store::lock_buyers(tx, terms, &takers).await?.ok_or(GroupError::StaleTerms)?;
    let expires_at = now + terms.hold_ms;
    let mut seats = take_seats(tx, attempts, now, expires_at).await?;

    let (mut making, mut refused) = (Vec::with_capacity(attempts.len()), Vec::new());
    for (place, attempt) in attempts.iter().enumerate() {
        let seats = seats.remove(&attempt.id).unwrap_or_default();
        match attempt.make(tx, &Taken { seats, now, expires_at }).await {
            Ok(made) => making.push(made),
            Err(HoldError::Db(error)) => return Err(GroupError::Db(error)),
            Err(error) => refused.push((place, error)),
        }
    }
    if !refused.is_empty() {
        return Err(GroupError::Refused(refused));
    }
    write(tx, making).await
}

/// Holds for one attempt of any kind.
pub(super) async fn one(tx: &Tx, attempt: &Arc<Attempt>) -> Result<Held, HoldError> {
    match hold(tx, std::slice::from_ref(attempt)).await {
        Ok(held) => held.into_iter().next().ok_or_else(nothing_came),
        Err(GroupError::StaleTerms) => Err(HoldError::StaleTerms),
        Err(GroupError::Db(error)) => Err(HoldError::Db(error)),
        Err(GroupError::Refused(refused)) => {
            Err(refused.into_iter().next().map_or_else(nothing_came, |(_, error)| error))
        }
    }
}

fn nothing_came() -> HoldError {
    HoldError::Db(DbErr::Custom("a hold came to no end".to_owned()))
}

async fn take_seats(
    tx: &Tx,
    attempts: &[Arc<Attempt>],
    now: i64,
    expires_at: i64,
) -> Result<HashMap<ReservationId, Vec<TakenSeat>>, DbErr> {
    let wanted: Vec<Wanted> = attempts.iter().flat_map(|attempt| attempt.wanted()).collect();
    let mut taken: HashMap<ReservationId, Vec<TakenSeat>> = HashMap::new();
    let (Some(first), false) = (attempts.first(), wanted.is_empty()) else { return Ok(taken) };
    let taking = Taking { event: first.terms.event, now, expires_at };
    for seat in store::take_seats(tx, &taking, &wanted).await? {
        taken.entry(seat.reservation).or_default().push(seat);
    }
    Ok(taken)
}

/// Writes the reservations, and one change for all of them.
async fn write(tx: &Tx, making: Vec<Making>) -> Result<Vec<Held>, GroupError> {
    let mut change = ChangeDraft::default();
    for Making { sections, taken, made, .. } in &making {
        let expires_at = made.reserved.expires_at;
        let seats = taken.iter().map(|(seat, version)| record::held(*seat, *version, expires_at));
        change.seats.extend(seats);
        change.sections.extend(sections.iter().copied());
    }
    let (made, lost): (Vec<Made>, Vec<_>) =
        making.into_iter().map(|making| (making.made, making.lost)).unzip();
    if let Some(first) = made.first() {
        store::insert(tx, first.reserved.event, &made, change.to_json()?).await?;
    }
    let held = made.into_iter().zip(lost).map(|(Made { reserved, items }, refused)| Held {
        reserved,
        items,
        refused,
    });
    Ok(held.collect())
}
