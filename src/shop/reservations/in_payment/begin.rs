//! The beginning of payments: which buyers may pay for their reservations, and the change of the places from held to
//! paying. Several buyers begin together, and each is decided as if it were alone: a refused buyer has what it had before.

use std::collections::{HashMap, HashSet};

use holdfast_contract::catalogue::SeatStatus;
use holdfast_domain::{
    access::AccountStatus,
    event::Status,
    ids::{BookingId, Buyer, BuyerKind, ReservationId},
    reservation::{ItemKind, ReservationState},
};
use holdfast_entity::{reservation_items, reservations};
use sea_orm::FromQueryResult;

use super::{ChangeDrafts, PaidFor, items_of, note_seats, whole_seats};
use crate::{
    kernel::db::{StoreError, Tx, Writes},
    shop::reservations::store::payment::{self as store, Looking, OwnedSeat},
};

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

/// Why the payment of a buyer's reservations does not begin.
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

/// What the reservations of each payer are, in the order of the payers.
pub type JudgedPayers = Vec<Result<Vec<Candidate>, BeginError>>;

/// Reads the reservations of buyers with their events. Takes no lock: this look may refuse a payment, but never grant it.
pub async fn look(tx: &Tx, payers: &[Payer<'_>]) -> Result<JudgedPayers, StoreError> {
    judge_all(tx, payers, Looking::Plain).await
}

/// Locks the reservations of buyers in the order of their ids, and reads them again.
pub async fn lock(tx: &Tx, payers: &[Payer<'_>]) -> Result<JudgedPayers, StoreError> {
    judge_all(tx, payers, Looking::Locked).await
}

async fn judge_all(
    tx: &Tx,
    payers: &[Payer<'_>],
    looking: Looking,
) -> Result<JudgedPayers, StoreError> {
    let ids: Vec<ReservationId> =
        payers.iter().flat_map(|payer| payer.reservations.iter().copied()).collect();
    let found = store::candidates(tx, &ids, looking).await?;
    Ok(payers.iter().map(|payer| judge(payer, &found)).collect())
}

/// The payer's candidates among all, in the order of their ids.
fn judge(payer: &Payer<'_>, found: &[Candidate]) -> Result<Vec<Candidate>, BeginError> {
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
pub async fn lock_buyers<'a>(
    tx: &Tx,
    payers: impl Iterator<Item = (Payer<'a>, &'a [Candidate])>,
) -> Result<(), StoreError> {
    let rows = payers.flat_map(|(payer, candidates)| {
        candidates.iter().map(move |one| (one.reservation.event_id, payer.buyer, payer.locale))
    });
    store::lock_buyers_of_events(tx, rows.collect()).await
}

/// The items of the reservations, in the order of events and seats.
pub async fn items(
    tx: &Tx,
    ids: &[ReservationId],
) -> Result<Vec<reservation_items::Model>, StoreError> {
    store::items(tx, ids).await
}

/// Changes the places of bookings from held to paying: for each booking all of them, or none when the time of one ran out
/// after its reservation was judged. The reservations are locked, and `items` are theirs. Returns the bookings whose places
/// are paying.
pub async fn begin(
    tx: &Tx,
    paid: &[PaidFor],
    items: &[&reservation_items::Model],
) -> Result<(HashSet<BookingId>, ChangeDrafts), StoreError> {
    let booking_of = super::bookings(paid);
    let of_kind = |kind: ItemKind| items.iter().filter(move |item| item.kind == kind);
    let wanted =
        items_of(of_kind(ItemKind::Seat).map(|item| (item.reservation_id, 1)), &booking_of);
    let begun = store::begin_seats(tx, paid).await?;
    let mut whole = whole_seats(&booking_of, &wanted, &begun)?;
    let mut general: HashMap<ReservationId, u64> = HashMap::new();
    for item in of_kind(ItemKind::General) {
        *general.entry(item.reservation_id).or_default() += 1;
    }
    let mut changes = ChangeDrafts::new();
    let late = begin_places(tx, &booking_of, &whole, &general).await?;
    let goes = |seat: &OwnedSeat| {
        !seat.reservation.and_then(|id| booking_of.get(&id)).is_some_and(|it| late.contains(it))
    };
    let seats: Vec<_> = begun.iter().filter(|seat| goes(seat)).map(|seat| seat.changed).collect();
    note_seats(&mut changes, &seats, SeatStatus::Held);
    if !late.is_empty() {
        let is_late = |one: &&PaidFor| late.contains(&one.booking);
        let ids: Vec<_> = paid.iter().filter(is_late).map(|one| one.reservation).collect();
        note_seats(&mut changes, &store::reopen_seats(tx, &ids).await?, SeatStatus::Held);
        store::reopen_places(tx, &ids).await?;
        whole.retain(|booking| !late.contains(booking));
    }
    Ok((whole, changes))
}

/// Changes the general-admission places of whole bookings from held to paying. Returns the bookings of which some places
/// are not held any more.
async fn begin_places(
    tx: &Tx,
    booking_of: &HashMap<ReservationId, BookingId>,
    whole: &HashSet<BookingId>,
    general: &HashMap<ReservationId, u64>,
) -> Result<HashSet<BookingId>, StoreError> {
    let booking = |id: &ReservationId| booking_of.get(id).copied();
    let goes_on = |id: &&ReservationId| booking(id).is_some_and(|it| whole.contains(&it));
    let mut ids: Vec<ReservationId> = general.keys().filter(goes_on).copied().collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    ids.sort_unstable();
    let mut missing: HashMap<ReservationId, u64> =
        ids.iter().map(|id| (*id, general.get(id).copied().unwrap_or(0))).collect();
    for begun in store::begin_places(tx, &ids).await? {
        if let Some(missing) = missing.get_mut(&begun.reservation) {
            *missing = missing.saturating_sub(1);
        }
    }
    Ok(missing
        .iter()
        .filter(|(_, missing)| **missing > 0)
        .filter_map(|(id, _)| booking(id))
        .collect())
}

/// Marks locked reservations as being paid for.
pub async fn mark(to: &impl Writes, ids: &[ReservationId]) -> Result<(), StoreError> {
    store::begin_reservations(to, ids).await
}
