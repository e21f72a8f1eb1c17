//! The SQL of the movable clock.

use holdfast_entity::clock_offset::{self, Column};
use sea_orm::{
    EntityTrait,
    sea_query::{Expr, ExprTrait},
};

use crate::kernel::db::{Db, StoreError};

/// Moves `db::now` of every node forward.
pub(super) async fn advance(db: &Db, by_ms: i64) -> Result<(), StoreError> {
    clock_offset::Entity::update_many()
        .col_expr(Column::OffsetMs, Expr::col(Column::OffsetMs).add(by_ms))
        .exec(db.writer())
        .await?;
    Ok(())
}
