//! The steps of a checkout on reservations: held → paying → sold, and back. Each step runs in the checkout's
//! transaction, names owner and fence, and counts the rows that it changed.
//!
//! This module decides nothing about money. A paying seat never lapses: only these steps change it.

use std::collections::{BTreeMap, HashMap, HashSet};

use holdfast_contract::{catalogue::SeatStatus, live::GeneralState};
use holdfast_domain::{
    access::AccountStatus,
    checkout::{Failure, Release},
    event::Status,
    ids::{BookingId, Buyer, BuyerKind, EventId, ReservationId, SectionId},
    reservation::{ItemKind, ItemState, ReservationState},
};
use holdfast_entity::{reservation_items, reservations};
use sea_orm::FromQueryResult;

pub use super::store::payment::PaidFor;
use super::store::payment::{self as store, ChangedPlaces, PaidBy, UpdatedSeat};
use crate::{
    kernel::db::{Bug, StoreError, Tx, Writes},
    live::{ChangeDraft, record},
};

/// The minimum time that a declined buyer has to try another card, in milliseconds; the reservation's cap still
/// limits it.
pub const RETRY_GRACE_MS: i64 = 2 * 60 * 1000;

/// The changes for viewers, by event. They are written into the outbox at the end of the transaction.
pub type ChangeDrafts = BTreeMap<EventId, ChangeDraft>;

/// The facts about a reservation that a checkout needs before it begins.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Candidate {
    #[sea_orm(nested)]
    pub reservation: reservations::Model,
    /// The status of the reservation's event.
    pub event_status: Status,
    /// The time of the database.
    pub now: i64,
    /// The status of the account of the reservation's buyer. `None` for a guest.
    pub account: Option<AccountStatus>,
}

/// A buyer with the reservations that they pay for at once.
#[derive(Debug, Clone, Copy)]
pub struct Payer<'a> {
    pub buyer: Buyer,
    /// The language of the buyer.
    pub locale: &'a str,
    pub reservations: &'a [ReservationId],
}

/// The reservations of several buyers whose payment has begun.
#[derive(Debug, Clone)]
pub struct BegunPayments {
    /// The items of the reservations, in the order of events and seats.
    pub items: Vec<reservation_items::Model>,
    pub changes: ChangeDrafts,
}

/// Why the payment of a buyer's reservations did not begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The buyer has no such reservation.
    #[error("no reservation {0}")]
    Unknown(ReservationId),
    /// The reservation is being paid, paid or cancelled.
    #[error("reservation {0} is not active")]
    NotActive(ReservationId),
    #[error("reservation {0} has lapsed")]
    Lapsed(ReservationId),
    /// The buyer is a user who may not sign in any more.
    #[error("the buyer's account is no longer active")]
    NoAccount,
}

/// Why no payment of several buyers began. The transaction must be rolled back.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    /// The payers at these positions are refused; the others may try again without them.
    #[error("some of the payments are refused")]
    Refused(Vec<(usize, BeginError)>),
    /// The time of a payer ran out at this very moment. Of several payers, nobody knows whose.
    #[error("some places have lapsed")]
    Unclear,
    #[error("the database failed")]
    Db(#[from] StoreError),
}

/// Reads the reservations of buyers with their events, for each buyer in its turn. Takes no lock: this look may refuse a
/// payment, but never grant it.
///
/// # Errors
/// When a reservation is not its buyer's, not active or has lapsed, or the database fails.
pub async fn look(tx: &Tx, payers: &[Payer<'_>]) -> Result<Vec<Vec<Candidate>>, NotBegun> {
    let mut ids: Vec<ReservationId> = all_of(payers);
    ids.sort_unstable();
    let found = store::candidates(tx, &ids).await?;
    let (mut candidates, mut refused) = (Vec::with_capacity(payers.len()), Vec::new());
    for (place, payer) in payers.iter().enumerate() {
        match judged(payer, &found) {
            Ok(of_payer) => candidates.push(of_payer),
            Err(error) => refused.push((place, error)),
        }
    }
    if refused.is_empty() { Ok(candidates) } else { Err(NotBegun::Refused(refused)) }
}

fn all_of(payers: &[Payer<'_>]) -> Vec<ReservationId> {
    payers.iter().flat_map(|payer| payer.reservations.iter().copied()).collect()
}

/// The payer's candidates among all, in the order of their ids.
fn judged(payer: &Payer<'_>, found: &[Candidate]) -> Result<Vec<Candidate>, BeginError> {
    let candidates = payer.reservations.iter().map(|id| {
        let candidate = found.iter().find(|found| found.reservation.id == *id);
        let candidate = candidate.ok_or(BeginError::Unknown(*id))?;
        let Candidate { reservation, now, .. } = candidate;
        // Nobody learns whether another buyer's reservation exists.
        if reservation.buyer_id != payer.buyer.id() || reservation.buyer_kind != payer.buyer.kind()
        {
            return Err(BeginError::Unknown(*id));
        }
        if reservation.buyer_kind == BuyerKind::User
            && !candidate.account.is_some_and(AccountStatus::may_sign_in)
        {
            return Err(BeginError::NoAccount);
        }
        match reservation.status.seen_at(reservation.expires_at, *now) {
            ReservationState::Active => Ok(candidate.clone()),
            ReservationState::Expired => Err(BeginError::Lapsed(*id)),
            ReservationState::InPayment
            | ReservationState::Confirmed
            | ReservationState::Cancelled => Err(BeginError::NotActive(*id)),
        }
    });
    candidates.collect()
}

/// Locks the buyers' rows of these events, as a hold does, so that what a buyer has of them cannot move to another
/// buyer meanwhile.
pub async fn lock_buyers(
    tx: &Tx,
    payers: &[Payer<'_>],
    candidates: &[Vec<Candidate>],
) -> Result<(), StoreError> {
    let rows = payers.iter().zip(candidates).flat_map(|(payer, candidates)| {
        candidates.iter().map(|one| (one.reservation.event_id, payer.buyer, payer.locale))
    });
    store::lock_buyers_of_events(tx, rows.collect()).await
}

/// Changes every place of the payers' reservations from held to paying, or none of them, while no reservation has lapsed.
///
/// # Errors
/// When a reservation is not as the look found it, or the database fails.
pub async fn begin(tx: &Tx, payers: &[Payer<'_>]) -> Result<BegunPayments, NotBegun> {
    let paid_by = |payer: &Payer<'_>| {
        let buyer = payer.buyer.id();
        payer
            .reservations
            .iter()
            .map(move |id| PaidBy { reservation: *id, buyer })
            .collect::<Vec<_>>()
    };
    let mut paid: Vec<PaidBy> = payers.iter().flat_map(paid_by).collect();
    paid.sort_unstable_by_key(|one| one.reservation);
    let ids: Vec<ReservationId> = paid.iter().map(|one| one.reservation).collect();
    let begun: HashSet<ReservationId> =
        store::begin_reservations(tx, &paid).await?.into_iter().collect();
    if begun.len() != ids.len() {
        return Err(changed_since(tx, payers, &begun).await?);
    }
    let items = store::items(tx, &ids).await?;
    let seats = store::begin_seats(tx, &ids).await?;
    let general = items.iter().filter(|item| item.kind == ItemKind::General).count();
    let places = if general > 0 { store::begin_places(tx, &ids).await? } else { 0 };
    if seats.len() + general != items.len() || places != general as u64 {
        // The reservations are active, but some of their places are not: their time ran out at this very moment.
        return Err(NotBegun::Unclear);
    }
    let mut changes = ChangeDrafts::new();
    note_seats(&mut changes, &seats, SeatStatus::Held);
    Ok(BegunPayments { items, changes })
}

/// Something has changed since the look. Refuses the payers of whom a reservation has not `begun`, each for its own reason.
async fn changed_since(
    tx: &Tx,
    payers: &[Payer<'_>],
    begun: &HashSet<ReservationId>,
) -> Result<NotBegun, StoreError> {
    let missing_of = |payer: &Payer<'_>| -> Vec<ReservationId> {
        payer.reservations.iter().copied().filter(|id| !begun.contains(id)).collect()
    };
    let missing: Vec<Vec<ReservationId>> = payers.iter().map(missing_of).collect();
    let mut ids: Vec<ReservationId> = missing.iter().flatten().copied().collect();
    ids.sort_unstable();
    let found = store::candidates(tx, &ids).await?;
    let refused = missing.iter().enumerate().filter_map(|(place, missing)| {
        let payer = Payer { reservations: missing, ..payers[place] };
        // If nothing else is wrong, the time ran out at this very moment.
        let lapsed = BeginError::Lapsed(*missing.first()?);
        Some((place, judged(&payer, &found).err().unwrap_or(lapsed)))
    });
    Ok(NotBegun::Refused(refused.collect()))
}

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
    let booking_of: HashMap<ReservationId, BookingId> =
        paid.iter().map(|one| (one.reservation, one.booking)).collect();
    let ids: Vec<ReservationId> = paid.iter().map(|one| one.reservation).collect();
    let (mut seats_of, mut general_of) = (HashMap::new(), HashMap::new());
    for counted in store::count_items(tx, &ids).await? {
        let Some(booking) = booking_of.get(&counted.reservation) else { continue };
        let of_kind = match counted.kind {
            ItemKind::Seat => &mut seats_of,
            ItemKind::General => &mut general_of,
        };
        *of_kind.entry(*booking).or_insert(0_i64) += counted.items;
    }
    let sold = store::sell_seats(tx, paid).await?;
    let mut sold_of: HashMap<BookingId, i64> = HashMap::new();
    for seat in &sold {
        let booking = seat.reservation.and_then(|id| booking_of.get(&id));
        *sold_of.entry(*booking.ok_or_else(|| Bug::new("a sold seat of nobody"))?).or_default() +=
            1;
    }
    let mut whole: HashSet<BookingId> = booking_of.values().copied().collect();
    for (booking, wanted) in &seats_of {
        match sold_of.get(booking).copied().unwrap_or(0) {
            sold if sold == *wanted => {}
            0 => {
                whole.remove(booking);
            }
            sold => {
                let bug = format!("{sold} of {wanted} seats of booking {booking} are sold");
                return Err(Bug::new(bug).into());
            }
        }
    }
    let mut changes = ChangeDrafts::new();
    let seats: Vec<UpdatedSeat> = sold.iter().map(|seat| seat.changed).collect();
    note_seats(&mut changes, &seats, SeatStatus::Sold);
    sell_places(tx, &booking_of, &whole, &general_of).await?;
    Ok((whole, changes))
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
