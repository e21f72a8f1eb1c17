//! The texts of events as they are searched and sorted. SQL has no functions for this that agree on both stores, so
//! the program computes the texts and writes them into a separate table, with each change of an event.

use holdfast_domain::{
    ids::EventId,
    text::{self, FOLDING},
};
use holdfast_entity::{event_texts, events};

use super::store;
use crate::kernel::{
    base::Base,
    collation::sort_key,
    db::{StoreError, Tx},
    hex::hex,
    passes::Tally,
};

/// The maximum number of events whose texts one pass writes; the next pass finds the rest.
const MAX_PER_PASS: u64 = 200;

/// The texts of the event.
pub fn of(event: &events::Model) -> event_texts::Model {
    let place = text::folded(&event.place);
    let category = text::folded(&event.category);
    let lines = [&text::folded(&event.name), &place, &text::folded(&event.description), &category];
    event_texts::Model {
        event_id: event.id,
        of_version: event.version,
        folding: FOLDING,
        searched: lines.map(String::as_str).join("\n"),
        place,
        category,
        sort_key: hex(&sort_key(&event.name)),
    }
}

/// Writes the texts of events whose present version has none: events that nodes of an older program wrote, and all
/// events after a change of the folding rules. Several passes at once do no harm, because each pass locks an event's
/// row.
///
/// # Errors
/// When the database fails, or the texts of an event cannot be written. All others are written.
pub async fn pass(base: &Base) -> Result<u64, StoreError> {
    let mut tally = Tally::default();
    for id in store::texts::outdated(&base.db, FOLDING, MAX_PER_PASS).await? {
        let written = base.db.transact(move |tx| Box::pin(write(tx, id))).await;
        tally.add(id, written.map(u64::from))?;
    }
    tally.end()
}

async fn write(tx: &Tx, id: EventId) -> Result<bool, StoreError> {
    let Some(event) = store::events::lock(tx, id).await? else { return Ok(false) };
    store::texts::put(tx, of(&event)).await?;
    Ok(true)
}
