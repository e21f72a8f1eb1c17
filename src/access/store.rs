//! The SQL of access: who owns an event or a booking, and whether everybody may see the event.

use holdfast_domain::{
    booking::Reference,
    event::Status,
    ids::{BookingId, Buyer, BuyerKind, EventId, OrganizationId},
};
use holdfast_entity::{booking_lines, bookings, events, publications};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{event_key::EventKey, proofs::OwnedEvent};
use crate::kernel::db::{self as kernel_db, Db, StoreError};

/// An event, and whether everybody may see it.
pub(super) struct FoundEvent {
    pub(super) event: OwnedEvent,
    pub(super) shown: EventVisibility,
}

/// The callers who may see an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventVisibility {
    /// Everybody: the event was published.
    ToAll,
    /// Only the members of the organization who may see drafts: the event is a draft, or was cancelled as a draft.
    ToManagers,
}

/// The event of this id or slug, as it is now.
pub(super) async fn event(db: &Db, key: &EventKey) -> Result<Option<FoundEvent>, StoreError> {
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
    let event = OwnedEvent { id, organization };
    let shown = match status {
        Status::Draft => EventVisibility::ToManagers,
        Status::Cancelled if !was_published(db, event.id).await? => EventVisibility::ToManagers,
        Status::Upcoming
        | Status::OnSale
        | Status::Completed
        | Status::Cancelled
        | Status::Archived => EventVisibility::ToAll,
    };
    Ok(Some(FoundEvent { event, shown }))
}

async fn was_published(db: &Db, event: EventId) -> Result<bool, StoreError> {
    let found = publications::Entity::find_by_id(event).one(db.reader()).await?;
    Ok(found.is_some())
}

/// The name by which a booking is looked up.
#[derive(Debug, Clone, Copy)]
pub enum BookingName<'a> {
    Id(BookingId),
    /// The reference, such as `HF-7K2M9QXA`.
    Reference(&'a Reference),
}

/// A booking with its buyer and its organization.
#[derive(FromQueryResult)]
pub(super) struct Owners {
    #[sea_orm(alias = "id")]
    pub(super) booking: BookingId,
    #[sea_orm(alias = "organization_id")]
    pub(super) organization: OrganizationId,
    pub(super) buyer_id: Uuid,
    pub(super) buyer_kind: BuyerKind,
    pub(super) email: Option<String>,
    /// The database's clock, in milliseconds since 1970.
    pub(super) now: i64,
}

impl Owners {
    pub(super) fn buyer(&self) -> Buyer {
        Buyer::stored(self.buyer_kind, self.buyer_id)
    }
}

/// The owners of a booking.
pub(super) async fn booking(db: &Db, name: BookingName<'_>) -> Result<Option<Owners>, StoreError> {
    let named = match name {
        BookingName::Id(id) => bookings::Column::Id.eq(id),
        BookingName::Reference(reference) => bookings::Column::Reference.eq(reference.as_str()),
    };
    let found = bookings::Entity::find()
        .select_only()
        .columns([
            bookings::Column::Id,
            bookings::Column::OrganizationId,
            bookings::Column::BuyerId,
            bookings::Column::BuyerKind,
            bookings::Column::Email,
        ])
        .expr_as(kernel_db::clock(), "now")
        .filter(named);
    kernel_db::find(db, found).await
}

/// Whether the booking has a line of the event.
pub(super) async fn has_line(
    db: &Db,
    booking: BookingId,
    event: EventId,
) -> Result<bool, StoreError> {
    // A condition on the event would let SQLite look through all lines of the event.
    let events: Vec<EventId> = booking_lines::Entity::find()
        .select_only()
        .column(booking_lines::Column::EventId)
        .filter(booking_lines::Column::BookingId.eq(booking))
        .into_tuple()
        .all(db.reader())
        .await?;
    Ok(events.contains(&event))
}
