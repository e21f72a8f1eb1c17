//! SQL on offers. A withdrawn offer keeps its row, because bookings name it.

use holdfast_domain::{
    event::Status,
    ids::{EventId, OfferId, SectionId},
    money::Currency,
};
use holdfast_entity::{events, offers};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, UpdateMany,
};
use uuid::Uuid;

use crate::kernel::db::{self, Sql, StoreError, Tx};

/// The offers of an event that are not withdrawn, in their order.
pub async fn live(sql: &impl Sql, event: EventId) -> Result<Vec<offers::Model>, StoreError> {
    Ok(offers::Entity::find()
        .filter(offers::Column::EventId.eq(event))
        .filter(offers::Column::WithdrawnAt.is_null())
        .order_by_asc(offers::Column::Position)
        .order_by_asc(offers::Column::Id)
        .all(sql.reading())
        .await?)
}

/// An offer with the currency of its event.
#[derive(Debug, Clone, FromQueryResult)]
pub struct PricedOffer {
    #[sea_orm(nested)]
    pub offer: offers::Model,
    pub currency: Currency,
}

fn priced() -> Select<offers::Entity> {
    let of_event = offers::Entity::belongs_to(events::Entity)
        .from(offers::Column::EventId)
        .to(events::Column::Id)
        .into();
    offers::Entity::find()
        .join(JoinType::InnerJoin, of_event)
        .column(events::Column::Currency)
        .filter(offers::Column::WithdrawnAt.is_null())
}

/// Offers of all events that are upcoming or on sale, in the order of the offers' ids.
pub async fn public(
    sql: &impl Sql,
    event: Option<EventId>,
    admits: Option<i32>,
    after: Uuid,
    limit: u64,
) -> Result<Vec<PricedOffer>, StoreError> {
    Ok(priced()
        .filter(events::Column::Status.is_in([Status::Upcoming, Status::OnSale]))
        .filter(offers::Column::Id.gt(after))
        .apply_if(event, |found, event| found.filter(offers::Column::EventId.eq(event)))
        .apply_if(admits, |found, admits| found.filter(offers::Column::Admits.eq(admits)))
        .order_by_asc(offers::Column::Id)
        .limit(limit)
        .into_model()
        .all(sql.reading())
        .await?)
}

/// An offer that is not withdrawn.
pub async fn one(sql: &impl Sql, id: OfferId) -> Result<Option<PricedOffer>, StoreError> {
    Ok(priced().filter(offers::Column::Id.eq(id)).into_model().one(sql.reading()).await?)
}

pub async fn insert(tx: &Tx, offer: offers::Model) -> Result<(), StoreError> {
    db::insert(tx, offer).await
}

fn change_live(event: EventId) -> UpdateMany<offers::Entity> {
    offers::Entity::update_many()
        .filter(offers::Column::EventId.eq(event))
        .filter(offers::Column::WithdrawnAt.is_null())
}

/// Changes an offer that is not withdrawn, and stores it under the next version.
pub async fn update(tx: &Tx, offer: &offers::Model) -> Result<u64, StoreError> {
    let offer = offer.clone();
    let change = change_live(offer.event_id).filter(offers::Column::Id.eq(offer.id));
    let change = change.set(offers::ActiveModel {
        name: Set(offer.name),
        price_minor: Set(offer.price_minor),
        refundable: Set(offer.refundable),
        benefits: Set(offer.benefits),
        sale_starts_at: Set(offer.sale_starts_at),
        sale_ends_at: Set(offer.sale_ends_at),
        version: Set(offer.version + 1),
        ..Default::default()
    });
    db::change(tx, change).await
}

/// Withdraws an offer, so that nobody can hold places under it any more.
pub async fn withdraw(tx: &Tx, event: EventId, id: OfferId) -> Result<u64, StoreError> {
    let change = change_live(event).filter(offers::Column::Id.eq(id));
    db::change(tx, change.col_expr(offers::Column::WithdrawnAt, db::clock())).await
}

/// Withdraws the offers of a section that is being deleted.
pub async fn withdraw_section(
    tx: &Tx,
    event: EventId,
    section: SectionId,
) -> Result<u64, StoreError> {
    let change = change_live(event).filter(offers::Column::SectionId.eq(section));
    db::change(tx, change.col_expr(offers::Column::WithdrawnAt, db::clock())).await
}
