//! The transaction that begins checkouts: it claims their attempts, writes bookings and sagas, and changes the seats from
//! held to paying. Its lock order is that of `docs/ARCHITECTURE.md`. The transaction calls no other system.
//!
//! Checkouts of one event that come at the same time share it. Each is decided as if it were alone: who is refused is left
//! out, and the others begin without them.

mod queue;

use std::{collections::HashMap, sync::Arc};

use holdfast_domain::{
    booking::BookingState,
    checkout::{Checkout, Order},
    ids::{BookingId, EventId, LineId, OfferId, SagaId},
    money::Money,
};
use holdfast_entity::{booking_lines, booking_reservations, bookings, reservation_items};

pub use self::queue::CheckoutQueue;
pub(super) use self::queue::begin;
use super::{
    confirm::{ConfirmCommand, ConfirmError},
    driver::CheckoutDriver,
    store,
};
use crate::{
    kernel::{
        db::{self, Bug, StoreError, Together, Tx, UseCaseError},
        failpoint,
        idempotency::{Attempt, AttemptTrace, KeyClaim},
        ports::Entropy,
        saga::{Executor, executor::Work},
    },
    live::record,
    shop::reservations::in_payment::{self, Candidate, NotBegun, Payer},
};

/// The name of this step in failpoints.
pub(super) const BEGIN: &str = "begin";

/// How a request for a checkout begins.
#[derive(Debug)]
pub(super) enum Started {
    /// This request has begun the checkout of the booking.
    Here(Work<Checkout>, BookingId),
    /// An earlier request with the same key has begun it.
    Before(AttemptTrace),
}

/// Why a group has begun nothing. Its transaction is rolled back.
#[derive(Debug, thiserror::Error)]
enum CheckoutGroupError {
    /// These members have their results already; the others may try again without them.
    #[error("some of the checkouts do not begin here")]
    Apart(Vec<(usize, Result<AttemptTrace, ConfirmError>)>),
    /// The members are of several events: the number of its part for each.
    #[error("the checkouts are of several events")]
    Parts(Vec<usize>),
    /// Some places have lapsed at this moment, and it is not known whose.
    #[error("some places have lapsed")]
    Unclear,
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for CheckoutGroupError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Apart(_) | Self::Parts(_) | Self::Unclear => None,
        }
    }
}

impl From<NotBegun> for CheckoutGroupError {
    fn from(error: NotBegun) -> Self {
        match error {
            NotBegun::Refused(refused) => Self::Apart(
                refused.into_iter().map(|(place, error)| (place, Err(error.into()))).collect(),
            ),
            NotBegun::Unclear => Self::Unclear,
            NotBegun::Db(error) => Self::Db(error),
        }
    }
}

/// A member of the group, with what has been found out about it.
struct GroupedCheckout<'a> {
    command: &'a ConfirmCommand,
    booking: BookingId,
    candidates: Vec<Candidate>,
}

/// Begins the checkouts of different buyers. Returns their work, in the same order.
async fn begin_together(
    tx: &Tx,
    executor: &Executor<CheckoutDriver>,
    entropy: &dyn Entropy,
    commands: &[Arc<ConfirmCommand>],
) -> Result<Vec<(Work<Checkout>, BookingId)>, CheckoutGroupError> {
    let bookings: Vec<BookingId> = commands.iter().map(|_| BookingId(entropy.id())).collect();
    claim(tx, commands, &bookings).await?;
    let payers: Vec<Payer<'_>> = commands.iter().map(|command| payer(command)).collect();
    let candidates = in_payment::look(tx, &payers).await?;
    in_one_part(&candidates)?;
    apart(candidates.iter().map(|of_one| check(of_one)))?;
    in_payment::lock_buyers(tx, &payers, &candidates).await?;
    let begun = in_payment::begin(tx, &payers).await?;
    let members: Vec<GroupedCheckout<'_>> = commands
        .iter()
        .zip(bookings)
        .zip(candidates)
        .map(|((command, booking), candidates)| GroupedCheckout { command, booking, candidates })
        .collect();
    // Of the items that are locked now: a part of a reservation may have been given back since the look.
    let mut items_of = items_of_members(&members, begun.items)?;
    let orders = apart(members.iter().zip(&items_of).map(|(member, items)| order(member, items)))?;
    let now_ms = members.iter().flat_map(|it| &it.candidates).map(|it| it.now).max().unwrap_or(0);
    let refundable = refundable_offers(tx, &items_of).await?;
    let (mut rows, mut lines, mut paid_for, mut sagas) = (vec![], vec![], vec![], vec![]);
    for ((member, items), order) in members.iter().zip(&mut items_of).zip(orders) {
        let saga = SagaId(entropy.id());
        let checkout = Checkout::start(saga, member.booking, order, now_ms);
        sagas.push((saga.0, member.booking.0, checkout));
        rows.push(booking_row(member, items, entropy, now_ms));
        paid_for.extend(reservation_rows(member));
        lines.extend(items.drain(..).map(|item| line(member, item, &refundable, entropy)));
    }
    let together = Together::of(tx);
    db::insert_all(&together, rows).await?;
    db::insert_all(&together, lines).await?;
    db::insert_all(&together, paid_for).await?;
    let works = executor.start(&together, sagas, now_ms).await?;
    for (event, change) in &begun.changes {
        record::record(&together, *event, change).await?;
    }
    together.send(tx).await?.check()?;
    commands.iter().for_each(|_| failpoint::reach(BEGIN, failpoint::HaltMoment::BeforeRecord));
    let begun = works.into_iter().zip(&members);
    Ok(begun.map(|(work, member)| (work.about(only_event(member)), member.booking)).collect())
}

fn payer(command: &ConfirmCommand) -> Payer<'_> {
    let ConfirmCommand { buyer, locale, reservations, .. } = command;
    Payer { buyer: *buyer, locale, reservations }
}

/// The results, if all members have one. The refused members are left out of the group otherwise.
fn apart<T>(
    results: impl Iterator<Item = Result<T, ConfirmError>>,
) -> Result<Vec<T>, CheckoutGroupError> {
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    for (place, result) in results.enumerate() {
        match result {
            Ok(result) => all.push(result),
            Err(error) => refused.push((place, Err(error))),
        }
    }
    if refused.is_empty() { Ok(all) } else { Err(CheckoutGroupError::Apart(refused)) }
}

/// Claims the attempts of all members.
async fn claim(
    tx: &Tx,
    commands: &[Arc<ConfirmCommand>],
    bookings: &[BookingId],
) -> Result<(), CheckoutGroupError> {
    let attempts: Vec<_> =
        commands.iter().zip(bookings).map(|(it, booking)| (&it.attempt, booking.0)).collect();
    let claims = Attempt::claim_all(tx, &attempts).await?.into_iter().enumerate();
    let known: Vec<_> = claims
        .filter_map(|(place, claim)| match claim {
            Ok(KeyClaim::First) => None,
            Ok(KeyClaim::Known(known)) => Some((place, Ok(known))),
            Err(error) => Some((place, Err(error.into()))),
        })
        .collect();
    if known.is_empty() { Ok(()) } else { Err(CheckoutGroupError::Apart(known)) }
}

/// Whether all members are of one event. A change of a seating plan locks all seats of its event, and must not keep the
/// buyers of another event waiting. A booking of several events is a part of its own.
fn in_one_part(candidates: &[Vec<Candidate>]) -> Result<(), CheckoutGroupError> {
    let mut numbers: HashMap<Option<EventId>, usize> = HashMap::new();
    let mut parts = Vec::with_capacity(candidates.len());
    let mut count = 0;
    for of_one in candidates {
        let event = only(of_one.iter().map(|one| one.reservation.event_id));
        let known = event.and_then(|event| numbers.get(&Some(event)).copied());
        parts.push(known.unwrap_or(count));
        if known.is_none() {
            numbers.insert(event, count);
            count += 1;
        }
    }
    if count <= 1 { Ok(()) } else { Err(CheckoutGroupError::Parts(parts)) }
}

/// The value that all of these are.
fn only<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

fn only_event(member: &GroupedCheckout<'_>) -> Option<uuid::Uuid> {
    only(member.candidates.iter().map(|one| one.reservation.event_id.0))
}

/// Whether the reservations fit into one booking.
fn check(candidates: &[Candidate]) -> Result<(), ConfirmError> {
    let Some(first) = candidates.first().map(|candidate| &candidate.reservation) else {
        return Err(ConfirmError::NoMethod);
    };
    for Candidate { reservation, event_status, .. } in candidates {
        if reservation.currency != first.currency {
            return Err(ConfirmError::MixedCurrency);
        }
        if reservation.organization_id != first.organization_id {
            return Err(ConfirmError::MixedOrganizer);
        }
        if !event_status.sells() {
            return Err(ConfirmError::NotOnSale(*event_status));
        }
    }
    Ok(())
}

/// The items of each member, in the order in which they are locked.
fn items_of_members(
    members: &[GroupedCheckout<'_>],
    items: Vec<reservation_items::Model>,
) -> Result<Vec<Vec<reservation_items::Model>>, CheckoutGroupError> {
    let places: HashMap<_, usize> = members
        .iter()
        .enumerate()
        .flat_map(|(place, it)| it.command.reservations.iter().map(move |id| (*id, place)))
        .collect();
    let mut of_members = vec![Vec::new(); members.len()];
    for item in items {
        let place = places.get(&item.reservation_id);
        let place = place.ok_or_else(|| StoreError::from(Bug::new("an item of nobody")))?;
        of_members[*place].push(item);
    }
    Ok(of_members)
}

/// The amount of the items, with its currency.
fn order(
    member: &GroupedCheckout<'_>,
    items: &[reservation_items::Model],
) -> Result<Order, ConfirmError> {
    let mut amount = Money::new(0, member.candidates[0].reservation.currency);
    for item in items {
        let price = Money::new(item.price_minor, amount.currency);
        amount = amount.plus(price).map_err(|_| ConfirmError::TooLarge)?;
    }
    if amount.minor == 0 {
        return Ok(Order::Free);
    }
    let method = member.command.method.clone().ok_or(ConfirmError::NoMethod)?;
    Ok(Order::Paid { amount, method })
}

async fn refundable_offers(
    tx: &Tx,
    items: &[Vec<reservation_items::Model>],
) -> Result<Vec<OfferId>, StoreError> {
    let mut offers: Vec<OfferId> = items.iter().flatten().map(|item| item.offer_id).collect();
    offers.sort_unstable();
    offers.dedup();
    store::refundable_offers(tx, &offers).await
}

fn booking_row(
    member: &GroupedCheckout<'_>,
    items: &[reservation_items::Model],
    entropy: &dyn Entropy,
    now_ms: i64,
) -> bookings::Model {
    let (first, command) = (&member.candidates[0].reservation, member.command);
    bookings::Model {
        id: member.booking,
        reference: reference(entropy),
        organization_id: first.organization_id,
        buyer_id: command.buyer.id(),
        buyer_kind: command.buyer.kind(),
        email: Some(command.email.clone()),
        locale: command.locale.to_owned(),
        status: BookingState::Pending,
        failure: None,
        currency: first.currency,
        total_minor: items.iter().map(|item| item.price_minor).sum(),
        discount_minor: 0,
        refunded_minor: 0,
        created_at: now_ms,
        settled_at: None,
        version: 1,
    }
}

/// The reservations for which the booking pays. A reservation for which another live booking pays is a unique violation.
fn reservation_rows(
    member: &GroupedCheckout<'_>,
) -> impl Iterator<Item = booking_reservations::Model> {
    let booking_id = member.booking;
    let row =
        move |id: &_| booking_reservations::Model { booking_id, reservation_id: *id, live: 1 };
    member.command.reservations.iter().map(row)
}

fn line(
    member: &GroupedCheckout<'_>,
    item: reservation_items::Model,
    refundable: &[OfferId],
    entropy: &dyn Entropy,
) -> booking_lines::Model {
    booking_lines::Model {
        booking_id: member.booking,
        id: LineId(entropy.id()),
        event_id: item.event_id,
        organization_id: member.candidates[0].reservation.organization_id,
        reservation_id: item.reservation_id,
        item_id: item.id,
        kind: item.kind,
        seat_id: item.seat_id,
        section_id: item.section_id,
        offer_id: item.offer_id,
        label: item.label,
        quantity: item.quantity,
        admits: item.admits,
        price_minor: item.price_minor,
        discount_minor: 0,
        fee_minor: 0,
        tax_rate_bp: 0,
        tax_minor: 0,
        refunded_minor: 0,
        refunding_minor: 0,
        refundable: refundable.contains(&item.offer_id).into(),
        cancelled_at: None,
    }
}

/// `HF-` and eight of Crockford's letters: 40 bits of chance, in letters that are not mistaken for each other.
fn reference(entropy: &dyn Entropy) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bytes = [0_u8; 8];
    entropy.fill(&mut bytes);
    let letters = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    format!("HF-{}", letters.collect::<String>())
}
