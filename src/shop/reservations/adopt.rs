//! Moves reservations from a guest to the user who the guest turned out to be. The steps run in the caller's
//! transaction.

use std::collections::HashMap;

use holdfast_domain::{
    ids::{Buyer, EventId, GuestId, ReservationId},
    reservation::ReservationState,
};
use holdfast_entity::reservations;

use super::store::{self, adopt, payment};
use crate::kernel::db::{Bug, Sql, StoreError, Tx};

/// The reservations by which the guest holds, pays for or has bought something, with their events and versions.
pub async fn standing_of(
    sql: &impl Sql,
    guest: GuestId,
) -> Result<Vec<(EventId, ReservationId, i32)>, StoreError> {
    adopt::standing_of(sql, guest).await
}

/// Locks the rows of both buyers within these events. From here on, neither of them gains or confirms a hold there
/// before this transaction has ended.
pub async fn lock(
    tx: &Tx,
    buyers: [Buyer; 2],
    events: &[EventId],
    locale: &str,
) -> Result<(), StoreError> {
    let rows = events.iter().flat_map(|event| buyers.map(|buyer| (*event, buyer, locale)));
    payment::lock_buyers_of_events(tx, rows.collect()).await
}

/// Locks and reads the guest's reservations of these events that are active, in payment or confirmed, and of
/// `also` whatever their state is. Ordered by id, which is the order of their creation.
pub async fn of_guest(
    tx: &Tx,
    guest: GuestId,
    events: &[EventId],
    also: &[ReservationId],
) -> Result<Vec<reservations::Model>, StoreError> {
    adopt::of_guest(tx, guest, events, also).await
}

/// How many persons the buyer has in each event, by live reservations and valid tickets.
pub async fn persons(
    tx: &Tx,
    buyer: Buyer,
    events: &[EventId],
    now_ms: i64,
) -> Result<HashMap<EventId, i64>, StoreError> {
    let mut persons = HashMap::with_capacity(events.len());
    for event in events {
        persons.insert(*event, store::usage(tx, *event, buyer, now_ms).await?.persons);
    }
    Ok(persons)
}

/// Moves locked reservations from the guest to the buyer. Limits do not concern reservations that are paid for.
///
/// # Errors
/// When the database fails, or one of the reservations is not the guest's.
pub async fn give(
    tx: &Tx,
    rows: &[&reservations::Model],
    from: GuestId,
    to: Buyer,
) -> Result<(), StoreError> {
    let ids: Vec<ReservationId> = rows.iter().map(|row| row.id).collect();
    if adopt::give(tx, &ids, from, to).await? != ids.len() as u64 {
        return Err(Bug::new("reservations moved that are not the guest's").into());
    }
    let is_paid = |row: &&&reservations::Model| row.status == ReservationState::Confirmed;
    let paid: Vec<ReservationId> = rows.iter().filter(is_paid).map(|row| row.id).collect();
    adopt::note_paid(tx, &paid).await
}
