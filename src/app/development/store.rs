//! The SQL of the movable clock and of the kept mails.

use holdfast_entity::{
    clock_offset::{self, Column},
    kept_mails,
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait},
};

use uuid::Uuid;

use crate::kernel::db::{Db, StoreError};

/// The maximum number of mails that a page shows.
const MAX_MAILS: u64 = 100;

/// Moves `db::now` of every node forward.
pub(super) async fn advance(db: &Db, by_ms: i64) -> Result<(), StoreError> {
    clock_offset::Entity::update_many()
        .col_expr(Column::OffsetMs, Expr::col(Column::OffsetMs).add(by_ms))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// The newest kept mails, of all recipients or of one.
pub(super) async fn mails(db: &Db, to: Option<&str>) -> Result<Vec<kept_mails::Model>, StoreError> {
    Ok(kept_mails::Entity::find()
        .apply_if(to, |found, to| found.filter(kept_mails::Column::Recipient.eq(to)))
        .order_by_desc(kept_mails::Column::Id)
        .limit(MAX_MAILS)
        .all(db.reader())
        .await?)
}

pub(super) async fn mail(db: &Db, id: Uuid) -> Result<Option<kept_mails::Model>, StoreError> {
    let found = kept_mails::Entity::find().filter(kept_mails::Column::Id.eq(id));
    Ok(found.one(db.reader()).await?)
}
