//! Offers. A withdrawn one stays for the bookings that name it.

use holdfast_domain::ids::{EventId, OfferId, SectionId};
use holdfast_entity::offers;
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, FromQueryResult, QueryResult, Value};
use uuid::Uuid;

use crate::kernel::db::{Sql, Tx};

fn models(rows: &[QueryResult]) -> Result<Vec<offers::Model>, DbErr> {
    rows.iter().map(|row| offers::Model::from_query_result(row, "")).collect()
}

/// The offers of an event that are not withdrawn, in their order.
pub async fn live(sql: &impl Sql, event: EventId) -> Result<Vec<offers::Model>, DbErr> {
    let rows = sql
        .all(
            "SELECT * FROM offers WHERE event_id = $1 AND withdrawn_at IS NULL \
             ORDER BY position, id",
            vec![event.0.into()],
        )
        .await?;
    models(&rows)
}

/// An offer with the currency of its event.
#[derive(Debug, Clone)]
pub struct PricedOffer {
    /// The offer.
    pub offer: offers::Model,
    /// ISO 4217.
    pub currency: String,
}

fn priced(row: &QueryResult) -> Result<PricedOffer, DbErr> {
    Ok(PricedOffer {
        offer: offers::Model::from_query_result(row, "")?,
        currency: row.try_get("", "currency")?,
    })
}

/// Offers across events that everybody may see, by id.
pub async fn public(
    sql: &impl Sql,
    event: Option<EventId>,
    admits: Option<i32>,
    after: Uuid,
    limit: u64,
) -> Result<Vec<PricedOffer>, DbErr> {
    let mut text = String::from(
        "SELECT o.*, e.currency FROM offers o JOIN events e ON e.id = o.event_id \
         WHERE o.withdrawn_at IS NULL AND e.status IN ('upcoming', 'on_sale') AND o.id > $1",
    );
    let mut values: Vec<Value> = vec![after.into()];
    if let Some(event) = event {
        values.push(event.0.into());
        text.push_str(&format!(" AND o.event_id = ${}", values.len()));
    }
    if let Some(admits) = admits {
        values.push(admits.into());
        text.push_str(&format!(" AND o.admits = ${}", values.len()));
    }
    text.push_str(&format!(" ORDER BY o.id LIMIT {limit}"));
    let rows = sql.all(&text, values).await?;
    rows.iter().map(priced).collect()
}

/// An offer that is not withdrawn, by its id alone.
pub async fn one(sql: &impl Sql, id: OfferId) -> Result<Option<PricedOffer>, DbErr> {
    let row = sql
        .one(
            "SELECT o.*, e.currency FROM offers o JOIN events e ON e.id = o.event_id \
             WHERE o.id = $1 AND o.withdrawn_at IS NULL",
            vec![id.0.into()],
        )
        .await?;
    row.as_ref().map(priced).transpose()
}

/// Adds an offer.
pub async fn insert(tx: &Tx, offer: offers::Model) -> Result<(), DbErr> {
    let row: offers::ActiveModel = offer.into();
    offers::Entity::insert(row.reset_all()).exec_without_returning(tx.orm()).await.map(|_| ())
}

/// Changes an offer that is not withdrawn.
pub async fn update(tx: &Tx, offer: &offers::Model) -> Result<u64, DbErr> {
    tx.run(
        "UPDATE offers SET name = $3, price_minor = $4, refundable = $5, benefits = $6, \
         sale_starts_at = $7, sale_ends_at = $8 \
         WHERE event_id = $1 AND id = $2 AND withdrawn_at IS NULL",
        vec![
            offer.event_id.into(),
            offer.id.into(),
            offer.name.clone().into(),
            offer.price_minor.into(),
            offer.refundable.into(),
            offer.benefits.clone().into(),
            offer.sale_starts_at.into(),
            offer.sale_ends_at.into(),
        ],
    )
    .await
}

/// Takes an offer back; nobody can hold under it any more.
pub async fn withdraw(tx: &Tx, event: EventId, id: OfferId) -> Result<u64, DbErr> {
    tx.run(
        "UPDATE offers SET withdrawn_at = {now} \
         WHERE event_id = $1 AND id = $2 AND withdrawn_at IS NULL",
        vec![event.0.into(), id.0.into()],
    )
    .await
}

/// Takes back the offers of a section that vanishes.
pub async fn withdraw_section(tx: &Tx, event: EventId, section: SectionId) -> Result<u64, DbErr> {
    tx.run(
        "UPDATE offers SET withdrawn_at = {now} \
         WHERE event_id = $1 AND section_id = $2 AND withdrawn_at IS NULL",
        vec![event.0.into(), section.0.into()],
    )
    .await
}
