//! SQL on seats for the catalogue: seats are laid out, listed, priced and blocked. Holds are in the store of
//! `shop/reservations`.

use std::collections::HashMap;

use holdfast_domain::{
    ids::{EventId, SeatId, SectionId},
    inventory::{SeatKind, SeatState},
    plan::{KnownSeat, PrintedPlace, SeatClaim},
};
use holdfast_entity::{seats, sections};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
    UpdateMany,
    sea_query::{Expr, ExprTrait, LockType},
};

use crate::kernel::db::{self, Dialect, Sql, StoreError, Tx};

/// How many seats one statement reads or writes, so that no statement's memory grows with the hall.
const SEATS_PER_STATEMENT: usize = 1_000;

/// Whether the seat has no owner.
fn is_free() -> Expr {
    let lapsed = seats::Column::ExpiresAt.into_expr().lte(db::clock());
    seats::Column::Status
        .is_in([SeatState::Available, SeatState::Blocked])
        .or(seats::Column::Status.eq(SeatState::Held).and(lapsed))
}

/// A seat as a plan lays it out.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct LaidSeat {
    #[sea_orm(alias = "seat_id")]
    pub id: SeatId,
    #[sea_orm(alias = "section_id")]
    pub section: SectionId,
    #[sea_orm(alias = "seat_guid")]
    pub guid: String,
    #[sea_orm(alias = "row_label")]
    pub row: String,
    /// The label of the seat within its row.
    #[sea_orm(alias = "seat_label")]
    pub label: String,
    /// The price category in the seating plan.
    pub category: String,
}

/// A stored seat of the event whose row is locked.
#[derive(Debug, Clone, FromQueryResult)]
pub struct LockedSeat {
    #[sea_orm(nested)]
    pub laid: LaidSeat,
    status: SeatState,
    free: i32,
}

impl LockedSeat {
    /// The seat in the domain's terms. `zone` is the name of its section.
    pub fn known<'k>(&'k self, zone: &'k str) -> KnownSeat<'k> {
        let (row, number) = (self.laid.row.as_str(), self.laid.label.as_str());
        let (id, guid, claim) = (self.laid.id, self.laid.guid.as_str(), self.claim());
        KnownSeat { id, guid, claim, place: PrintedPlace { zone, row, number } }
    }

    /// Whether somebody has the seat. A lapsed hold does not count.
    pub fn claim(&self) -> SeatClaim {
        match (self.free, self.status) {
            (1, _) => SeatClaim::None,
            (_, SeatState::Sold) => SeatClaim::Sold,
            (
                _,
                SeatState::Available | SeatState::Held | SeatState::Paying | SeatState::Blocked,
            ) => SeatClaim::Held,
        }
    }
}

/// Locks every seat of the event in the order of ids and reads them.
pub async fn lock_all(tx: &Tx, event: EventId) -> Result<Vec<LockedSeat>, StoreError> {
    db::list(tx, locked(event)).await
}

/// Locks the seats of a section in the order of ids and reads them.
pub async fn lock_section(
    tx: &Tx,
    event: EventId,
    section: SectionId,
) -> Result<Vec<LockedSeat>, StoreError> {
    db::list(tx, locked(event).filter(seats::Column::SectionId.eq(section))).await
}

fn locked(event: EventId) -> Select<seats::Entity> {
    seats::Entity::find()
        .select_only()
        .columns([
            seats::Column::SeatId,
            seats::Column::SectionId,
            seats::Column::SeatGuid,
            seats::Column::RowLabel,
            seats::Column::SeatLabel,
            seats::Column::Category,
            seats::Column::Status,
        ])
        .expr_as(Expr::case(is_free(), 1).finally(0), "free")
        .filter(seats::Column::EventId.eq(event))
        .order_by_asc(seats::Column::SeatId)
        .lock(LockType::NoKeyUpdate)
}

/// Writes seats. New seats are available; known seats keep their state, price and kind.
pub async fn lay(tx: &Tx, event: EventId, seats: &[LaidSeat]) -> Result<(), StoreError> {
    for chunk in seats.chunks(SEATS_PER_STATEMENT) {
        let rows = chunk.iter().map(|seat| row(event, seat)).collect();
        let written = db::put_all(
            tx,
            rows,
            &[],
            "ON CONFLICT (event_id, seat_id) DO UPDATE SET section_id = excluded.section_id, \
             row_label = excluded.row_label, seat_label = excluded.seat_label, \
             category = excluded.category, version = seats.version + 1",
        )
        .await?;
        db::exactly(chunk.len() as u64, written, "every seat is written once")?;
    }
    Ok(())
}

fn row(event_id: EventId, seat: &LaidSeat) -> seats::Model {
    seats::Model {
        event_id,
        seat_id: seat.id,
        section_id: seat.section,
        seat_guid: seat.guid.clone(),
        row_label: seat.row.clone(),
        seat_label: seat.label.clone(),
        category: seat.category.clone(),
        kind: SeatKind::Standard,
        price_minor: None,
        status: SeatState::Available,
        version: 1,
        fence: 0,
        reservation_id: None,
        expires_at: None,
        block_reason: None,
    }
}

/// Deletes the seats that have no owner. Returns their number.
pub async fn remove(tx: &Tx, event: EventId, seats: &[SeatId]) -> Result<u64, StoreError> {
    let gone = seats::Entity::delete_many()
        .filter(seats::Column::EventId.eq(event))
        .filter(db::is_among(tx, seats::Column::SeatId, seats.iter().copied()))
        .filter(is_free());
    db::change(tx, gone).await
}

/// Deletes all seats and sections of an event that never had a reservation.
pub async fn remove_all(tx: &Tx, event: EventId) -> Result<(), StoreError> {
    let seats = seats::Entity::delete_many().filter(seats::Column::EventId.eq(event));
    db::change(tx, seats).await?;
    let sections = sections::Entity::delete_many().filter(sections::Column::EventId.eq(event));
    db::change(tx, sections).await?;
    Ok(())
}

/// Locks one seat and reads it.
pub async fn lock(
    tx: &Tx,
    event: EventId,
    seat: SeatId,
) -> Result<Option<seats::Model>, StoreError> {
    let found = seats::Entity::find_by_id((event, seat));
    Ok(found.lock(LockType::NoKeyUpdate).one(tx.orm()).await?)
}

pub async fn one(
    sql: &impl Sql,
    event: EventId,
    seat: SeatId,
) -> Result<Option<seats::Model>, StoreError> {
    Ok(seats::Entity::find_by_id((event, seat)).one(sql.reading()).await?)
}

/// A change of a seat that raises its version.
fn next_version(event: EventId, seat: SeatId) -> UpdateMany<seats::Entity> {
    seats::Entity::update_many()
        .col_expr(seats::Column::Version, db::plus(seats::Column::Version, 1))
        .filter(seats::Column::EventId.eq(event))
        .filter(seats::Column::SeatId.eq(seat))
}

/// Blocks a seat that has no owner. The seat's fence grows, so that a late step of a lapsed hold finds no row.
pub async fn block(tx: &Tx, event: EventId, seat: SeatId, reason: &str) -> Result<u64, StoreError> {
    let blocked = seats::ActiveModel {
        status: Set(SeatState::Blocked),
        block_reason: Set(Some(reason.to_owned())),
        reservation_id: Set(None),
        expires_at: Set(None),
        ..Default::default()
    };
    let change = next_version(event, seat)
        .set(blocked)
        .col_expr(seats::Column::Fence, db::plus(seats::Column::Fence, 1))
        .filter(is_free());
    db::change(tx, change).await
}

/// Makes a blocked seat available.
pub async fn unblock(tx: &Tx, event: EventId, seat: SeatId) -> Result<u64, StoreError> {
    let available = seats::ActiveModel {
        status: Set(SeatState::Available),
        block_reason: Set(None),
        ..Default::default()
    };
    let change = next_version(event, seat)
        .set(available)
        .col_expr(seats::Column::Fence, db::plus(seats::Column::Fence, 1))
        .filter(seats::Column::Status.eq(SeatState::Blocked));
    db::change(tx, change).await
}

/// Sets the seat's own price, unless the seat has an owner.
pub async fn price(tx: &Tx, event: EventId, seat: SeatId, minor: i64) -> Result<u64, StoreError> {
    let priced = seats::ActiveModel { price_minor: Set(Some(minor)), ..Default::default() };
    db::change(tx, next_version(event, seat).set(priced).filter(is_free())).await
}

/// Sets the kind of a seat.
pub async fn kind(
    tx: &Tx,
    event: EventId,
    seat: SeatId,
    kind: SeatKind,
) -> Result<u64, StoreError> {
    let kind = seats::ActiveModel { kind: Set(kind), ..Default::default() };
    db::change(tx, next_version(event, seat).set(kind)).await
}

/// A page of a section's seats, in the order of ids.
pub async fn page(
    sql: &impl Sql,
    event: EventId,
    section: SectionId,
    after: SeatId,
    limit: u64,
) -> Result<Vec<seats::Model>, StoreError> {
    Ok(seats::Entity::find()
        .filter(seats::Column::EventId.eq(event))
        .filter(seats::Column::SectionId.eq(section))
        .filter(seats::Column::SeatId.gt(after))
        .order_by_asc(seats::Column::SeatId)
        .limit(limit)
        .all(sql.reading())
        .await?)
}

/// The stored id, section and kind of a seat of the plan.
#[derive(Debug, Clone, Copy)]
pub struct PlacedSeat {
    pub id: SeatId,
    pub section: SectionId,
    pub kind: SeatKind,
}

/// Every seat of the event by its guid. The function reads pages, because a row of the driver is many times larger
/// than the values that this function keeps.
pub async fn placed(tx: &Tx, event: EventId) -> Result<HashMap<String, PlacedSeat>, StoreError> {
    let (mut found, mut after) = (HashMap::new(), SeatId(0));
    loop {
        let rows: Vec<(SeatId, String, SectionId, SeatKind)> = seats::Entity::find()
            .select_only()
            .columns([
                seats::Column::SeatId,
                seats::Column::SeatGuid,
                seats::Column::SectionId,
                seats::Column::Kind,
            ])
            .filter(seats::Column::EventId.eq(event))
            .filter(seats::Column::SeatId.gt(after))
            .order_by_asc(seats::Column::SeatId)
            .limit(SEATS_PER_STATEMENT as u64)
            .into_tuple()
            .all(tx.orm())
            .await?;
        let whole = rows.len() == SEATS_PER_STATEMENT;
        for (id, guid, section, kind) in rows {
            after = id;
            found.insert(guid, PlacedSeat { id, section, kind });
        }
        if !whole {
            return Ok(found);
        }
    }
}

/// Updates the statistics of PostgreSQL's query planner after many inserts. Otherwise the planner would scan the
/// whole table.
pub async fn analyze(sql: &impl Sql) -> Result<(), StoreError> {
    match sql.writing().dialect() {
        Dialect::Postgres => sql.run("ANALYZE seats", vec![]).await.map(|_| ()),
        Dialect::Sqlite => Ok(()),
    }
}
