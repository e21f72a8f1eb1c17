//! Gives an event a seating plan, or replaces the plan that it has.
//!
//! This is the one dangerous change of the catalogue: seats are removed, added and moved while people hold them. The
//! whole change is one transaction in the one lock order (the event's row, seats by id, sections, outbox). A held or
//! sold seat stays, with its id, its state, its price and its printed place. `keep_sections` says which zone keeps
//! which section.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use holdfast_contract::{catalogue::PlanAccepted, problem::FieldError};
use holdfast_domain::{
    event::{self, Status},
    ids::{EventId, SeatId, SectionId},
    inventory::SectionKind,
    plan::{
        Grid, InUse, KnownSeat, MovedSeat, NotAGrid, Plan, PlanFault, PlanFaults, PrintedPlace,
        Replacement, SeatClaim, Zone,
    },
};
use holdfast_entity::{events, sections};

use super::{
    create_event::{now, save},
    keep_sections::{self, LostOffer, ZoneSection},
    store::{
        self,
        seats::{LaidSeat, LockedSeat},
    },
    views,
};
use crate::{
    access::Managed,
    kernel::{
        audit::{self, AuditRecord},
        base::Base,
        db::{self, StoreError, Tx, UseCaseError},
        ports::Entropy,
    },
};

/// From this number of seats on, the database refreshes its statistics of the table of seats.
const MANY_SEATS: i32 = 1_000;

/// Why a plan was refused. A refused plan changes nothing.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("no such event")]
    NotFound,
    #[error(transparent)]
    Faults(#[from] PlanFaults),
    /// A section of rows × seats cannot be made with these numbers and this name.
    #[error(transparent)]
    Grid(#[from] NotAGrid),
    /// The new plan does not contain some held or sold seats, or moves them.
    #[error(transparent)]
    InUse(#[from] InUse),
    /// The new plan does not contain the section or category of these offers.
    #[error("offers would lose what they are for")]
    LosesOffers(Vec<LostOffer>),
    #[error("an event that is {0} cannot be changed")]
    Closed(Status),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for PlanError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::NotFound
            | Self::Faults(_)
            | Self::Grid(_)
            | Self::InUse(_)
            | Self::LosesOffers(_)
            | Self::Closed(_) => None,
        }
    }
}

/// Gives the event this plan, and records it in the audit log.
///
/// # Errors
/// See [`PlanError`].
pub async fn replace_plan(
    base: &Base,
    event: Managed,
    plan: Plan,
) -> Result<PlanAccepted, PlanError> {
    let (entropy, plan) = (Arc::clone(&base.entropy), Arc::new(plan));
    let id = event.event();
    let entry = AuditRecord::new(&*entropy, event.actor(), "plan.replace", ("event", id.0), &());
    let accepted = base
        .db
        .transact(move |tx| {
            let (entropy, plan) = (Arc::clone(&entropy), Arc::clone(&plan));
            let entry = entry.clone();
            Box::pin(async move {
                let event = open_event(tx, id).await?;
                let accepted = lay(tx, entropy.as_ref(), event, &plan).await?;
                audit::record(tx, &entry).await?;
                Ok::<_, PlanError>(accepted)
            })
        })
        .await?;
    if accepted.seats >= MANY_SEATS
        && let Err(error) = store::seats::analyze(&base.db).await
    {
        // The plan is stored. Without fresh statistics some statements are slower for a while.
        tracing::warn!(error = %error, "the table of seats was not analyzed");
    }
    Ok(accepted)
}

/// Adds a section of rows × seats to the event's plan, or starts a plan with it when there is none.
///
/// # Errors
/// See [`PlanError`].
pub(super) async fn lay_grid(
    tx: &Tx,
    entropy: &dyn Entropy,
    id: EventId,
    grid: &Grid,
) -> Result<PlanAccepted, PlanError> {
    let event = open_event(tx, id).await?;
    let mut plan = match document(tx, &event).await? {
        Some(document) => Plan::stored(&document)?,
        None => Plan { name: event.name.clone(), ..Plan::default() },
    };
    grid.add_to(&mut plan)?;
    lay(tx, entropy, event, &plan.checked()?).await
}

async fn document(tx: &Tx, event: &events::Model) -> Result<Option<String>, StoreError> {
    store::plans::document(tx, event.id, event.plan_version).await
}

/// Writes a new version of the event's plan in which the section's zone has the section's new name. Returns the held
/// and sold seats of the section: their printed place would change. The event's row is locked.
///
/// # Errors
/// [`PlanError::InUse`] when somebody has a seat of the section, [`PlanError::Faults`] when another zone has the name.
pub(super) async fn rename_zone(
    tx: &Tx,
    event: &mut events::Model,
    section: &sections::Model,
    name: &str,
) -> Result<(), PlanError> {
    let seats = store::seats::lock_section(tx, event.id, section.id).await?;
    let moved: Vec<MovedSeat> = seats
        .iter()
        .filter_map(|seat| {
            let known = seat.known(&section.name);
            known.moved_to(PrintedPlace { zone: name, ..known.place })
        })
        .collect();
    if !moved.is_empty() {
        return Err(PlanError::InUse(InUse { moved, ..InUse::default() }));
    }
    // The map shows the name, so the plan gets a new version in any case.
    event.plan_version += 1;
    let Some(document) = store::plans::document(tx, event.id, event.plan_version).await? else {
        return Ok(());
    };
    let mut plan = Plan::stored(&document)?;
    let guids: HashSet<&str> = seats.iter().map(|seat| seat.laid.guid.as_str()).collect();
    let is_of_section = |zone: &&mut Zone| {
        let mut seats = zone.rows.iter().flat_map(|row| &row.seats);
        seats.any(|seat| guids.contains(seat.seat_guid.as_str()))
    };
    if let Some(zone) = plan.zones.iter_mut().find(is_of_section) {
        zone.name = Some(name.to_owned());
        let plan = plan.checked()?;
        store::plans::insert(tx, event.id, event.plan_version, plan.to_json()).await?;
    }
    Ok(())
}

async fn open_event(tx: &Tx, id: EventId) -> Result<events::Model, PlanError> {
    let event = store::events::lock(tx, id).await?.ok_or(PlanError::NotFound)?;
    match event::due(event.status, &views::schedule(&event)?, now(tx).await?) {
        closed @ (Status::Completed | Status::Cancelled | Status::Archived) => {
            Err(PlanError::Closed(closed))
        }
        Status::Draft | Status::Upcoming | Status::OnSale => Ok(event),
    }
}

async fn lay(
    tx: &Tx,
    entropy: &dyn Entropy,
    mut event: events::Model,
    plan: &Plan,
) -> Result<PlanAccepted, PlanError> {
    let id = event.id;
    let before = store::seats::lock_all(tx, id).await?;
    let old_sections = store::sections::all(tx, id).await?;
    let known = known_seats(&before, &old_sections);
    let Replacement { seats, removed, next_seat_id } =
        plan.replacing(&known, event.next_seat_id)?;
    let stored = document(tx, &event).await?;
    let zones = keep_sections::zones(plan, stored.as_deref(), &old_sections, &before, entropy)?;
    let laid: Vec<LaidSeat> = seats
        .iter()
        .map(|seat| LaidSeat {
            id: seat.id,
            section: zones[&seat.zone].id,
            guid: seat.guid.to_owned(),
            row: seat.row_number.to_owned(),
            label: seat.number.to_owned(),
            category: seat.category.to_owned(),
        })
        .collect();
    keep_sections::stay(&before, &laid, &old_sections)?;
    let offers = store::offers::live(tx, id).await?;
    keep_sections::offers_stay(&offers, &old_sections, &before, &laid)?;
    let changed = changed(&before, laid);
    let vanished = store::seats::remove(tx, id, &removed).await?;
    if vanished != removed.len() as u64 {
        // The rows of these seats are locked, so no hold can have come between. A seat whose hold has lapsed counts
        // as free.
        let vanishing = removed.iter().map(|seat| (*seat, SeatClaim::Held)).collect();
        return Err(PlanError::InUse(InUse { vanishing, ..InUse::default() }));
    }
    store::seats::lay(tx, id, &changed).await?;
    put_sections(tx, id, &zones, &old_sections).await?;
    event.plan_version += 1;
    event.next_seat_id = next_seat_id;
    store::plans::insert(tx, id, event.plan_version, plan.to_json()).await?;
    save(tx, &event).await?;
    Ok(PlanAccepted {
        plan_version: event.plan_version,
        sections: count(zones.len()),
        seats: count(seats.len()),
        warnings: plan.warnings().into_iter().map(warning).collect(),
    })
}

/// The event's seats with their present places.
fn known_seats<'k>(seats: &'k [LockedSeat], sections: &'k [sections::Model]) -> Vec<KnownSeat<'k>> {
    let names: HashMap<SectionId, &str> =
        sections.iter().map(|section| (section.id, section.name.as_str())).collect();
    seats
        .iter()
        .map(|seat| {
            let zone = names.get(&seat.laid.section).copied().unwrap_or_default();
            seat.known(zone)
        })
        .collect()
}

/// The seats that must be written: new seats, and seats whose place or category changed.
fn changed(before: &[LockedSeat], laid: Vec<LaidSeat>) -> Vec<LaidSeat> {
    let before: HashMap<SeatId, &LaidSeat> =
        before.iter().map(|seat| (seat.laid.id, &seat.laid)).collect();
    let is_new = |seat: &LaidSeat| before.get(&seat.id).is_none_or(|old| *old != seat);
    let mut changed: Vec<LaidSeat> = laid.into_iter().filter(is_new).collect();
    changed.sort_by_key(|seat| seat.id);
    changed
}

async fn put_sections(
    tx: &Tx,
    event: EventId,
    zones: &HashMap<usize, ZoneSection>,
    old: &[sections::Model],
) -> Result<(), StoreError> {
    for section in old.iter().filter(|section| section.kind == SectionKind::Seated) {
        let id = section.id;
        if !zones.values().any(|zone| zone.id == id) {
            let removed = store::sections::remove_seated(tx, event, id).await?;
            db::exactly(1, removed, "no seat of the new plan is in a section that it lacks")?;
        }
    }
    // Two sections may exchange their names, and no two sections may have the same name at any time.
    for section in old {
        let renamed =
            zones.values().find(|zone| zone.id == section.id && zone.name != section.name);
        if renamed.is_some() {
            store::sections::rename(tx, event, section.id, &section.id.to_string()).await?;
        }
    }
    // In the order of their ids, as wherever the server locks counters.
    let mut zones: Vec<(&usize, &ZoneSection)> = zones.iter().collect();
    zones.sort_by_key(|(_, zone)| zone.id);
    for (position, zone) in zones {
        let names = (zone.name.as_str(), SectionKind::Seated);
        let position = count(*position);
        store::sections::put(tx, event, zone.id, names, position, count(zone.seats)).await?;
    }
    Ok(())
}

fn warning(fault: PlanFault) -> FieldError {
    FieldError { field: fault.path, message: fault.message }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).expect("a plan's parts are bounded")
}
