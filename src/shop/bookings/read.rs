//! Reads bookings, for their owner, their organizer and administrators.

use std::collections::HashMap;

use holdfast_contract::bookings::{Booking, BookingStatus};
use holdfast_domain::{booking::PartOfReference, ids::BookingId};
use holdfast_entity::{booking_lines, bookings};
use uuid::Uuid;

use super::{
    confirmed::Occasions,
    store::{self, BookingFilter, confirmed},
    view,
};
use crate::{
    access::BookingsRead,
    kernel::{
        db::{Db, Sql, StoreError},
        settings::WebAddress,
    },
    shop::tickets,
};

/// The beginning of every reference.
const PREFIX: &str = "HF";
/// How many letters and digits follow.
const LETTERS: usize = 8;

/// The reference in the form in which bookings have it, from what somebody typed, also without `HF-`. `None` if no booking can
/// have it.
pub fn reference_of(typed: &str) -> Option<String> {
    let part = PartOfReference::parse(typed).ok()?;
    let letters = match part.letters() {
        all if all.len() == LETTERS + PREFIX.len() => all.strip_prefix(PREFIX)?,
        letters => letters,
    };
    (letters.len() == LETTERS).then(|| format!("{PREFIX}-{letters}"))
}

/// The address of a booking's page. With the token of a link, the page shows the booking to everybody. The part after `#` is
/// not sent to any server, so no log contains it.
pub fn page_of(home: &WebAddress, reference: &str, token: Option<&str>) -> String {
    let page = format!("{}/bookings/{reference}", home.as_str());
    match token {
        Some(token) => format!("{page}#{token}"),
        None => page,
    }
}

/// When the events of the booking's lines end, in milliseconds since 1970.
pub async fn ends_of(sql: &impl Sql, id: BookingId) -> Result<Vec<i64>, StoreError> {
    let lines = store::lines_of(sql, &[id]).await?;
    let events = store::letters::events(sql, lines.iter().map(|line| line.event_id)).await?;
    Ok(events.values().map(|event| event.ends_at).collect())
}

/// A booking on the wire, as a transaction sees it. A pending booking is shown without its next action.
pub async fn shown(sql: &impl Sql, id: BookingId) -> Result<Option<Booking>, StoreError> {
    match store::find(sql, store::By::Id(id)).await? {
        Some(stored) => Ok(show(sql, vec![stored]).await?.pop()),
        None => Ok(None),
    }
}

/// Bookings on the wire. Pending bookings are shown without their next action.
async fn show(sql: &impl Sql, rows: Vec<bookings::Model>) -> Result<Vec<Booking>, StoreError> {
    let ids: Vec<BookingId> = rows.iter().map(|row| row.id).collect();
    let all = store::lines_of(sql, &ids).await?;
    let occasions = Occasions::of(sql, all.iter()).await?;
    let mut lines: HashMap<BookingId, Vec<booking_lines::Model>> = HashMap::new();
    for line in all {
        lines.entry(line.booking_id).or_default().push(line);
    }
    let mut tickets = tickets::of_bookings(sql, &ids).await?;
    let shown = rows.iter().map(|row| {
        let lines = lines.remove(&row.id).unwrap_or_default();
        let tickets = tickets.remove(&row.id).unwrap_or_default();
        view::booking(row, &lines, tickets, &occasions)
    });
    Ok(shown.collect())
}

/// Reads bookings; cheap to clone.
#[derive(Debug, Clone)]
pub struct Bookings {
    db: Db,
}

impl Bookings {
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// The booking on the wire. A pending booking is shown without its next action.
    pub async fn find(&self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        shown(&self.db, id).await
    }

    /// A page of a buyer's bookings, newest first.
    pub async fn list(
        &self,
        filter: BookingFilter,
        limit: u64,
    ) -> Result<Vec<Booking>, StoreError> {
        let rows = store::list(&self.db, filter, limit).await?;
        show(&self.db, rows).await
    }

    /// A page of an event's bookings, newest first.
    pub async fn of_event(
        &self,
        event: BookingsRead,
        status: Option<BookingStatus>,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Booking>, StoreError> {
        let status = status.map(view::stored_status);
        let rows = confirmed::of_event(&self.db, event.event(), status, after, limit).await?;
        show(&self.db, rows).await
    }

    /// The references of bookings, by the id of the booking or of one of its refunds.
    pub async fn references(&self, subjects: &[Uuid]) -> Result<HashMap<Uuid, String>, StoreError> {
        store::references(&self.db, subjects).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_people_write_it() {
        for typed in ["HF-7K2M9Q10", " hf 7k2m9q10", "7k2m9qio", "HF7K2M9QLO"] {
            assert_eq!(reference_of(typed).as_deref(), Some("HF-7K2M9Q10"), "{typed}");
        }
        for wrong in
            ["", "HF-", "HF-7K2M9Q1", "7K2M9Q1", "XX-7K2M9Q10", "HF-7K2M9Q1\0", "HF-7K2M9Q100"]
        {
            assert_eq!(reference_of(wrong), None, "{wrong}");
        }
    }
}
