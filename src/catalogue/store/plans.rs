//! Seating plans, one row a version.

use holdfast_domain::ids::EventId;
use holdfast_entity::plans;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::kernel::db::{self, Sql, StoreError, Tx};

/// Keeps a plan under its version.
pub async fn insert(
    tx: &Tx,
    event: EventId,
    version: i32,
    document: String,
) -> Result<(), StoreError> {
    let plan = plans::Model { event_id: event, version, document, created_at: 0 };
    db::insert_at(tx, plan, &[plans::Column::CreatedAt]).await
}

/// The plan under this version. A version that changed nothing but what seats are like has no plan of its own
/// and stands on the one before.
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
