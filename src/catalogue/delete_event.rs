//! Deleting an event for good, as long as nobody ever held anything of it.

use holdfast_domain::ids::EventId;

use super::{create_event::EventError, store};
use crate::{
    access::Deletable,
    kernel::{audit, base::Base, db::Tx},
};

/// Deletes an event with everything of its catalogue, and writes down who did it.
///
/// # Errors
/// [`EventError::InUse`] once somebody held or booked something: cancel the event instead.
pub async fn delete_event(base: &Base, event: Deletable) -> Result<(), EventError> {
    let (id, actor, entropy) = (event.event(), event.actor(), &*base.entropy);
    let entry = audit::Entry::new(entropy, actor, "event.delete", ("event", id.0), &());
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
    // Seats and sections first: a hold that is under way has one of them locked, and once we have them all
    // it has either committed, so that its reservation is seen below, or finds nothing.
    store::seats::remove_all(tx, id).await?;
    if store::events::has_reservations(tx, id).await? {
        return Err(EventError::InUse);
    }
    store::events::delete(tx, id).await?;
    Ok(())
}
