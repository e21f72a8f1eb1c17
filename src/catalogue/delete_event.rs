//! Deletes an event for good, as long as nobody ever held a place in it.

use holdfast_domain::ids::EventId;

use super::{create_event::EventError, store};
use crate::{
    access::Deletable,
    kernel::{audit, base::Base, db::Tx},
};

/// Deletes an event with everything that the catalogue stores about it, and records it in the audit log.
///
/// # Errors
/// [`EventError::InUse`] once somebody held or booked a place: cancel the event instead.
pub async fn delete_event(base: &Base, event: Deletable) -> Result<(), EventError> {
    let (id, actor, entropy) = (event.event(), event.actor(), &*base.entropy);
    let entry = audit::AuditRecord::new(entropy, actor, "event.delete", ("event", id.0), &());
    base.db
        .transact(move |tx| {
            let entry = entry.clone();
            Box::pin(async move {
                delete(tx, id).await?;
                Ok(audit::record(tx, &entry).await?)
            })
        })
        .await
}

async fn delete(tx: &Tx, id: EventId) -> Result<(), EventError> {
    store::events::lock(tx, id).await?.ok_or(EventError::NotFound)?;
    // Seats and sections first. A hold that is under way has locked at least one of them. Once all of them are
    // locked here, the hold has either committed, so its reservation is seen below, or will find no seat.
    store::seats::remove_all(tx, id).await?;
    if store::events::has_reservations(tx, id).await? {
        return Err(EventError::InUse);
    }
    store::events::delete(tx, id).await?;
    Ok(())
}
