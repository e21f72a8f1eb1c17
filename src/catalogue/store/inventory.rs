//! SQL that counts the places that are left. It takes no locks, and no decision uses its results.

use std::collections::BTreeSet;

use holdfast_domain::{
    ids::{EventId, SeatId, SectionId},
    inventory::SeatState,
};
use holdfast_entity::seats;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder};

use crate::kernel::db::{self, Sql, StoreError};

/// A seat that is not stored as available.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct OddSeat {
    #[sea_orm(alias = "seat_id")]
    pub id: SeatId,
    #[sea_orm(alias = "section_id")]
    pub section: SectionId,
    /// The stored state. A held seat may have lapsed.
    pub status: SeatState,
    pub version: i32,
    /// When the hold lapses, in milliseconds since 1970.
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

/// Those of these seats that are not stored as available, by id.
pub async fn odd_seats_among(
    sql: &impl Sql,
    event: EventId,
    among: &BTreeSet<SeatId>,
) -> Result<Vec<OddSeat>, StoreError> {
    let found = seats::Entity::find()
        .filter(seats::Column::EventId.eq(event))
        .filter(db::is_among(sql, seats::Column::SeatId, among.iter().copied()))
        .filter(seats::Column::Status.ne(SeatState::Available))
        .order_by_asc(seats::Column::SeatId);
    db::list(sql, found).await
}

/// The persons of all general-admission holds of a section that lapse at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct GeneralHold {
    #[sea_orm(alias = "section_id")]
    pub section: SectionId,
    pub persons: i64,
    /// When the holds lapse, in milliseconds since 1970.
    pub expires_at: i64,
}

/// The general-admission holds of an event, including lapsed holds that the counters still contain.
pub async fn general_holds(sql: &impl Sql, event: EventId) -> Result<Vec<GeneralHold>, StoreError> {
    sql.list(
        "SELECT section_id, expires_at, sum(admits) AS persons FROM reservation_items \
             WHERE event_id = $1 AND kind = 'general' AND state = 'held' \
             GROUP BY section_id, expires_at",
        vec![event.into()],
    )
    .await
}

/// A price category of a section's seats, with the range of the prices that single seats have.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct SectionCategory {
    #[sea_orm(alias = "section_id")]
    pub section: SectionId,
    pub category: String,
    /// The lowest own price of a seat, in minor units.
    pub own_min: Option<i64>,
    /// The highest own price of a seat, in minor units.
    pub own_max: Option<i64>,
}

/// The price categories of every section of an event.
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
