//! Reads bookings, for their owner, their organizer and administrators.

use std::collections::HashMap;

use holdfast_contract::bookings::{Booking, BookingStatus};
use holdfast_domain::{
    booking_link::{LinkScope, read_until_ms},
    ids::BookingId,
};
use holdfast_entity::{booking_lines, bookings};
use uuid::Uuid;

use super::{
    confirmed::Occasions,
    store::{self, BookingFilter, confirmed},
    view,
};
use crate::{
    access::{BookingsRead, link_token},
    kernel::{
        db::{Db, Sql, StoreError},
        keys::KeyRing,
        settings::WebAddress,
    },
    shop::tickets,
};

/// The address of a booking's page. With the token of a link, the page shows the booking to everybody. The part after `#` is
/// not sent to any server, so no log contains it.
pub fn page_of(home: &WebAddress, reference: &str, token: Option<&str>) -> String {
    let page = format!("{}/bookings/{reference}", home.as_str());
    match token {
        Some(token) => format!("{page}#{token}"),
        None => page,
    }
}

/// A link that shows a booking.
#[derive(derive_more::Debug)]
pub struct ReadLink {
    #[debug("hidden")]
    pub token: String,
    /// When the link ends, in milliseconds since 1970.
    pub until_ms: i64,
}

/// The link that shows the booking, if it is made at `now_ms` and the booking's events end at `ends_ms`. All times are in
/// milliseconds since 1970. `None` if the booking has no address.
pub fn read_link(
    keys: &KeyRing,
    booking: &bookings::Model,
    ends_ms: impl IntoIterator<Item = i64>,
    now_ms: i64,
) -> Option<ReadLink> {
    let (address, until_ms) = (booking.email.as_deref()?, read_until_ms(ends_ms, now_ms));
    let token = link_token(keys, LinkScope::Read, booking.id, address, until_ms);
    Some(ReadLink { token, until_ms })
}

/// When the events of the booking's lines end, in milliseconds since 1970.
pub async fn ends_of(sql: &impl Sql, id: BookingId) -> Result<Vec<i64>, StoreError> {
    let lines = store::lines_of(sql, &[id]).await?;
    let events = store::letters::events(sql, lines.iter().map(|line| line.event_id)).await?;
    Ok(events.values().map(|event| event.ends_at).collect())
}

/// A booking on the wire, as a transaction sees it. A pending booking is shown without its next action.
pub async fn shown(sql: &impl Sql, id: BookingId) -> Result<Option<Booking>, StoreError> {
    match store::find(sql, id).await? {
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
