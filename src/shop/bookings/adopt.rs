//! Moves bookings from a guest to the user who the guest turned out to be. The steps run in the caller's transaction.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::{
    booking::BookingState,
    ids::{BookingId, Buyer, EventId, GuestId, ReservationId},
};

use super::store::{self, adopt};
use crate::kernel::db::{Bug, Sql, StoreError, Tx};

/// A booking of a guest.
#[derive(Debug, Clone)]
pub struct GuestBooking {
    pub id: BookingId,
    pub status: BookingState,
    /// The reservations that the booking pays for, or has paid for.
    pub reservations: BTreeSet<ReservationId>,
    /// The events of the booking's lines.
    pub events: BTreeSet<EventId>,
    /// The address that receives the tickets.
    pub email: Option<String>,
}

/// The guests who have bought something under the address, at most `limit`.
pub async fn guests_under(
    sql: &impl Sql,
    address: &str,
    limit: u64,
) -> Result<Vec<GuestId>, StoreError> {
    adopt::guests_under(sql, address, limit).await
}

/// The events of the guest's bookings.
pub async fn events_of(sql: &impl Sql, guest: GuestId) -> Result<Vec<EventId>, StoreError> {
    adopt::events_of(sql, guest).await
}

/// Locks and reads the guest's bookings in the order of their ids, which is the order of their creation.
pub async fn of_guest(tx: &Tx, guest: GuestId) -> Result<Vec<GuestBooking>, StoreError> {
    let found = adopt::of_guest(tx, guest).await?;
    let ids: Vec<BookingId> = found.iter().map(|booking| booking.id).collect();
    let mut lines: BTreeMap<BookingId, Vec<_>> = BTreeMap::new();
    for line in store::lines_of(tx, &ids).await? {
        lines.entry(line.booking_id).or_default().push(line);
    }
    let bookings = found.into_iter().map(|booking| {
        let lines = lines.remove(&booking.id).unwrap_or_default();
        GuestBooking {
            id: booking.id,
            status: booking.status,
            reservations: lines.iter().map(|line| line.reservation_id).collect(),
            events: lines.iter().map(|line| line.event_id).collect(),
            email: booking.email,
        }
    });
    Ok(bookings.collect())
}

/// Moves locked bookings from the guest to the buyer.
///
/// # Errors
/// When the database fails, or one of the bookings is not the guest's.
pub async fn give(tx: &Tx, ids: &[BookingId], from: GuestId, to: Buyer) -> Result<(), StoreError> {
    if adopt::give(tx, ids, from, to).await? != ids.len() as u64 {
        return Err(Bug::new("bookings moved that are not the guest's").into());
    }
    Ok(())
}
