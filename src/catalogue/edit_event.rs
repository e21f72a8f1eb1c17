//! Changing an event. Its status follows from changed times at once; what is held and sold is not touched.

use holdfast_contract::catalogue::EventPatch;
use holdfast_domain::{
    event::{self, Status},
    ids::EventId,
};

use super::{
    create_event::{EventError, HoldTimes, now, save},
    details, store, views,
};
use crate::{base::Base, db::Tx};

/// Changes an event that is neither over nor called off.
///
/// # Errors
/// See [`EventError`].
pub async fn edit_event(
    base: &Base,
    id: EventId,
    patch: EventPatch,
    holds: HoldTimes,
) -> Result<(), EventError> {
    base.db.transact(move |tx| Box::pin(edit(tx, id, patch.clone(), holds))).await
}

async fn edit(tx: &Tx, id: EventId, patch: EventPatch, holds: HoldTimes) -> Result<(), EventError> {
    let mut row = store::events::lock(tx, id).await?.ok_or(EventError::NotFound)?;
    if patch.version.is_some_and(|seen| seen != row.version) {
        return Err(EventError::Stale(row.version));
    }
    let (before, now) = (views::schedule(&row)?, now(tx).await?);
    let status = store::events::status(&row)?;
    match event::due(status, &before, now) {
        closed @ (Status::Completed | Status::Cancelled) => return Err(EventError::Closed(closed)),
        Status::Draft | Status::Upcoming | Status::OnSale => {}
    }
    let changes = details::read_changes(&patch, before).map_err(EventError::Fields)?;
    let schedule = changes.schedule;
    row.name = changes.name.unwrap_or(row.name);
    row.description = changes.description.unwrap_or(row.description);
    row.category = changes.category.unwrap_or(row.category);
    row.place = changes.place.unwrap_or(row.place);
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
    row.status = event::due(status, &schedule, now).as_str().to_owned();
    save(tx, &row).await?;
    Ok(())
}
