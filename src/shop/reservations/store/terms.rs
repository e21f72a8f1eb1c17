//! SQL that reads the terms of an event: its limits, offers and sections.

use holdfast_domain::{
    ids::{EventId, SectionId},
    inventory::SectionKind,
    pricing::{Offer, Window},
};
use holdfast_entity::{events, offers, sections};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    kernel::db::{Sql, StoreError},
    shop::reservations::terms::{SectionTerms, Terms},
};

/// The terms of an event. The event's version is read before its offers and sections. Therefore an older version may
/// come with newer offers, which [`lock_buyers`](super::lock_buyers) refuses; a newer version never comes with older
/// offers.
pub async fn load_terms(sql: &impl Sql, event: EventId) -> Result<Option<Terms>, StoreError> {
    let Some(row) = events::Entity::find_by_id(event).one(sql.reading()).await? else {
        return Ok(None);
    };
    let offers = offers::Entity::find()
        .filter(offers::Column::EventId.eq(event))
        .filter(offers::Column::WithdrawnAt.is_null())
        .order_by_asc(offers::Column::Position)
        .order_by_asc(offers::Column::Id)
        .all(sql.reading())
        .await?;
    let sections = sections::Entity::find().filter(sections::Column::EventId.eq(event));
    let sections = sections.all(sql.reading()).await?;
    Ok(Some(Terms {
        event,
        version: row.version,
        organization: row.organization_id,
        currency: row.currency,
        max_per_user: row.max_per_user,
        max_per_order: row.max_per_order.into(),
        hold_ms: row.hold_seconds * 1000,
        hold_cap_ms: row.hold_cap_seconds * 1000,
        offers: offers.into_iter().map(offer).collect(),
        sections: sections.into_iter().map(section).collect(),
    }))
}

fn offer(row: offers::Model) -> Offer {
    Offer {
        id: row.id,
        section: row.section_id,
        category: row.category,
        name: row.name,
        price_minor: row.price_minor,
        admits: row.admits,
        sale: Window { from: row.sale_starts_at, until: row.sale_ends_at },
    }
}

fn section(row: sections::Model) -> (SectionId, SectionTerms) {
    let general = row.kind == SectionKind::General;
    (row.id, SectionTerms { name: row.name, general })
}
