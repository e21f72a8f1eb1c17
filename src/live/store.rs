//! The SQL of the change log.

use holdfast_domain::ids::EventId;
use sea_orm::{DbErr, Value};

use crate::kernel::db::{Sql, Writes, largest_power_of_two, placeholders};

/// Adds an outbox row.
pub async fn insert(sql: &impl Writes, event: EventId, payload: String) -> Result<(), DbErr> {
    sql.write(
        "INSERT INTO outbox (event_id, payload, created_at) VALUES ($1, $2, {now})",
        vec![event.0.into(), payload.into()],
        None,
    )
    .await
}

/// A committed change that has no number yet.
#[derive(Debug)]
pub struct Unnumbered {
    /// The order in which rows were begun; only a hint, since they become visible out of order.
    pub id: i64,
    /// The event.
    pub event: EventId,
    /// The change.
    pub payload: String,
}

/// Whether there is anything to number.
pub async fn is_waiting(sql: &impl Sql) -> Result<bool, DbErr> {
    Ok(sql.one("SELECT id FROM outbox LIMIT 1", vec![]).await?.is_some())
}

/// Locks the relay's row until the transaction ends: one node numbers at a time, and one that dies frees it.
pub async fn lock_relay(tx: &impl Sql) -> Result<(), DbErr> {
    tx.run(
        "INSERT INTO leases (name, fence) VALUES ('relay', 1) \
         ON CONFLICT (name) DO UPDATE SET fence = leases.fence + 1",
        vec![],
    )
    .await
    .map(|_| ())
}

/// Takes the oldest rows out of the outbox.
pub async fn take(tx: &impl Sql, limit: i64) -> Result<Vec<Unnumbered>, DbErr> {
    let rows = tx
        .all(
            "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT $1) \
             RETURNING id, event_id, payload",
            vec![limit.into()],
        )
        .await?;
    let mut taken = rows
        .iter()
        .map(|row| {
            Ok(Unnumbered {
                id: row.try_get("", "id")?,
                event: EventId(row.try_get("", "event_id")?),
                payload: row.try_get("", "payload")?,
            })
        })
        .collect::<Result<Vec<_>, DbErr>>()?;
    taken.sort_by_key(|row| row.id);
    Ok(taken)
}

/// Takes the next `count` numbers of an event; answers the last of them.
pub async fn advance(tx: &impl Sql, event: EventId, count: i64) -> Result<i64, DbErr> {
    let row = tx
        .one(
            "INSERT INTO event_sequences (event_id, last_seq) VALUES ($1, $2) \
             ON CONFLICT (event_id) DO UPDATE SET last_seq = event_sequences.last_seq + $2 \
             RETURNING last_seq",
            vec![event.0.into(), count.into()],
        )
        .await?;
    row.ok_or_else(|| DbErr::RecordNotFound("event_sequences".into()))?.try_get("", "last_seq")
}

/// Writes numbered changes: 1, 2, 4 … at once, so that the database knows the statements already.
pub async fn append(
    tx: &impl Sql,
    event: EventId,
    first: i64,
    mut payloads: Vec<String>,
) -> Result<(), DbErr> {
    const WIDTH: usize = 3;
    let mut seq = first;
    while !payloads.is_empty() {
        let rest = payloads.split_off(largest_power_of_two(payloads.len()));
        let rows: Vec<String> = (0..payloads.len())
            .map(|index| format!("({}, {{now}})", placeholders(1 + index * WIDTH, WIDTH)))
            .collect();
        let mut values: Vec<Value> = Vec::with_capacity(payloads.len() * WIDTH);
        for payload in payloads {
            values.extend([event.0.into(), seq.into(), payload.into()]);
            seq += 1;
        }
        let text = format!(
            "INSERT INTO changes (event_id, seq, payload, created_at) VALUES {}",
            rows.join(",")
        );
        tx.run(&text, values).await?;
        payloads = rest;
    }
    Ok(())
}

/// The last number of an event; 0 when nothing changed yet.
pub async fn last_seq(sql: &impl Sql, event: EventId) -> Result<i64, DbErr> {
    let row = sql
        .one("SELECT last_seq FROM event_sequences WHERE event_id = $1", vec![event.0.into()])
        .await?;
    row.map_or(Ok(0), |row| row.try_get("", "last_seq"))
}

/// A numbered change as stored.
#[derive(Debug, Clone)]
pub struct Numbered {
    /// Gapless within the event.
    pub seq: i64,
    /// The change.
    pub payload: String,
}

/// What came after `after`, and the database's clock in milliseconds since 1970.
pub async fn since(
    sql: &impl Sql,
    event: EventId,
    after: i64,
    limit: i64,
) -> Result<(Vec<Numbered>, i64), DbErr> {
    let rows = sql
        .all(
            "SELECT seq, payload, {now} AS now FROM changes WHERE event_id = $1 AND seq > $2 \
             ORDER BY seq LIMIT $3",
            vec![event.0.into(), after.into(), limit.into()],
        )
        .await?;
    let now = rows.last().map_or(Ok(0), |row| row.try_get("", "now"))?;
    let changes = rows
        .iter()
        .map(|row| {
            Ok(Numbered { seq: row.try_get("", "seq")?, payload: row.try_get("", "payload")? })
        })
        .collect::<Result<Vec<_>, DbErr>>()?;
    Ok((changes, now))
}

/// The last numbers of several events.
pub async fn last_seqs(sql: &impl Sql, events: &[EventId]) -> Result<Vec<(EventId, i64)>, DbErr> {
    let text = format!(
        "SELECT event_id, last_seq FROM event_sequences WHERE event_id IN ({})",
        placeholders(1, events.len())
    );
    let values = events.iter().map(|event| event.0.into()).collect();
    let rows = sql.all(&text, values).await?;
    rows.iter()
        .map(|row| Ok((EventId(row.try_get("", "event_id")?), row.try_get("", "last_seq")?)))
        .collect()
}

/// Drops changes older than `keep_ms`; who has not seen them reads the state again.
pub async fn prune(sql: &impl Sql, keep_ms: i64) -> Result<u64, DbErr> {
    sql.run("DELETE FROM changes WHERE created_at < {now} - $1", vec![keep_ms.into()]).await
}
