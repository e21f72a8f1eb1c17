//! SQL on seating plans. A row is one version of an event's plan.

use holdfast_domain::ids::EventId;
use holdfast_entity::plans;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::kernel::db::{self, Sql, StoreError, Tx};

/// Stores a plan under its version.
pub async fn insert(
    tx: &Tx,
    event: EventId,
    version: i32,
    document: String,
) -> Result<(), StoreError> {
    let plan = plans::Model { event_id: event, version, document, created_at: 0 };
    db::insert_at(tx, plan, &[plans::Column::CreatedAt]).await
}

/// The plan of this version. A version that changed only kinds of seats has no row; the plan of the previous version
/// applies.
pub async fn document(
    sql: &impl Sql,
    event: EventId,
    version: i32,
) -> Result<Option<String>, StoreError> {
    let plan = plans::Entity::find()
        .filter(plans::Column::EventId.eq(event))
        .filter(plans::Column::Version.lte(version))
        .order_by_desc(plans::Column::Version)
        .one(sql.reading())
        .await?;
    Ok(plan.map(|plan| plan.document))
}
