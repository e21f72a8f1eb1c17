//! What is left: read without locks, never to decide.

use holdfast_domain::{
    ids::{EventId, SeatId, SectionId},
    inventory::SeatState,
};
use sea_orm::FromQueryResult;

use crate::kernel::db::{Sql, StoreError};

/// A seat that is not simply available.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct OddSeat {
    /// Its id.
    #[sea_orm(alias = "seat_id")]
    pub id: SeatId,
    /// Its section.
    #[sea_orm(alias = "section_id")]
    pub section: SectionId,
    /// Its state, which may have lapsed.
    pub status: SeatState,
    /// Its version.
    pub version: i32,
    /// When its hold lapses.
    pub expires_at: Option<i64>,
}

/// The seats that are not stored as available, by id.
pub async fn odd_seats(sql: &impl Sql, event: EventId) -> Result<Vec<OddSeat>, StoreError> {
    sql.list(
        "SELECT seat_id, section_id, status, version, expires_at FROM seats \
             WHERE event_id = $1 AND status <> 'available' ORDER BY seat_id",
        vec![event.into()],
    )
    .await
}

/// Holds of general admission: how many persons in which section, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct GeneralHold {
    /// The section.
    #[sea_orm(alias = "section_id")]
    pub section: SectionId,
    /// How many persons.
    pub persons: i64,
    /// When they lapse.
    pub expires_at: i64,
}

/// What is held of general admission, lapsed holds that still stand in the counters included.
pub async fn general_holds(sql: &impl Sql, event: EventId) -> Result<Vec<GeneralHold>, StoreError> {
    sql.list(
        "SELECT section_id, expires_at, sum(admits) AS persons FROM reservation_items \
             WHERE event_id = $1 AND kind = 'general' AND state = 'held' \
             GROUP BY section_id, expires_at",
        vec![event.into()],
    )
    .await
}

/// Which price categories a section's seats have, and what seats cost that have a price of their own.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct SectionCategory {
    /// The section.
    #[sea_orm(alias = "section_id")]
    pub section: SectionId,
    /// The category.
    pub category: String,
    /// The lowest price of a seat's own.
    pub own_min: Option<i64>,
    /// The highest price of a seat's own.
    pub own_max: Option<i64>,
}

/// The categories of every section.
pub async fn categories(
    sql: &impl Sql,
    event: EventId,
) -> Result<Vec<SectionCategory>, StoreError> {
    sql.list(
        "SELECT section_id, category, min(price_minor) AS own_min, max(price_minor) AS own_max \
             FROM seats WHERE event_id = $1 GROUP BY section_id, category",
        vec![event.into()],
    )
    .await
}
