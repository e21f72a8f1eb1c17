//! Writing a change into the outbox.

use holdfast_contract::{
    catalogue::SeatStatus,
    live::{GeneralState, SeatState},
};
use holdfast_domain::ids::{EventId, SeatId};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::store;
use crate::db::Sql;

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
}

/// A seat's state on the wire. `expires_at_ms` counts for held seats that can lapse.
pub fn seat_state(
    seat: SeatId,
    status: SeatStatus,
    version: i32,
    expires_at_ms: Option<i64>,
) -> SeatState {
    SeatState(seat.0, status, version, expires_at_ms.map(round_up_to_seconds))
}

/// Milliseconds to whole seconds, rounded up: a page must not show a seat as free too early.
pub fn round_up_to_seconds(ms: i64) -> i64 {
    ms.div_euclid(1000) + i64::from(ms.rem_euclid(1000) != 0)
}

/// Writes a change into the outbox, in the transaction that makes it. It must be the last lock that the
/// transaction takes.
///
/// # Errors
/// When the database fails.
pub async fn record(sql: &impl Sql, event: EventId, change: &ChangeDraft) -> Result<(), DbErr> {
    let payload = serde_json::to_string(change)
        .map_err(|error| DbErr::Custom(format!("a change does not serialize: {error}")))?;
    store::insert(sql, event, payload).await
}
