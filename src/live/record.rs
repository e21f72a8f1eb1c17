//! Writing a change into the outbox.

use std::collections::BTreeMap;

use holdfast_contract::{
    catalogue::SeatStatus,
    live::{GeneralState, SeatState},
};
use holdfast_domain::ids::{EventId, SeatId};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};

use super::store;
use crate::kernel::db::{Bug, StoreError, Writes};

/// A change without its number. States are absolute, so applying one twice does no harm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeDraft {
    /// Seats in their new state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seats: Vec<SeatState>,
    /// General-admission sections in their new state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<GeneralState>,
    /// The event itself changed: its status, plan, sections or prices.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub event: bool,
}

impl ChangeDraft {
    /// The event itself changed.
    pub fn of_event() -> Self {
        Self { event: true, ..Self::default() }
    }

    /// As stored.
    ///
    /// # Errors
    /// Never for what we build; a failure is reported as the database's.
    pub fn to_json(&self) -> Result<String, StoreError> {
        Ok(serde_json::to_string(self)
            .map_err(|error| Bug::new(format!("a change does not serialize: {error}")))?)
    }
}

/// A seat that was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct ChangedSeat {
    /// The event.
    #[sea_orm(alias = "event_id")]
    pub event: EventId,
    /// The seat.
    #[sea_orm(alias = "seat_id")]
    pub seat: SeatId,
    /// Its new version.
    pub version: i32,
}

/// A held seat on the wire.
pub fn held(seat: SeatId, version: i32, expires_at_ms: i64) -> SeatState {
    SeatState(seat.0, SeatStatus::Held, version, Some(round_up_to_seconds(expires_at_ms)))
}

/// A seat on the wire in a state that does not lapse.
pub fn settled(seat: SeatId, status: SeatStatus, version: i32) -> SeatState {
    SeatState(seat.0, status, version, None)
}

/// Milliseconds to whole seconds, rounded up: a page must not show a seat as free too early.
pub fn round_up_to_seconds(ms: i64) -> i64 {
    ms.div_euclid(1000) + i64::from(ms.rem_euclid(1000) != 0)
}

/// Writes a change into the outbox, in the transaction that makes it. It is the last lock that the
/// transaction takes.
///
/// # Errors
/// When the database fails.
pub async fn record(
    sql: &impl Writes,
    event: EventId,
    change: &ChangeDraft,
) -> Result<(), StoreError> {
    write(sql, event, change.to_json()?).await
}

/// [`record`] for a change that is JSON already.
///
/// # Errors
/// When the database fails.
pub async fn write(sql: &impl Writes, event: EventId, change: String) -> Result<(), StoreError> {
    store::insert(sql, event, change).await
}

/// Records seats that are free and sections that have more room, one row an event.
///
/// # Errors
/// When the database fails.
pub async fn freed(
    sql: &impl Writes,
    seats: &[ChangedSeat],
    sections: &[(EventId, GeneralState)],
) -> Result<(), StoreError> {
    let mut changes: BTreeMap<EventId, ChangeDraft> = BTreeMap::new();
    for changed in seats {
        changes.entry(changed.event).or_default().seats.push(settled(
            changed.seat,
            SeatStatus::Available,
            changed.version,
        ));
    }
    for (event, state) in sections {
        changes.entry(*event).or_default().sections.push(*state);
    }
    for (event, change) in changes {
        record(sql, event, &change).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_never_sees_a_seat_free_too_early() {
        assert_eq!(round_up_to_seconds(1_000), 1);
        assert_eq!(round_up_to_seconds(1_001), 2);
        assert_eq!(round_up_to_seconds(1_999), 2);
    }
}
