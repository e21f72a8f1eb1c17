//! Seats as the catalogue sees them: laid out, listed, kept back. Holding them is not done here.

use std::collections::HashMap;

use holdfast_contract::catalogue::SeatKind;
use holdfast_domain::{
    ids::{EventId, SeatId, SectionId},
    plan::Claim,
};
use holdfast_entity::seats;
use sea_orm::{DbErr, FromQueryResult, Value};

use crate::{
    catalogue::seat_kinds,
    kernel::db::{Dialect, Sql, Tx, placeholders},
};

/// How many seats one statement writes: SQLite takes 32,766 values, PostgreSQL 65,535.
const SEATS_PER_STATEMENT: usize = 1_000;
/// What stands in a seat's row that is nobody's.
const FREE: &str =
    "(status IN ('available', 'blocked') OR (status = 'held' AND expires_at <= {now}))";

/// A seat as a plan lays it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaidSeat {
    /// Its id.
    pub id: SeatId,
    /// Its section.
    pub section: SectionId,
    /// Its guid.
    pub guid: String,
    /// Its row.
    pub row: String,
    /// Its number within the row.
    pub label: String,
    /// Its price category.
    pub category: String,
}

/// A seat that the event has, its row locked.
#[derive(Debug, Clone)]
pub struct LockedSeat {
    /// As laid out.
    pub laid: LaidSeat,
    /// Who has it, a lapsed hold being nobody's.
    pub claim: Claim,
}

/// Locks every seat of the event in the order of ids and reads them.
pub async fn lock_all(tx: &Tx, event: EventId) -> Result<Vec<LockedSeat>, DbErr> {
    let rows = tx
        .all(
            &format!(
                "SELECT seat_id, section_id, seat_guid, row_label, seat_label, category, status, \
                 CASE WHEN {FREE} THEN 1 ELSE 0 END AS free \
                 FROM seats WHERE event_id = $1 ORDER BY seat_id {{lock}}"
            ),
            vec![event.0.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let status: String = row.try_get("", "status")?;
            let claim = match (row.try_get::<i32>("", "free")?, status.as_str()) {
                (1, _) => Claim::None,
                (_, "sold") => Claim::Sold,
                _ => Claim::Held,
            };
            let laid = LaidSeat {
                id: SeatId(row.try_get("", "seat_id")?),
                section: SectionId(row.try_get("", "section_id")?),
                guid: row.try_get("", "seat_guid")?,
                row: row.try_get("", "row_label")?,
                label: row.try_get("", "seat_label")?,
                category: row.try_get("", "category")?,
            };
            Ok(LockedSeat { laid, claim })
        })
        .collect()
}

/// Writes seats: new ones are available, known ones keep their state, price and kind.
pub async fn lay(tx: &Tx, event: EventId, seats: &[LaidSeat]) -> Result<(), DbErr> {
    const COLUMNS: usize = 6;
    for chunk in seats.chunks(SEATS_PER_STATEMENT) {
        let mut sql = String::from(
            "INSERT INTO seats (event_id, seat_id, section_id, seat_guid, row_label, seat_label, \
             category, kind, status, version, fence) VALUES ",
        );
        let mut values: Vec<Value> = vec![event.0.into()];
        for (index, seat) in chunk.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let fields = placeholders(values.len() + 1, COLUMNS);
            sql.push_str(&format!("{comma}($1,{fields},'standard','available',1,0)"));
            values.extend([
                Value::from(seat.id.0),
                seat.section.0.into(),
                seat.guid.clone().into(),
                seat.row.clone().into(),
                seat.label.clone().into(),
                seat.category.clone().into(),
            ]);
        }
        sql.push_str(
            " ON CONFLICT (event_id, seat_id) DO UPDATE SET section_id = excluded.section_id, \
             row_label = excluded.row_label, seat_label = excluded.seat_label, \
             category = excluded.category, version = seats.version + 1",
        );
        let written = tx.run(&sql, values).await?;
        assert_eq!(written, chunk.len() as u64, "every seat is written once");
    }
    Ok(())
}

/// Deletes seats that are nobody's; answers how many.
pub async fn remove(tx: &Tx, event: EventId, seats: &[SeatId]) -> Result<u64, DbErr> {
    let mut removed = 0;
    for chunk in seats.chunks(SEATS_PER_STATEMENT) {
        let mut values: Vec<Value> = vec![event.0.into()];
        values.extend(chunk.iter().map(|seat| Value::from(seat.0)));
        let list = placeholders(2, chunk.len());
        removed += tx
            .run(
                &format!(
                    "DELETE FROM seats WHERE event_id = $1 AND seat_id IN ({list}) AND {FREE}"
                ),
                values,
            )
            .await?;
    }
    Ok(removed)
}

/// Deletes every seat and section of an event that nobody ever held anything of.
pub async fn remove_all(tx: &Tx, event: EventId) -> Result<(), DbErr> {
    tx.run("DELETE FROM seats WHERE event_id = $1", vec![event.0.into()]).await?;
    tx.run("DELETE FROM sections WHERE event_id = $1", vec![event.0.into()]).await?;
    Ok(())
}

/// Locks one seat and reads it.
pub async fn lock(tx: &Tx, event: EventId, seat: SeatId) -> Result<Option<seats::Model>, DbErr> {
    let row = tx
        .one(
            "SELECT * FROM seats WHERE event_id = $1 AND seat_id = $2 {lock}",
            vec![event.0.into(), seat.0.into()],
        )
        .await?;
    row.as_ref().map(|row| seats::Model::from_query_result(row, "")).transpose()
}

/// One seat.
pub async fn one(
    sql: &impl Sql,
    event: EventId,
    seat: SeatId,
) -> Result<Option<seats::Model>, DbErr> {
    let row = sql
        .one(
            "SELECT * FROM seats WHERE event_id = $1 AND seat_id = $2",
            vec![event.0.into(), seat.0.into()],
        )
        .await?;
    row.as_ref().map(|row| seats::Model::from_query_result(row, "")).transpose()
}

/// Keeps a seat back that is nobody's. Its fence grows, so that a late step of a lapsed hold finds nothing.
pub async fn block(tx: &Tx, event: EventId, seat: SeatId, reason: &str) -> Result<u64, DbErr> {
    tx.run(
        &format!(
            "UPDATE seats SET status = 'blocked', block_reason = $3, reservation_id = NULL, \
             expires_at = NULL, version = version + 1, fence = fence + 1 \
             WHERE event_id = $1 AND seat_id = $2 AND {FREE}"
        ),
        vec![event.0.into(), seat.0.into(), reason.into()],
    )
    .await
}

/// Frees a seat that is kept back.
pub async fn unblock(tx: &Tx, event: EventId, seat: SeatId) -> Result<u64, DbErr> {
    tx.run(
        "UPDATE seats SET status = 'available', block_reason = NULL, version = version + 1, \
         fence = fence + 1 WHERE event_id = $1 AND seat_id = $2 AND status = 'blocked'",
        vec![event.0.into(), seat.0.into()],
    )
    .await
}

/// Gives a seat a price of its own, unless somebody has it.
pub async fn price(tx: &Tx, event: EventId, seat: SeatId, minor: i64) -> Result<u64, DbErr> {
    tx.run(
        &format!(
            "UPDATE seats SET price_minor = $3, version = version + 1 \
             WHERE event_id = $1 AND seat_id = $2 AND {FREE}"
        ),
        vec![event.0.into(), seat.0.into(), minor.into()],
    )
    .await
}

/// Says what a seat is like.
pub async fn kind(tx: &Tx, event: EventId, seat: SeatId, kind: &str) -> Result<u64, DbErr> {
    tx.run(
        "UPDATE seats SET kind = $3, version = version + 1 WHERE event_id = $1 AND seat_id = $2",
        vec![event.0.into(), seat.0.into(), kind.into()],
    )
    .await
}

/// A page of a section's seats by id, and the clock by which they are read.
pub async fn page(
    sql: &impl Sql,
    event: EventId,
    section: SectionId,
    after: SeatId,
    limit: u64,
) -> Result<Vec<seats::Model>, DbErr> {
    let rows = sql
        .all(
            &format!(
                "SELECT * FROM seats WHERE event_id = $1 AND section_id = $2 AND seat_id > $3 \
                 ORDER BY seat_id LIMIT {limit}"
            ),
            vec![event.0.into(), section.0.into(), after.0.into()],
        )
        .await?;
    rows.iter().map(|row| seats::Model::from_query_result(row, "")).collect()
}

/// Where a seat of the plan stands in the event.
#[derive(Debug, Clone, Copy)]
pub struct PlacedSeat {
    /// Its id.
    pub id: SeatId,
    /// Its section.
    pub section: SectionId,
    /// What it is like.
    pub kind: SeatKind,
}

/// Every seat's id, section and kind by its guid. Read in pages: rows of the driver are many times larger than
/// what is kept of them.
pub async fn placed(tx: &Tx, event: EventId) -> Result<HashMap<String, PlacedSeat>, DbErr> {
    let text = format!(
        "SELECT seat_id, seat_guid, section_id, kind FROM seats WHERE event_id = $1 AND seat_id > $2 \
         ORDER BY seat_id LIMIT {SEATS_PER_STATEMENT}"
    );
    let (mut found, mut after) = (HashMap::new(), SeatId(0));
    loop {
        let rows = tx.all(&text, vec![event.0.into(), after.0.into()]).await?;
        for row in &rows {
            after = SeatId(row.try_get("", "seat_id")?);
            let kind: String = row.try_get("", "kind")?;
            let seat = PlacedSeat {
                id: after,
                section: SectionId(row.try_get("", "section_id")?),
                kind: seat_kinds::parse(&kind),
            };
            found.insert(row.try_get("", "seat_guid")?, seat);
        }
        if rows.len() < SEATS_PER_STATEMENT {
            return Ok(found);
        }
    }
}

/// After many seats were written: fresh figures for the planner, which else reads the whole table.
pub async fn analyze(sql: &impl Sql) -> Result<(), DbErr> {
    match sql.writing().dialect() {
        Dialect::Postgres => sql.run("ANALYZE seats", vec![]).await.map(|_| ()),
        Dialect::Sqlite => Ok(()),
    }
}
