//! SQL on the moves of published events.

use holdfast_domain::ids::EventId;
use holdfast_entity::event_moves::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, SelectExt};

use crate::kernel::db::{self, Sql, StoreError, Tx};

pub async fn insert(tx: &Tx, row: Model) -> Result<(), StoreError> {
    db::insert(tx, row).await
}

/// The events whose last move was made `quiet_ms` ago, or whose first one `most_ms` ago.
pub async fn due(
    sql: &impl Sql,
    quiet_ms: i64,
    most_ms: i64,
    limit: i64,
) -> Result<Vec<EventId>, StoreError> {
    sql.values(
        "SELECT event_id FROM event_moves GROUP BY event_id \
         HAVING MAX(moved_at) <= {now} - $1 OR MIN(moved_at) <= {now} - $2 \
         ORDER BY MIN(moved_at) LIMIT $3",
        vec![quiet_ms.into(), most_ms.into(), limit.into()],
    )
    .await
}

/// The moves of the event, in the order of their versions.
pub async fn of(sql: &impl Sql, event: EventId) -> Result<Vec<Model>, StoreError> {
    let of_event = Entity::find().filter(Column::EventId.eq(event));
    Ok(of_event.order_by_asc(Column::Version).all(sql.reading()).await?)
}

pub async fn has_later(sql: &impl Sql, event: EventId, version: i32) -> Result<bool, StoreError> {
    let of_event = Entity::find().filter(Column::EventId.eq(event));
    Ok(of_event.filter(Column::Version.gt(version)).exists(sql.reading()).await?)
}

/// Deletes the moves of the event up to this version. Returns their number.
pub async fn delete(sql: &impl Sql, event: EventId, version: i32) -> Result<u64, StoreError> {
    let told = Entity::delete_many()
        .filter(Column::EventId.eq(event))
        .filter(Column::Version.lte(version));
    db::change(sql, told).await
}
