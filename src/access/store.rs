//! The SQL of access: whose a thing is, and whether everybody may see it.

use holdfast_domain::{
    event::Status,
    ids::{BookingId, EventId, OrganizationId},
};
use holdfast_entity::{booking_lines, bookings, events, publications};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{event_key::EventKey, proofs::Event};
use crate::kernel::db::Db;

/// An event, and whether everybody may see it.
pub(super) struct Found {
    pub(super) event: Event,
    pub(super) shown: Shown,
}

/// Who may see an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Everybody: it was published.
    ToAll,
    /// Those who may manage it: it is a draft, or was cancelled as a draft.
    ToManagers,
}

/// The event of this id or slug, as it is now.
pub(super) async fn event(db: &Db, key: &EventKey) -> Result<Option<Found>, DbErr> {
    let named = match key {
        EventKey::Id(id) => events::Column::Id.eq(*id),
        EventKey::Slug(slug) => events::Column::Slug.eq(slug.as_str()),
    };
    let found: Option<(EventId, OrganizationId, Status)> = events::Entity::find()
        .select_only()
        .columns([events::Column::Id, events::Column::OrganizationId, events::Column::Status])
        .filter(named)
        .into_tuple()
        .one(db.reader())
        .await?;
    let Some((id, organization, status)) = found else { return Ok(None) };
    let event = Event { id, organization };
    let shown = match status {
        Status::Draft => Shown::ToManagers,
        Status::Cancelled if !was_published(db, event.id).await? => Shown::ToManagers,
        Status::Upcoming
        | Status::OnSale
        | Status::Completed
        | Status::Cancelled
        | Status::Archived => Shown::ToAll,
    };
    Ok(Some(Found { event, shown }))
}

async fn was_published(db: &Db, event: EventId) -> Result<bool, DbErr> {
    let found = publications::Entity::find_by_id(event).one(db.reader()).await?;
    Ok(found.is_some())
}

/// How a booking is named.
#[derive(Debug, Clone, Copy)]
pub enum BookingName<'a> {
    /// By its id.
    Id(BookingId),
    /// By its reference, such as `HF-7K2M9QXA`.
    Reference(&'a str),
}

/// A booking, and whose it is.
pub(super) struct Owners {
    pub(super) booking: BookingId,
    pub(super) organization: OrganizationId,
    pub(super) buyer_id: Uuid,
    pub(super) buyer_kind: String,
}

/// Whose a booking is.
pub(super) async fn booking(db: &Db, name: BookingName<'_>) -> Result<Option<Owners>, DbErr> {
    let named = match name {
        BookingName::Id(id) => bookings::Column::Id.eq(id.0),
        BookingName::Reference(reference) => bookings::Column::Reference.eq(reference),
    };
    let found: Option<(Uuid, Uuid, Uuid, String)> = bookings::Entity::find()
        .select_only()
        .columns([
            bookings::Column::Id,
            bookings::Column::OrganizationId,
            bookings::Column::BuyerId,
            bookings::Column::BuyerKind,
        ])
        .filter(named)
        .into_tuple()
        .one(db.reader())
        .await?;
    Ok(found.map(|(id, organization, buyer_id, buyer_kind)| Owners {
        booking: BookingId(id),
        organization: OrganizationId(organization),
        buyer_id,
        buyer_kind,
    }))
}

/// Whether the booking has a line of the event.
pub(super) async fn has_line(db: &Db, booking: BookingId, event: EventId) -> Result<bool, DbErr> {
    let lines = booking_lines::Entity::find()
        .filter(booking_lines::Column::BookingId.eq(booking.0))
        .filter(booking_lines::Column::EventId.eq(event.0))
        .count(db.reader())
        .await?;
    Ok(lines > 0)
}
