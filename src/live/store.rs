//! The SQL of the change log.

use holdfast_domain::ids::EventId;
use holdfast_entity::{changes, event_sequences, leases, outbox};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, SelectExt,
};

use crate::kernel::db::{self, Bug, Sql, StoreError, Writes};

/// Inserts a change into the outbox.
pub async fn insert(sql: &impl Writes, event: EventId, payload: String) -> Result<(), StoreError> {
    let row = outbox::Model { id: 0, event_id: event, payload, created_at: 0 };
    db::insert_at(sql, row, &[outbox::Column::CreatedAt]).await
}

/// Inserts a change into the outbox if the event still has this version.
pub async fn insert_at_version(
    sql: &impl Writes,
    event: EventId,
    version: i32,
    payload: String,
) -> Result<(), StoreError> {
    let text = "INSERT INTO outbox (payload, event_id, created_at) \
         SELECT $1, e.id, {now} FROM events e WHERE e.id = $2 AND e.version = $3";
    sql.write(text, vec![payload.into(), event.into(), version.into()], None).await
}

/// A committed change that has no number yet.
#[derive(Debug, FromQueryResult)]
pub struct Unnumbered {
    /// The order in which the rows were inserted. It is only a hint, because transactions become visible in another
    /// order.
    pub id: i64,
    #[sea_orm(alias = "event_id")]
    pub event: EventId,
    /// The change as JSON text, as [`super::record`] built it.
    pub payload: String,
}

/// Whether the outbox has a row.
pub async fn is_waiting(sql: &impl Sql) -> Result<bool, StoreError> {
    Ok(outbox::Entity::find().exists(sql.reading()).await?)
}

/// Locks the relay's row until the transaction ends, so that one node numbers changes at a time. The transaction of a
/// node that dies ends, and frees the row.
pub async fn lock_relay(tx: &impl Sql) -> Result<(), StoreError> {
    let row = leases::Model { name: "relay".to_owned(), fence: 1 };
    let otherwise = "ON CONFLICT (name) DO UPDATE SET fence = leases.fence + 1";
    db::put_all(tx, vec![row], &[], otherwise).await.map(|_| ())
}

/// Takes the oldest rows out of the outbox, at most `limit`.
pub async fn take(tx: &impl Sql, limit: i64) -> Result<Vec<Unnumbered>, StoreError> {
    let mut taken: Vec<Unnumbered> = tx
        .list(
            "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT $1) \
             RETURNING id, event_id, payload",
            vec![limit.into()],
        )
        .await?;
    taken.sort_by_key(|row| row.id);
    Ok(taken)
}

/// Takes the next `count` numbers of an event. Returns the last of them.
pub async fn advance(tx: &impl Sql, event: EventId, count: i64) -> Result<i64, StoreError> {
    let last = tx
        .value(
            "INSERT INTO event_sequences (event_id, last_seq) VALUES ($1, $2) \
             ON CONFLICT (event_id) DO UPDATE SET last_seq = event_sequences.last_seq + $2 \
             RETURNING last_seq",
            vec![event.into(), count.into()],
        )
        .await?;
    Ok(last.ok_or_else(|| Bug::new("no sequence of an event"))?)
}

/// Appends changes to the log of the event, numbered from `first`.
pub async fn append(
    tx: &impl Sql,
    event: EventId,
    first: i64,
    payloads: Vec<String>,
) -> Result<(), StoreError> {
    let numbered = payloads.into_iter().zip(first..);
    let rows = numbered.map(|(payload, seq)| changes::Model {
        event_id: event,
        seq,
        payload,
        created_at: 0,
    });
    db::insert_all_at(tx, rows.collect(), &[changes::Column::CreatedAt]).await
}

/// The number of the last change of an event. 0 before the first change.
pub async fn last_seq(sql: &impl Sql, event: EventId) -> Result<i64, StoreError> {
    let found = event_sequences::Entity::find_by_id(event).one(sql.reading()).await?;
    Ok(found.map_or(0, |found| found.last_seq))
}

/// A numbered change as stored.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Numbered {
    /// The number of the change, without gaps within the event.
    pub seq: i64,
    /// The change as JSON text, as [`super::record`] built it.
    pub payload: String,
    now: i64,
}

#[cfg(test)]
impl Numbered {
    pub fn new(seq: i64, payload: String) -> Self {
        Self { seq, payload, now: 0 }
    }
}

/// The changes after the number `after`, and the database's clock in milliseconds since 1970 (0 without changes).
pub async fn since(
    sql: &impl Sql,
    event: EventId,
    after: i64,
    limit: u64,
) -> Result<(Vec<Numbered>, i64), StoreError> {
    let found = changes::Entity::find()
        .expr_as(db::clock(), "now")
        .filter(changes::Column::EventId.eq(event))
        .filter(changes::Column::Seq.gt(after))
        .order_by_asc(changes::Column::Seq)
        .limit(limit);
    let changes: Vec<Numbered> = db::list(sql, found).await?;
    let now = changes.last().map_or(0, |change| change.now);
    Ok((changes, now))
}

/// A change whose transaction has committed, whether the relay has numbered it or not.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Committed {
    /// Its number, if it has one already.
    pub seq: Option<i64>,
    /// The change as JSON text, as [`super::record`] built it.
    pub payload: String,
}

/// The changes after the number `after`, and those without a number; at most `limit`, in no order.
pub async fn committed_since(
    sql: &impl Sql,
    event: EventId,
    after: i64,
    limit: u64,
) -> Result<Vec<Committed>, StoreError> {
    sql.list(
        "SELECT seq, payload FROM changes WHERE event_id = $1 AND seq > $2 \
             UNION ALL SELECT CAST(NULL AS BIGINT) AS seq, payload FROM outbox WHERE event_id = $1 \
             LIMIT $3",
        vec![event.into(), after.into(), limit.into()],
    )
    .await
}

/// The numbers of the last changes of several events. An event without changes is left out.
pub async fn last_seqs(
    sql: &impl Sql,
    events: &[EventId],
) -> Result<Vec<(EventId, i64)>, StoreError> {
    let found = event_sequences::Entity::find()
        .filter(db::is_among(sql, event_sequences::Column::EventId, events.iter().copied()))
        .all(sql.reading())
        .await?;
    Ok(found.into_iter().map(|found| (found.event_id, found.last_seq)).collect())
}

/// Deletes changes older than `kept_ms`, oldest first. Returns their number. A viewer that has not seen
/// them reads the whole state again.
pub async fn forget(sql: &impl Sql, kept_ms: i64) -> Result<u64, StoreError> {
    db::forget(sql, changes::Entity::find(), changes::Column::CreatedAt, kept_ms).await
}
