//! Sections. The counters belong to general admission alone and are moved by holds, not here.

use holdfast_domain::{
    ids::{EventId, SectionId},
    inventory::SectionKind,
};
use holdfast_entity::sections;
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType,
};

use crate::kernel::db::{self, Sql, StoreError, Tx};

/// The event's sections in their order.
pub async fn all(sql: &impl Sql, event: EventId) -> Result<Vec<sections::Model>, StoreError> {
    Ok(sections::Entity::find()
        .filter(sections::Column::EventId.eq(event))
        .order_by_asc(sections::Column::Position)
        .order_by_asc(sections::Column::Name)
        .all(sql.reading())
        .await?)
}

/// Locks a section and reads it.
pub async fn lock(
    tx: &Tx,
    event: EventId,
    id: SectionId,
) -> Result<Option<sections::Model>, StoreError> {
    let found = sections::Entity::find_by_id((event, id));
    Ok(found.lock(LockType::NoKeyUpdate).one(tx.orm()).await?)
}

/// Adds a section, or gives one of the plan its new place and number of seats.
pub async fn put(
    tx: &Tx,
    event: EventId,
    id: SectionId,
    (name, kind): (&str, SectionKind),
    position: i32,
    capacity: i32,
) -> Result<u64, StoreError> {
    let row = sections::Model {
        event_id: event,
        id,
        name: name.to_owned(),
        kind,
        position,
        capacity,
        held: 0,
        sold: 0,
        blocked: 0,
        version: 1,
    };
    db::put_all(
        tx,
        vec![row],
        &[],
        "ON CONFLICT (event_id, id) DO UPDATE SET position = excluded.position, \
         capacity = excluded.capacity, version = sections.version + 1",
    )
    .await
}

/// Renames a section; a taken name is a unique violation.
pub async fn rename(tx: &Tx, event: EventId, id: SectionId, name: &str) -> Result<u64, StoreError> {
    tx.run(
        "UPDATE sections SET name = $3, version = version + 1 WHERE event_id = $1 AND id = $2",
        vec![event.into(), id.into(), name.into()],
    )
    .await
}

/// Changes how many persons find room, unless more are inside already.
pub async fn resize(
    tx: &Tx,
    event: EventId,
    id: SectionId,
    capacity: i32,
) -> Result<u64, StoreError> {
    tx.run(
        "UPDATE sections SET capacity = $3, version = version + 1 WHERE event_id = $1 AND id = $2 \
         AND kind = 'general' AND held + sold + blocked <= $3",
        vec![event.into(), id.into(), capacity.into()],
    )
    .await
}

/// Deletes a general-admission section of which nothing is held or sold.
pub async fn remove_general(tx: &Tx, event: EventId, id: SectionId) -> Result<u64, StoreError> {
    tx.run(
        "DELETE FROM sections WHERE event_id = $1 AND id = $2 AND kind = 'general' \
         AND held = 0 AND sold = 0",
        vec![event.into(), id.into()],
    )
    .await
}

/// Deletes a seated section that has no seats any more.
pub async fn remove_seated(tx: &Tx, event: EventId, id: SectionId) -> Result<u64, StoreError> {
    tx.run(
        "DELETE FROM sections WHERE event_id = $1 AND id = $2 AND kind = 'seated' AND NOT EXISTS \
         (SELECT 1 FROM seats WHERE seats.event_id = $1 AND seats.section_id = $2)",
        vec![event.into(), id.into()],
    )
    .await
}
