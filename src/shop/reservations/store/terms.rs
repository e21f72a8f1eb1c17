//! Reading what an event sells.

use holdfast_domain::{
    ids::{EventId, OfferId, OrganizationId, SectionId},
    money::Currency,
    pricing::{Offer, Window},
};
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use crate::{
    kernel::db::Sql,
    shop::reservations::terms::{SectionTerms, Terms},
};

/// An event's terms. Offers and sections are read after the event's version: newer ones under an older version
/// are refused by [`lock_buyers`](super::lock_buyers), never the other way round.
pub async fn load_terms(sql: &impl Sql, event: EventId) -> Result<Option<Terms>, DbErr> {
    let Some(row) = sql
        .one(
            "SELECT version, organization_id, currency, max_per_user, max_per_order, hold_seconds, \
             hold_cap_seconds FROM events WHERE id = $1",
            vec![event.0.into()],
        )
        .await?
    else {
        return Ok(None);
    };
    let currency: String = row.try_get("", "currency")?;
    let offers = sql
        .all(
            "SELECT id, section_id, category, name, price_minor, admits, sale_starts_at, \
             sale_ends_at FROM offers \
             WHERE event_id = $1 AND withdrawn_at IS NULL ORDER BY position, id",
            vec![event.0.into()],
        )
        .await?;
    let sections = sql
        .all("SELECT id, name, kind FROM sections WHERE event_id = $1", vec![event.0.into()])
        .await?;
    Ok(Some(Terms {
        event,
        version: row.try_get("", "version")?,
        organization: OrganizationId(row.try_get("", "organization_id")?),
        currency: Currency::parse(&currency).map_err(|error| DbErr::Type(error.to_string()))?,
        max_per_user: row.try_get("", "max_per_user")?,
        max_per_order: row.try_get::<i32>("", "max_per_order")?.into(),
        hold_ms: row.try_get::<i64>("", "hold_seconds")? * 1000,
        hold_cap_ms: row.try_get::<i64>("", "hold_cap_seconds")? * 1000,
        offers: offers.iter().map(offer).collect::<Result<_, _>>()?,
        sections: sections.iter().map(section).collect::<Result<_, _>>()?,
    }))
}

fn offer(row: &QueryResult) -> Result<Offer, DbErr> {
    Ok(Offer {
        id: OfferId(row.try_get("", "id")?),
        section: row.try_get::<Option<Uuid>>("", "section_id")?.map(SectionId),
        category: row.try_get("", "category")?,
        name: row.try_get("", "name")?,
        price_minor: row.try_get("", "price_minor")?,
        admits: row.try_get("", "admits")?,
        sale: Window {
            from: row.try_get("", "sale_starts_at")?,
            until: row.try_get("", "sale_ends_at")?,
        },
    })
}

fn section(row: &QueryResult) -> Result<(SectionId, SectionTerms), DbErr> {
    let kind: String = row.try_get("", "kind")?;
    let terms = SectionTerms { name: row.try_get("", "name")?, general: kind == "general" };
    Ok((SectionId(row.try_get("", "id")?), terms))
}
