//! Creates an event: a draft that only its organization sees.

use holdfast_contract::{
    catalogue::{Event, NewEvent},
    problem::FieldError,
};
use holdfast_domain::{
    event::{IllegalTransition, Slug, Status},
    ids::{EventId, OrganizationId},
};
use holdfast_entity::events;

use super::{
    details::{self, Details},
    reads,
    sellable::NamedHindrance,
    store, views,
};
use crate::{
    access::InOrganization,
    kernel::{
        audit::{self, AuditRecord},
        base::Base,
        db::{self, Sql, StoreError, UseCaseError},
        idempotency::{self, Attempt, KeyClaimError, Keyed, NewObject},
    },
    live,
};

/// The maximum number of events with the same title whose slugs get a number appended.
const MAX_NAMESAKES: u32 = 100;

/// How long holds last in events without a hold time of their own.
#[derive(Debug, Clone, Copy)]
pub struct HoldTimes {
    /// The duration of a hold, in seconds.
    pub seconds: i64,
    /// The maximum duration of a hold with all its extensions, in seconds.
    pub cap_seconds: i64,
}

impl HoldTimes {
    /// The maximum duration of a hold for an event whose holds last `seconds`, in the same proportion.
    pub fn cap_for(self, seconds: i64) -> i64 {
        (seconds * self.cap_seconds / self.seconds.max(1)).max(seconds)
    }
}

/// Why an event was not created, changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    #[error("faulty fields")]
    Fields(Vec<FieldError>),
    #[error("no such event")]
    NotFound,
    #[error("the slug is taken")]
    SlugTaken,
    /// The event changed since the client read it. Contains the event's present version.
    #[error("the event has version {0}")]
    Stale(i32),
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    #[error("an event that is {0} cannot be changed")]
    Closed(Status),
    /// Somebody has booked, so these fields must stay as promised.
    #[error("somebody booked: this stays as it was promised")]
    Promised(Vec<FieldError>),
    /// The event, or one of its offers, can sell nothing.
    #[error("the event cannot sell what it offers")]
    Unsellable(Vec<NamedHindrance>),
    #[error("an event with reservations cannot be deleted")]
    InUse,
    #[error(transparent)]
    Claim(#[from] KeyClaimError),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for EventError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) | Self::Claim(KeyClaimError::Db(error)) => Some(error),
            Self::Fields(_)
            | Self::Promised(_)
            | Self::NotFound
            | Self::SlugTaken
            | Self::Stale(_)
            | Self::Illegal(_)
            | Self::Closed(_)
            | Self::Unsellable(_)
            | Self::Claim(KeyClaimError::Reused)
            | Self::InUse => None,
        }
    }
}

/// Creates a draft, once for each attempt, and records it in the audit log. A slug that is made from the title
/// gets a number appended when it is taken.
///
/// # Errors
/// See [`EventError`].
pub async fn create_event(
    base: &Base,
    organization: InOrganization,
    new: NewEvent,
    holds: HoldTimes,
    attempt: Option<Attempt>,
) -> Result<Keyed<Event>, EventError> {
    let details = details::read(new).map_err(EventError::Fields)?;
    let id = EventId(base.entropy.id());
    let subject = ("event", id.0);
    let entry =
        AuditRecord::new(&*base.entropy, organization.actor(), "event.create", subject, &());
    let organization = organization.organization();
    if let Some(slug) = &details.slug {
        return insert(base, row(id, organization, &details, slug, holds), attempt, entry).await;
    }
    let made = Slug::from_title(&details.name);
    for number in 1..=MAX_NAMESAKES {
        let slug = if number == 1 { made.clone() } else { made.numbered(number) };
        let row = row(id, organization, &details, &slug, holds);
        match insert(base, row, attempt.clone(), entry.clone()).await {
            Err(EventError::SlugTaken) => {}
            other => return other,
        }
    }
    // So many events have the title that the slug of the next event gets random digits.
    let digits = u32::from_be_bytes([
        id.0.as_bytes()[12],
        id.0.as_bytes()[13],
        id.0.as_bytes()[14],
        id.0.as_bytes()[15],
    ]);
    insert(base, row(id, organization, &details, &made.numbered(digits), holds), attempt, entry)
        .await
}

async fn insert(
    base: &Base,
    row: events::Model,
    attempt: Option<Attempt>,
    entry: AuditRecord,
) -> Result<Keyed<Event>, EventError> {
    let made = base
        .db
        .transact(move |tx| {
            let (row, attempt, entry) = (row.clone(), attempt.clone(), entry.clone());
            let id = row.id.0;
            Box::pin(async move {
                idempotency::once(tx, attempt.as_ref(), id, make(tx, row, entry)).await
            })
        })
        .await;
    made.map_err(|error| {
        let taken = matches!(&error, EventError::Db(error) if error.is_duplicate());
        if taken { EventError::SlugTaken } else { error }
    })
}

async fn make(
    tx: &db::Tx,
    row: events::Model,
    entry: AuditRecord,
) -> Result<NewObject<Event>, EventError> {
    let (id, now) = (row.id, db::now(tx).await?);
    store::events::insert(tx, events::Model { created_at: now, updated_at: now, ..row }).await?;
    live::record::record(tx, id, &live::ChangeDraft::of_event()).await?;
    audit::record(tx, &entry).await?;
    let body = views::event(&reads::inside(tx, id).await?)?;
    Ok(NewObject { path: format!("/events/{id}"), body })
}

fn row(
    id: EventId,
    organization: OrganizationId,
    details: &Details,
    slug: &Slug,
    holds: HoldTimes,
) -> events::Model {
    let hold_seconds = details.hold_seconds.unwrap_or(holds.seconds);
    events::Model {
        id,
        organization_id: organization,
        slug: slug.as_str().to_owned(),
        name: details.name.clone(),
        description: details.description.clone(),
        category: details.category.clone(),
        language: details.language.clone(),
        place: details.place.clone(),
        time_zone: details.time_zone.clone(),
        starts_at: details.schedule.starts_at(),
        ends_at: details.schedule.ends_at(),
        sale_starts_at: details.schedule.sale_starts_at(),
        sale_ends_at: details.schedule.sale_ends_at(),
        currency: details.currency,
        max_per_user: details.max_per_user,
        max_per_order: details.max_per_order,
        hold_seconds,
        hold_cap_seconds: holds.cap_for(hold_seconds),
        status: Status::Draft,
        plan_version: 0,
        next_seat_id: 1,
        version: 1,
        created_at: 0,
        updated_at: 0,
        promised_starts_at: None,
    }
}

/// Writes a change of an event whose row is locked: raises the event's version, so that terms that were read
/// before are refused, and writes the outbox row. It is the last statement of its transaction, also for a change
/// of an offer, a section or a seat.
pub(super) async fn save(tx: &db::Tx, event: &events::Model) -> Result<(), StoreError> {
    let written = store::events::update(tx, event).await?;
    db::exactly(1, written, "the event's row is locked")?;
    live::record::record(tx, event.id, &live::ChangeDraft::of_event()).await
}

/// The time of the database. Read it after the event's row was locked.
pub(super) async fn now(tx: &impl Sql) -> Result<i64, StoreError> {
    db::now(tx).await
}
