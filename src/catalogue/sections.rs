//! Sections that an organizer adds beside the plan: general admission, and rows × seats.

use std::sync::Arc;

use holdfast_contract::{
    catalogue::{NewSection, Section, SectionPatch},
    problem::FieldError,
};
use holdfast_domain::{
    ids::{EventId, SectionId},
    inventory::SectionKind,
    plan::Grid,
    text,
};

use super::{
    create_event::save,
    details::FieldFaults,
    reads,
    replace_plan::{self, PlanError},
    store, views,
};
use crate::{
    access::Managed,
    kernel::{
        audit::{self, AuditRecord},
        base::Base,
        db::{StoreError, Tx, UseCaseError},
        idempotency::{self, Attempt, KeyClaimError, Keyed, NewObject},
        ports::Entropy,
    },
};

/// The maximum length of a section's name, in characters.
const MAX_NAME: usize = 120;
/// The maximum capacity of a section, in persons.
const MAX_CAPACITY: i32 = 100_000;
/// The position of general-admission sections: after all sections of the plan.
const BEHIND_THE_PLAN: i32 = 1_000_000;

/// Why a section was not created, changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum SectionError {
    #[error("faulty fields")]
    Fields(Vec<FieldError>),
    #[error("no such section")]
    NotFound,
    #[error("another section of the event has this name")]
    NameTaken,
    /// The section's seats belong to the plan, so only a new plan can change them.
    #[error("the seats of this section come with the plan: replace the plan")]
    OfThePlan,
    /// The new capacity is smaller than the number of held, sold and blocked places.
    #[error("more places are held, sold or kept back than that")]
    TooSmall,
    /// Some place of the section is held or sold under the section's name.
    #[error(
        "places of this section are held or sold under its name, which stands on their tickets"
    )]
    Printed,
    /// Some place of the section is held or sold.
    #[error("something of this section is held or sold")]
    InUse,
    /// The plan with the new section was refused.
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Claim(#[from] KeyClaimError),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for SectionError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) | Self::Claim(KeyClaimError::Db(error)) => Some(error),
            Self::Plan(error) => error.store(),
            Self::Fields(_)
            | Self::NotFound
            | Self::NameTaken
            | Self::OfThePlan
            | Self::TooSmall
            | Self::Claim(KeyClaimError::Reused)
            | Self::Printed
            | Self::InUse => None,
        }
    }
}

/// Refuses a name that looks like the name of another section on a ticket.
async fn unlike_others(
    tx: &Tx,
    event: EventId,
    id: SectionId,
    name: &str,
) -> Result<(), SectionError> {
    let sections = store::sections::all(tx, event).await?;
    let mut others = sections.iter().filter(|section| section.id != id);
    if others.any(|section| text::as_seen(&section.name) == text::as_seen(name)) {
        return Err(SectionError::NameTaken);
    }
    Ok(())
}

/// A plan contains a name twice if another zone has the name, even if that zone has no seats.
fn renaming(error: PlanError) -> SectionError {
    match error {
        PlanError::Faults(_) => SectionError::NameTaken,
        PlanError::Db(error) => error.into(),
        refused @ (PlanError::NotFound
        | PlanError::Grid(_)
        | PlanError::InUse(_)
        | PlanError::LosesOffers(_)
        | PlanError::Closed(_)) => SectionError::Plan(refused),
    }
}

/// The section to create, with checked fields.
#[derive(Clone)]
enum SectionDraft {
    General { name: String, capacity: i32 },
    Grid(Grid),
}

/// Creates a section, once for each attempt: general admission with a capacity, or rows × seats, which become part of
/// the plan. The audit log records the section.
///
/// # Errors
/// See [`SectionError`].
pub async fn add_section(
    base: &Base,
    event: Managed,
    new: NewSection,
    attempt: Option<Attempt>,
) -> Result<Keyed<Section>, SectionError> {
    let wanted = read(new).map_err(SectionError::Fields)?;
    let (event, actor) = (event.event(), event.actor());
    let (entropy, subject) = (Arc::clone(&base.entropy), base.entropy.id());
    base.db
        .transact(move |tx| {
            let (entropy, wanted, attempt) =
                (Arc::clone(&entropy), wanted.clone(), attempt.clone());
            Box::pin(async move {
                let making = async {
                    let made = make(tx, &*entropy, event, SectionId(subject), wanted).await?;
                    let subject = ("section", made.body.id);
                    let entry = AuditRecord::new(&*entropy, actor, "section.add", subject, &());
                    audit::record(tx, &entry).await?;
                    Ok::<_, SectionError>(made)
                };
                idempotency::once(tx, attempt.as_ref(), subject, making).await
            })
        })
        .await
}

async fn make(
    tx: &Tx,
    entropy: &dyn Entropy,
    event: EventId,
    id: SectionId,
    wanted: SectionDraft,
) -> Result<NewObject<Section>, SectionError> {
    let name = match wanted {
        SectionDraft::General { name, capacity } => {
            add_general(tx, event, id, &name, capacity).await?;
            name
        }
        SectionDraft::Grid(grid) => {
            replace_plan::lay_grid(tx, entropy, event, &grid).await?;
            grid.name
        }
    };
    let sections = views::sections(&reads::inside(tx, event).await?);
    let made = sections.into_iter().find(|section| section.name == name);
    let body = made.ok_or(SectionError::NotFound)?;
    Ok(NewObject { path: format!("/events/{event}/sections/{}", body.id), body })
}

fn read(new: NewSection) -> Result<SectionDraft, Vec<FieldError>> {
    let mut faults = FieldFaults::default();
    let name = faults.take("name", text::line(&new.name, MAX_NAME));
    let wanted = match (new.capacity, new.rows, new.seats_per_row) {
        (Some(capacity), None, None) => {
            faults.range("capacity", capacity, 1..=MAX_CAPACITY);
            name.map(|name| SectionDraft::General { name, capacity })
        }
        (None, Some(rows), Some(seats)) => {
            let max = i32::try_from(holdfast_domain::plan::MAX_GRID_SEATS).unwrap_or(i32::MAX);
            let rows = faults.range("rows", rows, 1..=max);
            let seats = faults.range("seats_per_row", seats, 1..=max);
            let category = match new.category {
                Some(category) => faults.take("category", text::line(&category, MAX_NAME)),
                None => name.clone(),
            };
            let size = u32::try_from(rows).ok().zip(u32::try_from(seats).ok());
            name.zip(category).zip(size).map(|((name, category), (rows, seats_per_row))| {
                SectionDraft::Grid(Grid { name, rows, seats_per_row, category })
            })
        }
        (_, _, _) => {
            let message = "give either capacity, or rows and seats_per_row".to_owned();
            return Err(vec![FieldError { field: "capacity".to_owned(), message }]);
        }
    };
    faults.none()?;
    Ok(wanted.expect("what is not there was noted as a fault"))
}

async fn add_general(
    tx: &Tx,
    event: EventId,
    id: SectionId,
    name: &str,
    capacity: i32,
) -> Result<(), SectionError> {
    let row = store::events::lock(tx, event).await?.ok_or(SectionError::NotFound)?;
    unlike_others(tx, event, id, name).await?;
    let position = BEHIND_THE_PLAN;
    store::sections::put(tx, event, id, (name, SectionKind::General), position, capacity).await?;
    save(tx, &row).await?;
    Ok(())
}

/// Changes a section's name or its capacity, and records the change in the audit log.
///
/// # Errors
/// See [`SectionError`].
pub async fn edit_section(
    base: &Base,
    event: Managed,
    id: SectionId,
    patch: SectionPatch,
) -> Result<(), SectionError> {
    let (event, actor, entropy) = (event.event(), event.actor(), &*base.entropy);
    let entry = AuditRecord::new(entropy, actor, "section.edit", ("section", id.0), &patch);
    let mut faults = FieldFaults::default();
    let name = patch.name.and_then(|name| faults.take("name", text::line(&name, MAX_NAME)));
    let capacity =
        patch.capacity.map(|capacity| faults.range("capacity", capacity, 1..=MAX_CAPACITY));
    faults.none().map_err(SectionError::Fields)?;
    base.db
        .transact(move |tx| {
            let (name, entry) = (name.clone(), entry.clone());
            Box::pin(async move {
                edit(tx, event, id, name, capacity).await?;
                Ok(audit::record(tx, &entry).await?)
            })
        })
        .await
}

async fn edit(
    tx: &Tx,
    event: EventId,
    id: SectionId,
    name: Option<String>,
    capacity: Option<i32>,
) -> Result<(), SectionError> {
    let mut row = store::events::lock(tx, event).await?.ok_or(SectionError::NotFound)?;
    let section = store::sections::one(tx, event, id).await?.ok_or(SectionError::NotFound)?;
    let seated = section.kind == SectionKind::Seated;
    if let Some(capacity) = capacity {
        if seated {
            return Err(SectionError::OfThePlan);
        }
        if store::sections::resize(tx, event, id, capacity).await? == 0 {
            return Err(SectionError::TooSmall);
        }
    }
    if let Some(name) = name.filter(|name| *name != section.name) {
        unlike_others(tx, event, id, &name).await?;
        if seated {
            replace_plan::rename_zone(tx, &mut row, &section, &name).await.map_err(renaming)?;
        } else if store::sections::is_taken(tx, event, id).await? {
            return Err(SectionError::Printed);
        }
        store::sections::rename(tx, event, id, &name).await?;
    }
    save(tx, &row).await?;
    Ok(())
}

/// Deletes a general-admission section without held or sold places, and withdraws its offers. Records it in the
/// audit log.
///
/// # Errors
/// See [`SectionError`].
pub async fn delete_section(
    base: &Base,
    event: Managed,
    id: SectionId,
) -> Result<(), SectionError> {
    let (event, actor, entropy) = (event.event(), event.actor(), &*base.entropy);
    let entry = AuditRecord::new(entropy, actor, "section.delete", ("section", id.0), &());
    base.db
        .transact(move |tx| {
            let entry = entry.clone();
            Box::pin(async move {
                delete(tx, event, id).await?;
                Ok(audit::record(tx, &entry).await?)
            })
        })
        .await
}

async fn delete(tx: &Tx, event: EventId, id: SectionId) -> Result<(), SectionError> {
    let row = store::events::lock(tx, event).await?.ok_or(SectionError::NotFound)?;
    let section = store::sections::lock(tx, event, id).await?.ok_or(SectionError::NotFound)?;
    if section.kind == SectionKind::Seated {
        return Err(SectionError::OfThePlan);
    }
    if store::sections::remove_general(tx, event, id).await? == 0 {
        return Err(SectionError::InUse);
    }
    store::offers::withdraw_section(tx, event, id).await?;
    save(tx, &row).await?;
    Ok(())
}
