//! The moves of published events, from the change of the event until its buyers, if there are any, are told.
//!
//! A change of an event writes one row, however many bookings the event has. `shop::moves` reads the rows later, writes the
//! messages, and settles the rows.

use holdfast_domain::{
    event::moves::{Move, TimeAndPlace},
    ids::EventId,
};
use holdfast_entity::{event_moves, events};

use super::store;
use crate::kernel::db::{Sql, StoreError, Tx};

/// When and where the event takes place.
pub fn time_and_place(event: &events::Model) -> TimeAndPlace {
    TimeAndPlace {
        starts_at: event.starts_at,
        ends_at: event.ends_at,
        time_zone: event.time_zone.clone(),
        place: event.place.clone(),
    }
}

/// Records a move. The event's row is locked and still to be saved; until now, the event was to take place at `before`.
pub(super) async fn record(
    tx: &Tx,
    event: &events::Model,
    before: TimeAndPlace,
    now_ms: i64,
) -> Result<(), StoreError> {
    let TimeAndPlace { starts_at, ends_at, time_zone, place } = before;
    let (event_id, version) = (event.id, event.version + 1);
    let row = event_moves::Model {
        event_id,
        version,
        moved_at: now_ms,
        starts_at,
        ends_at,
        time_zone,
        place,
    };
    store::moves::insert(tx, row).await
}

/// The events whose moves are to be told now, the longest waiting first: the last move was made `quiet_ms` ago, or the first
/// one `most_ms` ago.
///
/// # Errors
/// When the database fails.
pub async fn due(
    sql: &impl Sql,
    quiet_ms: i64,
    most_ms: i64,
    limit: i64,
) -> Result<Vec<EventId>, StoreError> {
    store::moves::due(sql, quiet_ms, most_ms, limit).await
}

/// The moves of the event that are not settled, in the order of their versions, and then the event as it is. Moves that are
/// made meanwhile may be missing.
///
/// # Errors
/// When the database fails.
pub async fn unsettled(
    sql: &impl Sql,
    event: EventId,
) -> Result<(Vec<Move>, Option<events::Model>), StoreError> {
    let rows = store::moves::of(sql, event).await?;
    let read = |row: event_moves::Model| Move {
        version: row.version,
        moved_at: row.moved_at,
        before: TimeAndPlace {
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            time_zone: row.time_zone,
            place: row.place,
        },
    };
    let moves = rows.into_iter().map(read).collect();
    Ok((moves, store::events::find(sql, event).await?))
}

/// Whether the event has a move that is not settled and is later than the move to this version.
///
/// # Errors
/// When the database fails.
pub async fn has_later(sql: &impl Sql, event: EventId, version: i32) -> Result<bool, StoreError> {
    store::moves::has_later(sql, event, version).await
}

/// Forgets the moves of the event up to this version. Returns how many there were.
///
/// # Errors
/// When the database fails.
pub async fn settle(sql: &impl Sql, event: EventId, version: i32) -> Result<u64, StoreError> {
    store::moves::delete(sql, event, version).await
}
