//! Events: the row, the list, what is due.

use holdfast_domain::ids::EventId;
use holdfast_entity::{events, publications, reservations};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, SelectExt,
    sea_query::LockType,
};

use crate::kernel::db::{self, Sql, StoreError, Tx};

/// An event at one moment: the row, its organization's name, the database's clock and how many changes
/// were committed by then.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Moment {
    /// The row.
    #[sea_orm(nested)]
    pub row: events::Model,
    /// The organization's name.
    pub organization: String,
    /// The database's clock.
    pub now: i64,
    /// The number of the last numbered change.
    pub seq: i64,
    /// How many changes are not numbered yet.
    pending: i64,
}

impl Moment {
    /// How many changes were committed, numbered or not: it grows with each, in no other way, so what
    /// was read under the same total is still true.
    pub fn total(&self) -> i64 {
        self.seq + self.pending
    }
}

pub(super) const MOMENT: &str = "SELECT e.*, o.name AS organization, {now} AS now, \
    COALESCE((SELECT last_seq FROM event_sequences s WHERE s.event_id = e.id), 0) AS seq, \
    (SELECT count(*) FROM outbox b WHERE b.event_id = e.id) AS pending \
    FROM events e JOIN organizations o ON o.id = e.organization_id";

/// The event as it is at this moment.
pub async fn at(sql: &impl Sql, id: EventId) -> Result<Option<Moment>, StoreError> {
    sql.find(&format!("{MOMENT} WHERE e.id = $1"), vec![id.into()]).await
}

/// Locks the event's row and reads it: catalogue changes of one event come one after the other.
pub async fn lock(tx: &Tx, id: EventId) -> Result<Option<events::Model>, StoreError> {
    Ok(events::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx.orm()).await?)
}

/// Adds an event; a taken slug is a unique violation.
pub async fn insert(tx: &Tx, event: events::Model) -> Result<(), StoreError> {
    db::insert(tx, event).await
}

/// Writes the event, whose row is locked, as version `+ 1`.
pub async fn update(tx: &Tx, event: &events::Model) -> Result<u64, StoreError> {
    tx.run(
        "UPDATE events SET name = $2, description = $3, category = $4, place = $5, starts_at = $6, \
         ends_at = $7, sale_starts_at = $8, sale_ends_at = $9, max_per_user = $10, \
         max_per_order = $11, hold_seconds = $12, hold_cap_seconds = $13, status = $14, \
         plan_version = $15, next_seat_id = $16, promised_starts_at = $18, version = version + 1, \
         updated_at = {now} WHERE id = $1 AND version = $17",
        vec![
            event.id.into(),
            event.name.clone().into(),
            event.description.clone().into(),
            event.category.clone().into(),
            event.place.clone().into(),
            event.starts_at.into(),
            event.ends_at.into(),
            event.sale_starts_at.into(),
            event.sale_ends_at.into(),
            event.max_per_user.into(),
            event.max_per_order.into(),
            event.hold_seconds.into(),
            event.hold_cap_seconds.into(),
            event.status.into(),
            event.plan_version.into(),
            event.next_seat_id.into(),
            event.version.into(),
            event.promised_starts_at.into(),
        ],
    )
    .await
}

/// Events that time has taken on, by their stored status, oldest first.
pub async fn due(sql: &impl Sql, limit: i64) -> Result<Vec<EventId>, StoreError> {
    sql.values(
            "SELECT id FROM (SELECT id, status, starts_at, ends_at, sale_starts_at, {now} AS now FROM events \
             WHERE status IN ('upcoming', 'on_sale')) e \
             WHERE (status = 'upcoming' AND sale_starts_at <= now) OR ends_at <= now \
             ORDER BY starts_at LIMIT $1",
            vec![limit.into()],
        )
        .await
}

/// Whether anybody ever held or booked anything of the event.
pub async fn has_reservations(sql: &impl Sql, id: EventId) -> Result<bool, StoreError> {
    let of_event = reservations::Column::EventId.eq(id);
    Ok(reservations::Entity::find().filter(of_event).exists(sql.reading()).await?)
}

/// Whether somebody booked, or is paying for, something of the event.
pub async fn has_bookings(sql: &impl Sql, id: EventId) -> Result<bool, StoreError> {
    let found: Option<i32> = sql
        .value(
            "SELECT 1 AS found FROM booking_lines l JOIN bookings b ON b.id = l.booking_id \
             WHERE l.event_id = $1 AND b.status IN ('pending', 'confirmed') LIMIT 1",
            vec![id.into()],
        )
        .await?;
    Ok(found.is_some())
}

/// Deletes the event and everything of its catalogue but its seats and sections.
pub async fn delete(tx: &Tx, id: EventId) -> Result<u64, StoreError> {
    for table in
        ["offers", "plans", "buyers", "changes", "event_sequences", "outbox", "publications"]
    {
        tx.run(&format!("DELETE FROM {table} WHERE event_id = $1"), vec![id.into()]).await?;
    }
    tx.run("DELETE FROM events WHERE id = $1", vec![id.into()]).await
}

/// Notes that the event was published; a first time stays.
pub async fn note_publication(tx: &Tx, id: EventId, now: i64) -> Result<(), StoreError> {
    let row = publications::Model { event_id: id, published_at: now };
    let key = [publications::Column::EventId];
    db::insert_unless_known(tx, row, &[], &key).await.map(|_| ())
}

/// Whether there is any event.
pub async fn any(sql: &impl Sql) -> Result<bool, StoreError> {
    Ok(events::Entity::find().exists(sql.reading()).await?)
}
