//! The texts of events as they are searched and sorted.

use holdfast_domain::ids::EventId;
use holdfast_entity::{event_texts, events};
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, sea_query::ExprTrait,
};

use crate::kernel::db::{self, Sql, StoreError, Tx};

/// Writes the texts of an event, whose row is locked.
pub async fn put(tx: &Tx, texts: event_texts::Model) -> Result<(), StoreError> {
    let otherwise = "ON CONFLICT (event_id) DO UPDATE SET of_version = excluded.of_version, \
        folding = excluded.folding, searched = excluded.searched, place = excluded.place, \
        category = excluded.category, sort_key = excluded.sort_key";
    db::put_all(tx, vec![texts], &[], otherwise).await.map(|_| ())
}

/// Events without texts of their present version and of these rules.
pub async fn outdated(
    sql: &impl Sql,
    folding: i32,
    limit: u64,
) -> Result<Vec<EventId>, StoreError> {
    let of_event = events::Entity::belongs_to(event_texts::Entity)
        .from(events::Column::Id)
        .to(event_texts::Column::EventId)
        .into();
    let other_version =
        event_texts::Column::OfVersion.into_expr().ne(events::Column::Version.into_expr());
    Ok(events::Entity::find()
        .select_only()
        .column(events::Column::Id)
        .join(JoinType::LeftJoin, of_event)
        .filter(
            event_texts::Column::EventId
                .is_null()
                .or(other_version)
                .or(event_texts::Column::Folding.ne(folding)),
        )
        .order_by_asc(events::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(sql.reading())
        .await?)
}
