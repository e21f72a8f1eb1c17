//! The steps of a checkout on reservations: held → paying → sold, and back. Each step runs in the checkout's
//! transaction, names owner and fence, and counts the rows that it changed.
//!
//! This module decides nothing about money. A paying seat never lapses: only these steps change it.

pub mod begin;

use std::collections::{BTreeMap, HashMap, HashSet};

use holdfast_contract::{catalogue::SeatStatus, live::GeneralState};
use holdfast_domain::{
    checkout::{Failure, Release},
    ids::{BookingId, EventId, ReservationId, SectionId},
    reservation::{ItemKind, ItemState, ReservationState},
};

pub use super::store::payment::PaidFor;
use super::store::payment::{self as store, ChangedPlaces, OwnedSeat, UpdatedSeat};
use crate::{
    kernel::db::{Bug, StoreError, Tx, Writes},
    live::{ChangeDraft, record},
};

/// The minimum time that a declined buyer has to try another card, in milliseconds; the reservation's cap still
/// limits it.
pub const RETRY_GRACE_MS: i64 = 2 * 60 * 1000;

/// The changes for viewers, by event. They are written into the outbox at the end of the transaction.
pub type ChangeDrafts = BTreeMap<EventId, ChangeDraft>;

/// Changes the places of bookings from paying to sold: for each booking all of them, or none when a seat does not belong
/// to its reservation any more. Returns the bookings whose places are sold.
///
/// # Errors
/// When the database fails, or the places of a booking are not as they must be in a payment; the transaction must then
/// be rolled back.
pub async fn confirm(
    tx: &Tx,
    paid: &[PaidFor],
) -> Result<(HashSet<BookingId>, ChangeDrafts), StoreError> {
    let booking_of = bookings(paid);
    let ids: Vec<ReservationId> = paid.iter().map(|one| one.reservation).collect();
    let counted = store::count_items(tx, &ids).await?;
    let count = |kind: ItemKind| {
        let of_kind = counted.iter().filter(move |it| it.kind == kind);
        items_of(of_kind.map(|it| (it.reservation, it.items)), &booking_of)
    };
    let sold = store::sell_seats(tx, paid).await?;
    let whole = whole_seats(&booking_of, &count(ItemKind::Seat), &sold)?;
    let mut changes = ChangeDrafts::new();
    let seats: Vec<UpdatedSeat> = sold.iter().map(|seat| seat.changed).collect();
    note_seats(&mut changes, &seats, SeatStatus::Sold);
    sell_places(tx, &booking_of, &whole, &count(ItemKind::General)).await?;
    Ok((whole, changes))
}

fn bookings(paid: &[PaidFor]) -> HashMap<ReservationId, BookingId> {
    paid.iter().map(|one| (one.reservation, one.booking)).collect()
}

/// How many of these items each booking has.
fn items_of(
    items: impl Iterator<Item = (ReservationId, i64)>,
    booking_of: &HashMap<ReservationId, BookingId>,
) -> HashMap<BookingId, i64> {
    let mut items_of = HashMap::new();
    for (reservation, count) in items {
        if let Some(booking) = booking_of.get(&reservation) {
            *items_of.entry(*booking).or_insert(0) += count;
        }
    }
    items_of
}

/// The bookings of which each of the wanted seats was changed, with those that want no seat.
///
/// # Errors
/// When a part of a booking's seats was changed, or a seat of nobody: the statement changes all of a booking or none.
fn whole_seats(
    booking_of: &HashMap<ReservationId, BookingId>,
    wanted_of: &HashMap<BookingId, i64>,
    changed: &[OwnedSeat],
) -> Result<HashSet<BookingId>, StoreError> {
    let is_ours =
        |seat: &OwnedSeat| seat.reservation.is_some_and(|id| booking_of.contains_key(&id));
    if !changed.iter().all(is_ours) {
        return Err(Bug::new("a changed seat of nobody").into());
    }
    let owners = changed.iter().filter_map(|seat| Some((seat.reservation?, 1)));
    let changed_of = items_of(owners, booking_of);
    let mut whole: HashSet<BookingId> = booking_of.values().copied().collect();
    for (booking, wanted) in wanted_of {
        match changed_of.get(booking).copied().unwrap_or(0) {
            changed if changed == *wanted => {}
            0 => {
                whole.remove(booking);
            }
            changed => {
                let bug = format!("{changed} of {wanted} seats of booking {booking} are changed");
                return Err(Bug::new(bug).into());
            }
        }
    }
    Ok(whole)
}

/// Sells the general-admission places of whole bookings, and moves the counters of their sections.
async fn sell_places(
    tx: &Tx,
    booking_of: &HashMap<ReservationId, BookingId>,
    whole: &HashSet<BookingId>,
    general_of: &HashMap<BookingId, i64>,
) -> Result<(), StoreError> {
    let has_places =
        |booking: &BookingId| whole.contains(booking) && general_of.contains_key(booking);
    let mut ids: Vec<ReservationId> = booking_of
        .iter()
        .filter(|(_, booking)| has_places(booking))
        .map(|(reservation, _)| *reservation)
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    ids.sort_unstable();
    let wanted: i64 =
        general_of.iter().filter(|(booking, _)| whole.contains(booking)).map(|(_, it)| it).sum();
    let places = store::sell_places(tx, &ids).await?;
    if places.len() as i64 != wanted {
        return Err(Bug::new(format!("{} of {wanted} places are sold", places.len())).into());
    }
    for (event, section, persons) in sums(&places) {
        store::move_counter(tx, event, section, -persons, persons).await?;
    }
    Ok(())
}

/// Marks the reservations as paid.
///
/// # Errors
/// When the database fails, or a reservation is not in payment.
pub async fn settle(to: &impl Writes, ids: &[ReservationId]) -> Result<(), StoreError> {
    store::settle_reservations(to, ids).await
}

/// Changes every place that still belongs to the reservations from paying or sold back to held, or to available.
pub async fn release(
    tx: &Tx,
    ids: &[ReservationId],
    why: &Failure,
) -> Result<ChangeDrafts, StoreError> {
    let mut changes = ChangeDrafts::new();
    match why.release() {
        Release::BackToHeld => {
            store::reopen_reservations(tx, ids, RETRY_GRACE_MS).await?;
            let seats = store::reopen_seats(tx, ids).await?;
            note_seats(&mut changes, &seats, SeatStatus::Held);
            let sold = store::unsell_places(tx, ids).await?;
            store::reopen_places(tx, ids).await?;
            for (event, section, persons) in sums(&sold) {
                store::move_counter(tx, event, section, persons, -persons).await?;
            }
        }
        Release::Free => {
            store::end_reservations(tx, ids, ended_as(why)).await?;
            let seats = store::free_seats(tx, ids).await?;
            note_seats(&mut changes, &seats, SeatStatus::Available);
            let paying = store::free_places(tx, ids, ItemState::Paying).await?;
            let sold = store::free_places(tx, ids, ItemState::Sold).await?;
            for (event, section, persons) in sums(&paying) {
                let state = store::move_counter(tx, event, section, -persons, 0).await?;
                note_section(&mut changes, event, state);
            }
            for (event, section, persons) in sums(&sold) {
                let state = store::move_counter(tx, event, section, 0, -persons).await?;
                note_section(&mut changes, event, state);
            }
        }
    }
    Ok(changes)
}

fn ended_as(why: &Failure) -> ReservationState {
    match why {
        Failure::TimedOut => ReservationState::Expired,
        Failure::Declined { .. }
        | Failure::SeatsLost
        | Failure::SeatsLostRefunded
        | Failure::CaptureRefused
        | Failure::Cancelled => ReservationState::Cancelled,
    }
}

/// Persons by event and section, in the order in which sections are locked.
pub(super) fn sums(places: &[ChangedPlaces]) -> Vec<(EventId, SectionId, i32)> {
    let mut sums: BTreeMap<(EventId, SectionId), i32> = BTreeMap::new();
    for places in places {
        *sums.entry((places.event, places.section)).or_default() += places.persons;
    }
    sums.into_iter().map(|((event, section), persons)| (event, section, persons)).collect()
}

pub(super) fn note_seats(changes: &mut ChangeDrafts, seats: &[UpdatedSeat], status: SeatStatus) {
    for seat in seats {
        let state = match seat.expires_at {
            Some(until) => record::held(seat.seat, seat.version, until),
            None => record::settled(seat.seat, status, seat.version),
        };
        changes.entry(seat.event).or_default().seats.push(state);
    }
}

pub(super) fn note_section(changes: &mut ChangeDrafts, event: EventId, state: GeneralState) {
    let sections = &mut changes.entry(event).or_default().sections;
    sections.retain(|earlier| earlier.section_id != state.section_id);
    sections.push(state);
}
