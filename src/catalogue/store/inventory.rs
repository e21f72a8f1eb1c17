//! SQL that counts the places that are left. It takes no locks, and no decision uses its results.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use holdfast_domain::{
    ids::{EventId, SeatId, SectionId},
    inventory::SeatState,
};
use holdfast_entity::seats;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder};

use crate::kernel::db::{self, Sql, StoreError};

/// The seats of a section that have one price category, and one own price or none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SeatClass {
    pub section: SectionId,
    pub category: String,
    /// The own price of each of the seats, in minor units.
    pub own_price_minor: Option<i64>,
}

/// The seats of a class, whatever their states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatsOfClass {
    pub class: SeatClass,
    pub seats: i64,
}

/// A seat that is not stored as available.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddSeat {
    pub id: SeatId,
    /// Seats that were read together share the class.
    pub class: Arc<SeatClass>,
    /// The stored state. A held seat may have lapsed.
    pub status: SeatState,
    pub version: i32,
    /// When the hold lapses, in milliseconds since 1970.
    pub expires_at: Option<i64>,
}

#[derive(Debug, FromQueryResult)]
struct OddSeatRow {
    seat_id: SeatId,
    section_id: SectionId,
    category: String,
    price_minor: Option<i64>,
    status: SeatState,
    version: i32,
    expires_at: Option<i64>,
}

/// The seats that are not stored as available, by id.
pub async fn odd_seats(sql: &impl Sql, event: EventId) -> Result<Vec<OddSeat>, StoreError> {
    let rows = sql.list(
        "SELECT seat_id, section_id, category, price_minor, status, version, expires_at FROM seats \
             WHERE event_id = $1 AND status <> 'available' ORDER BY seat_id",
        vec![event.into()],
    );
    Ok(with_shared_classes(rows.await?))
}

/// Those of these seats that are not stored as available, by id.
pub async fn odd_seats_among(
    sql: &impl Sql,
    event: EventId,
    among: &BTreeSet<SeatId>,
) -> Result<Vec<OddSeat>, StoreError> {
    if among.is_empty() {
        return Ok(Vec::new());
    }
    let found = seats::Entity::find()
        .filter(seats::Column::EventId.eq(event))
        .filter(db::is_among(sql, seats::Column::SeatId, among.iter().copied()))
        .filter(seats::Column::Status.ne(SeatState::Available))
        .order_by_asc(seats::Column::SeatId);
    Ok(with_shared_classes(db::list(sql, found).await?))
}

fn with_shared_classes(rows: Vec<OddSeatRow>) -> Vec<OddSeat> {
    let mut classes: HashSet<Arc<SeatClass>> = HashSet::new();
    let seat = |row: OddSeatRow| {
        let OddSeatRow { section_id: section, category, price_minor: own_price_minor, .. } = row;
        let class = SeatClass { section, category, own_price_minor };
        let class = classes.get(&class).cloned().unwrap_or_else(|| {
            let class = Arc::new(class);
            classes.insert(Arc::clone(&class));
            class
        });
        let OddSeatRow { seat_id: id, status, version, expires_at, .. } = row;
        OddSeat { id, class, status, version, expires_at }
    };
    rows.into_iter().map(seat).collect()
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

/// The classes of an event's seats.
pub async fn classes(sql: &impl Sql, event: EventId) -> Result<Vec<SeatsOfClass>, StoreError> {
    #[derive(FromQueryResult)]
    struct CategoryRow {
        section_id: SectionId,
        category: String,
        price_minor: Option<i64>,
        seats: i64,
    }
    let rows: Vec<CategoryRow> = sql
        .list(
            "SELECT section_id, category, price_minor, count(*) AS seats FROM seats \
                 WHERE event_id = $1 GROUP BY section_id, category, price_minor",
            vec![event.into()],
        )
        .await?;
    let group =
        |CategoryRow { section_id: section, category, price_minor: own_price_minor, seats }| {
            SeatsOfClass { class: SeatClass { section, category, own_price_minor }, seats }
        };
    Ok(rows.into_iter().map(group).collect())
}
