//! SQL on sections. Only sections of general admission use the counters. Holds change the counters; the catalogue never
//! does.

use holdfast_domain::{
    ids::{EventId, SectionId},
    inventory::SectionKind,
    reservation::{ItemKind, ItemState},
};
use holdfast_entity::{reservation_items, seats, sections};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect, UpdateMany,
    sea_query::{Expr, ExprTrait, LockType, Query},
};

use crate::kernel::{
    collation::sort_key,
    db::{self, Sql, StoreError, Tx},
};

/// The event's sections in their order. Sections at the same position are sorted by name.
pub async fn all(sql: &impl Sql, event: EventId) -> Result<Vec<sections::Model>, StoreError> {
    let mut found = sections::Entity::find()
        .filter(sections::Column::EventId.eq(event))
        .all(sql.reading())
        .await?;
    found.sort_by_cached_key(|section| (section.position, sort_key(&section.name)));
    Ok(found)
}

/// A section. Only transactions of the catalogue rename it, and they hold the lock of the event's row.
pub async fn one(
    tx: &Tx,
    event: EventId,
    id: SectionId,
) -> Result<Option<sections::Model>, StoreError> {
    Ok(sections::Entity::find_by_id((event, id)).one(tx.orm()).await?)
}

/// Locks the section's counters and returns whether somebody has a general-admission place. A lapsed hold does not
/// count.
pub async fn is_taken(tx: &Tx, event: EventId, id: SectionId) -> Result<bool, StoreError> {
    lock(tx, event, id).await?;
    let lasts = reservation_items::Column::ExpiresAt.into_expr().gt(db::clock());
    let taken = reservation_items::Column::State
        .is_in([ItemState::Paying, ItemState::Sold])
        .or(reservation_items::Column::State.eq(ItemState::Held).and(lasts));
    let found = reservation_items::Entity::find()
        .filter(reservation_items::Column::EventId.eq(event))
        .filter(reservation_items::Column::SectionId.eq(id))
        .filter(reservation_items::Column::Kind.eq(ItemKind::General))
        .filter(taken)
        .limit(1);
    let found: Option<reservation_items::Model> = db::find(tx, found).await?;
    Ok(found.is_some())
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

/// Adds a section, or updates the name, position and number of seats of a section of the plan.
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
        "ON CONFLICT (event_id, id) DO UPDATE SET name = excluded.name, \
         position = excluded.position, capacity = excluded.capacity, version = sections.version + 1",
    )
    .await
}

/// The condition for one section.
fn by_key(event: EventId, id: SectionId) -> Expr {
    sections::Column::EventId.eq(event).and(sections::Column::Id.eq(id))
}

/// A change of a section that raises its version.
fn next_version(event: EventId, id: SectionId) -> UpdateMany<sections::Entity> {
    sections::Entity::update_many()
        .col_expr(sections::Column::Version, db::plus(sections::Column::Version, 1))
        .filter(by_key(event, id))
}

/// Renames a section. A taken name is a unique violation.
pub async fn rename(tx: &Tx, event: EventId, id: SectionId, name: &str) -> Result<u64, StoreError> {
    let name = sections::ActiveModel { name: Set(name.to_owned()), ..Default::default() };
    db::change(tx, next_version(event, id).set(name)).await
}

/// Changes a section's capacity, unless held, sold and blocked places exceed it.
pub async fn resize(
    tx: &Tx,
    event: EventId,
    id: SectionId,
    capacity: i32,
) -> Result<u64, StoreError> {
    let inside = sections::Column::Held
        .into_expr()
        .add(sections::Column::Sold.into_expr())
        .add(sections::Column::Blocked.into_expr());
    let change = next_version(event, id)
        .set(sections::ActiveModel { capacity: Set(capacity), ..Default::default() })
        .filter(sections::Column::Kind.eq(SectionKind::General))
        .filter(inside.lte(capacity));
    db::change(tx, change).await
}

/// Deletes a general-admission section without held or sold places.
pub async fn remove_general(tx: &Tx, event: EventId, id: SectionId) -> Result<u64, StoreError> {
    let gone = sections::Entity::delete_many()
        .filter(by_key(event, id))
        .filter(sections::Column::Kind.eq(SectionKind::General))
        .filter(sections::Column::Held.eq(0))
        .filter(sections::Column::Sold.eq(0));
    db::change(tx, gone).await
}

/// Deletes a seated section that has no seats any more.
pub async fn remove_seated(tx: &Tx, event: EventId, id: SectionId) -> Result<u64, StoreError> {
    let its_seats = Query::select()
        .expr(Expr::cust("1"))
        .from(seats::Entity)
        .and_where(seats::Column::EventId.eq(event))
        .and_where(seats::Column::SectionId.eq(id))
        .take();
    let gone = sections::Entity::delete_many()
        .filter(by_key(event, id))
        .filter(sections::Column::Kind.eq(SectionKind::Seated))
        .filter(Expr::not_exists(its_seats));
    db::change(tx, gone).await
}
