//! Writes changes into the outbox.

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

/// A change without its number. States are absolute, so applying a change twice does no harm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeDraft {
    /// Seats in their new state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seats: Vec<SeatState>,
    /// General-admission sections in their new state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<GeneralState>,
    /// Whether the event itself changed: its status, plan, sections or prices.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub event: bool,
}

impl ChangeDraft {
    pub fn of_event() -> Self {
        Self { event: true, ..Self::default() }
    }

    /// The JSON text that the outbox stores.
    ///
    /// # Errors
    /// Never for a change that this program builds; a failure is reported as an error of the database.
    pub fn to_json(&self) -> Result<String, StoreError> {
        Ok(serde_json::to_string(self)
            .map_err(|error| Bug::new(format!("a change does not serialize: {error}")))?)
    }
}

/// A seat that a statement has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct ChangedSeat {
    #[sea_orm(alias = "event_id")]
    pub event: EventId,
    #[sea_orm(alias = "seat_id")]
    pub seat: SeatId,
    /// The new version of the seat.
    pub version: i32,
}

/// The state of a held seat on the wire.
pub fn held(seat: SeatId, version: i32, expires_at_ms: i64) -> SeatState {
    SeatState(seat.0, SeatStatus::Held, version, Some(round_up_to_seconds(expires_at_ms)))
}

/// The state of a seat on the wire that does not lapse.
pub fn settled(seat: SeatId, status: SeatStatus, version: i32) -> SeatState {
    SeatState(seat.0, status, version, None)
}

/// Milliseconds as whole seconds, rounded up, so that a page never shows a seat as free too early.
pub fn round_up_to_seconds(ms: i64) -> i64 {
    ms.div_euclid(1000) + i64::from(ms.rem_euclid(1000) != 0)
}

/// Writes a change into the outbox, in the transaction that makes the change. The outbox is the last lock that
/// the transaction takes.
pub async fn record(
    sql: &impl Writes,
    event: EventId,
    change: &ChangeDraft,
) -> Result<(), StoreError> {
    write(sql, event, change.to_json()?).await
}

/// Like [`record`], for a change that is JSON already.
pub async fn write(sql: &impl Writes, event: EventId, change: String) -> Result<(), StoreError> {
    store::insert(sql, event, change).await
}

/// Like [`write`], but writes no row if the event has another version by now.
pub async fn write_at_version(
    sql: &impl Writes,
    event: EventId,
    version: i32,
    change: String,
) -> Result<(), StoreError> {
    store::insert_at_version(sql, event, version, change).await
}

/// Records seats that became free and sections that have more room, with one row for each event.
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
