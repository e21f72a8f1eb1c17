//! How the status of an event changes: by command, and by time in a periodic pass.

use holdfast_domain::{
    event::{self, Command},
    ids::EventId,
};

use super::{
    create_event::{EventError, now, save},
    sellable, store, views,
};
use crate::{
    access::Managed,
    kernel::{
        audit::{self, AuditRecord},
        base::Base,
        db::{StoreError, Tx},
        passes::Tally,
    },
};

/// The maximum number of events that one pass updates; the next pass finds the rest.
const MAX_PER_PASS: i64 = 1_000;

/// Publishes or cancels an event, and records it in the audit log.
///
/// # Errors
/// [`EventError::Illegal`] when the event's status does not allow the command, [`EventError::Unsellable`] when the
/// event to publish, or one of its offers, can sell nothing.
pub async fn command(base: &Base, event: Managed, command: Command) -> Result<(), EventError> {
    let action = match command {
        Command::Publish => "event.publish",
        Command::Cancel => "event.cancel",
    };
    let (id, actor) = (event.event(), event.actor());
    let entry = AuditRecord::new(&*base.entropy, actor, action, ("event", id.0), &());
    base.db
        .transact(move |tx| {
            let entry = entry.clone();
            Box::pin(async move {
                carry_out(tx, id, command).await?;
                Ok(audit::record(tx, &entry).await?)
            })
        })
        .await
}

async fn carry_out(tx: &Tx, id: EventId, command: Command) -> Result<(), EventError> {
    let mut row = store::events::lock(tx, id).await?.ok_or(EventError::NotFound)?;
    let status = row.status;
    let now = now(tx).await?;
    let next = event::apply(status, &views::schedule(&row)?, command, now)?;
    row.status = next;
    match command {
        Command::Publish => {
            let hindrances = sellable::hindrances(tx, id).await?;
            if !hindrances.is_empty() {
                return Err(EventError::Unsellable(hindrances));
            }
            store::events::note_publication(tx, id, now).await?;
        }
        Command::Cancel => {}
    }
    save(tx, &row).await?;
    Ok(())
}

/// Updates the status of events by time. Returns how many events changed. No decision waits for this pass (see
/// `holdfast_domain::event::due`): the stored status serves lists, and the pass informs viewers. Several passes at
/// once do no harm, because each pass locks an event's row and judges the event anew.
///
/// # Errors
/// When the database fails, or an event cannot be updated. All others are updated.
pub async fn pass(base: &Base) -> Result<u64, StoreError> {
    let mut tally = Tally::default();
    for id in store::events::due(&base.db, MAX_PER_PASS).await? {
        let moved = base.db.transact(move |tx| Box::pin(move_on(tx, id))).await;
        tally.add(id, moved.map(u64::from))?;
    }
    tally.end()
}

async fn move_on(tx: &Tx, id: EventId) -> Result<bool, StoreError> {
    let Some(mut row) = store::events::lock(tx, id).await? else { return Ok(false) };
    let status = row.status;
    let next = event::due(status, &views::schedule(&row)?, now(tx).await?);
    if next == status {
        return Ok(false);
    }
    row.status = next;
    save(tx, &row).await?;
    Ok(true)
}
