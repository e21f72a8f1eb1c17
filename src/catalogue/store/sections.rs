//! SQL on sections. Only sections of general admission use the counters. Holds change the counters; the catalogue never
//! does.

use holdfast_domain::{
    ids::{EventId, SectionId},
    inventory::SectionKind,
};
use holdfast_entity::{seats, sections};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
    sea_query::{Expr, ExprTrait, LockType, Query},
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

/// Inserts a section. A section that exists gets the new position and capacity.
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

/// Deletes a general-admission section of which nothing is held or sold.
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
