//! Which seats of an event have changed since a number of its log.

use std::collections::BTreeSet;

use holdfast_domain::ids::{EventId, SeatId};

use super::{record::ChangeDraft, store};
use crate::kernel::db::{StoreError, Tx};

/// The maximum number of changes that are followed. To read everything again costs less than more of them.
const MAX_FOLLOWED: usize = 500;

/// The seats that committed changes after the number `after` name, also changes without a number. `last` is the last
/// number of the log in the same snapshot. `None` when the log cannot tell: it has too many changes, has lost some or
/// has one that cannot be read, or the event itself has changed.
///
/// # Errors
/// When the database fails.
pub async fn seats_since(
    tx: &Tx,
    event: EventId,
    after: i64,
    last: i64,
) -> Result<Option<BTreeSet<SeatId>>, StoreError> {
    let numbered = usize::try_from(last - after).ok().filter(|numbered| *numbered <= MAX_FOLLOWED);
    let Some(numbered) = numbered else { return Ok(None) };
    let logged = store::committed_since(tx, event, after, MAX_FOLLOWED as u64 + 1).await?;
    let found = logged.iter().filter(|change| change.seq.is_some()).count();
    if logged.len() > MAX_FOLLOWED || found != numbered {
        return Ok(None);
    }
    let mut seats = BTreeSet::new();
    for change in logged {
        // The code that sends the change to viewers reports a change that cannot be read.
        let Ok(ChangeDraft { seats: changed, event: false, .. }) =
            serde_json::from_str(&change.payload)
        else {
            return Ok(None);
        };
        seats.extend(changed.iter().map(|seat| SeatId(seat.0)));
    }
    Ok(Some(seats))
}
