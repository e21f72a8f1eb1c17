//! Changes an event. Its status follows from changed times at once; held and sold places are not touched.
//!
//! Once somebody has booked, the event keeps its promises: the place stays, and the event begins within two days of
//! the promised time. The currency never changes, and a free offer never gets a price (see `offers`). A booking that
//! commits at the same moment was made on the terms that everybody saw until then.
//!
//! A change of time or place is recorded as a move, of which `shop::moves` tells the buyers.

use holdfast_contract::{catalogue::EventPatch, problem::FieldError};
use holdfast_domain::{
    event::{self, Status},
    ids::EventId,
};
use holdfast_entity::{events, offers};

use super::{
    create_event::{EventError, HoldTimes, now, save},
    details::{self, EventChanges},
    moves, store, views,
};
use crate::{
    access::Managed,
    kernel::{audit, base::Base, db::Tx},
};

/// Changes an event that is neither over nor cancelled, and records the change in the audit log.
///
/// # Errors
/// See [`EventError`].
pub async fn edit_event(
    base: &Base,
    event: Managed,
    patch: EventPatch,
    holds: HoldTimes,
) -> Result<(), EventError> {
    let (id, actor, entropy) = (event.event(), event.actor(), &*base.entropy);
    let entry = audit::AuditRecord::new(entropy, actor, "event.edit", ("event", id.0), &patch);
    base.db
        .transact(move |tx| {
            let (patch, entry) = (patch.clone(), entry.clone());
            Box::pin(async move {
                edit(tx, id, patch, holds).await?;
                Ok(audit::record(tx, &entry).await?)
            })
        })
        .await
}

async fn edit(tx: &Tx, id: EventId, patch: EventPatch, holds: HoldTimes) -> Result<(), EventError> {
    let mut row = store::events::lock(tx, id).await?.ok_or(EventError::NotFound)?;
    if patch.version != row.version {
        return Err(EventError::Stale(row.version));
    }
    let (before, now) = (views::schedule(&row)?, now(tx).await?);
    let status = row.status;
    match event::due(status, &before, now) {
        closed @ (Status::Completed | Status::Cancelled | Status::Archived) => {
            return Err(EventError::Closed(closed));
        }
        Status::Draft | Status::Upcoming | Status::OnSale => {}
    }
    let changes = details::read_changes(&patch, before).map_err(EventError::Fields)?;
    let is_booked = store::events::has_bookings(tx, id).await?;
    if is_booked {
        row.promised_starts_at = Some(promised(&row, &changes).map_err(EventError::Promised)?);
    }
    let offers = store::offers::live(tx, id).await?;
    limits_fit(&changes, &offers).map_err(EventError::Fields)?;
    let schedule = changes.schedule;
    let held = moves::time_and_place(&row);
    row.name = changes.name.unwrap_or(row.name);
    row.description = changes.description.unwrap_or(row.description);
    row.category = changes.category.unwrap_or(row.category);
    row.place = changes.place.unwrap_or(row.place);
    row.time_zone = changes.time_zone.unwrap_or(row.time_zone);
    row.starts_at = schedule.starts_at();
    row.ends_at = schedule.ends_at();
    row.sale_starts_at = schedule.sale_starts_at();
    row.sale_ends_at = schedule.sale_ends_at();
    row.max_per_user = changes.max_per_user.unwrap_or(row.max_per_user);
    row.max_per_order = changes.max_per_order.unwrap_or(row.max_per_order);
    if let Some(seconds) = changes.hold_seconds {
        row.hold_seconds = seconds;
        row.hold_cap_seconds = holds.cap_for(seconds);
    }
    row.status = event::due(status, &schedule, now);
    // A booking that commits at the same moment is not seen here, and its buyer is told of the move, too.
    if status != Status::Draft && moves::time_and_place(&row) != held {
        moves::record(tx, &row, held, now).await?;
    }
    save(tx, &row).await?;
    Ok(())
}

/// Refuses a limit under which nobody could buy one unit of an offer.
fn limits_fit(changes: &EventChanges, offers: &[offers::Model]) -> Result<(), Vec<FieldError>> {
    let largest = offers.iter().max_by_key(|offer| offer.admits);
    let Some(largest) = largest else { return Ok(()) };
    let (admits, name) = (largest.admits, &largest.name);
    let limits = [("max_per_user", changes.max_per_user), ("max_per_order", changes.max_per_order)];
    let small = limits.into_iter().filter(|(_, limit)| limit.is_some_and(|limit| limit < admits));
    let faults: Vec<FieldError> = small
        .map(|(field, _)| FieldError {
            field: field.to_owned(),
            message: format!("must be at least {admits}, because {name} admits so many persons"),
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// The beginning that buyers were promised, provided that the changes keep the promises.
fn promised(row: &events::Model, changes: &EventChanges) -> Result<i64, Vec<FieldError>> {
    let starts_at = row.promised_starts_at.unwrap_or(row.starts_at);
    let mut broken = Vec::new();
    let mut breaks = |field: &str, message: &str| {
        broken.push(FieldError { field: field.to_owned(), message: message.to_owned() });
    };
    if changes.place.as_ref().is_some_and(|place| *place != row.place) {
        breaks("place", "stays where it is once somebody booked");
    }
    if !event::may_move(starts_at, changes.schedule.starts_at()) {
        breaks("starts_at", "moves by 48 hours at the most once somebody booked");
    }
    if broken.is_empty() { Ok(starts_at) } else { Err(broken) }
}
