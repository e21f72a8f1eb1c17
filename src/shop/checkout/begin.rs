//! The transaction that begins checkouts: it claims their attempts, writes bookings and sagas, and changes the seats from
//! held to paying. Its lock order is that of `docs/ARCHITECTURE.md`. The transaction calls no other system.
//!
//! Checkouts of one event that come at the same time share it. Each is decided as if it were alone: who is refused is left
//! out, and the others begin without them.

mod queue;
mod rows;

use std::{
    collections::{BTreeMap, HashMap},
    mem,
    sync::Arc,
};

use holdfast_domain::{
    checkout::{Checkout, Order},
    ids::{BookingId, OfferId, ReservationId, SagaId},
    money::Money,
};
use holdfast_entity::reservation_items;
use uuid::Uuid;

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
    legal::accept,
    live::record,
    shop::reservations::in_payment::{
        ChangeDrafts, PaidFor,
        begin::{self as payments, BeginError, Candidate, Payer},
    },
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
    /// No member begins here: these are their results.
    #[error("none of the checkouts begins here")]
    None(Vec<BeginResult>),
    /// Some members have their results, and the others are of several events.
    #[error("the checkouts are of several events")]
    Parts(EventParts),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for CheckoutGroupError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::None(_) | Self::Parts(_) => None,
        }
    }
}

/// A group that begins in several parts.
#[derive(Debug)]
struct EventParts {
    /// The results of the members that are left out, by their positions in the group.
    left_out: BTreeMap<usize, BeginResult>,
    /// The part of each other member, by its position in the group.
    part_of: BTreeMap<usize, usize>,
}

/// What came of a member of the group.
type BeginResult = Result<Started, ConfirmError>;

/// A member whose key is claimed for the booking.
#[derive(Debug, Clone, Copy)]
struct ClaimedCheckout<'a> {
    /// The position in the group.
    place: usize,
    command: &'a ConfirmCommand,
    booking: BookingId,
}

impl<'a> ClaimedCheckout<'a> {
    fn payer(&self) -> Payer<'a> {
        let ConfirmCommand { buyer, locale, reservations, .. } = self.command;
        Payer { buyer: *buyer, locale, reservations }
    }
}

/// A member whose reservations are locked and fit into one booking.
#[derive(Debug)]
struct DecidedCheckout<'a> {
    claimed: ClaimedCheckout<'a>,
    candidates: Vec<Candidate>,
    items: Vec<reservation_items::Model>,
    order: Order,
}

/// The results of the members who do not begin here, by their positions in the group.
#[derive(Debug, Default)]
struct LeftOut(BTreeMap<usize, BeginResult>);

impl LeftOut {
    /// The members that go on. A refused member is left out.
    fn sift<'a, T>(
        &mut self,
        members: impl IntoIterator<Item = (ClaimedCheckout<'a>, Result<T, ConfirmError>)>,
    ) -> Vec<(ClaimedCheckout<'a>, T)> {
        let mut going = Vec::new();
        for (member, result) in members {
            match result {
                Ok(found) => going.push((member, found)),
                Err(error) => {
                    self.0.insert(member.place, Err(error));
                }
            }
        }
        going
    }

    /// Ends the group if no member goes on.
    fn or_end<T>(&mut self, going: Vec<T>) -> Result<Vec<T>, CheckoutGroupError> {
        if going.is_empty() {
            return Err(CheckoutGroupError::None(mem::take(&mut self.0).into_values().collect()));
        }
        Ok(going)
    }
}

/// Begins the checkouts of different buyers. Returns what came of each, in the same order.
async fn begin_together(
    tx: &Tx,
    executor: &Executor<CheckoutDriver>,
    entropy: &dyn Entropy,
    commands: &[Arc<ConfirmCommand>],
) -> Result<Vec<BeginResult>, CheckoutGroupError> {
    let mut left_out = LeftOut::default();
    let claimed = claim(tx, commands, entropy, &mut left_out).await?;
    let claimed = left_out.or_end(claimed)?;
    let agreed = left_out.sift(claimed.iter().map(|it| (*it, agreed(it))));
    let agreed = left_out.or_end(agreed)?.into_iter().map(|(member, ())| member).collect();
    let decided = decide(tx, agreed, &mut left_out).await?;
    let (members, changes) = begin_payments(tx, decided, &mut left_out).await?;

    let now_ms = members.iter().flat_map(|it| &it.candidates).map(|it| it.now).max().unwrap_or(0);
    let refundable = refundable_offers(tx, &members).await?;
    let (mut bookings, mut lines, mut paid_for, mut sagas) = (vec![], vec![], vec![], vec![]);
    let mut accepted = Vec::new();
    for member in &members {
        let (saga, booking) = (SagaId(entropy.id()), member.claimed.booking);
        let checkout = Checkout::start(saga, booking, member.order.clone(), now_ms);
        sagas.push((saga.0, booking.0, checkout));
        bookings.push(rows::booking_row(member, entropy, now_ms));
        paid_for.extend(rows::reservation_rows(&member.claimed));
        accepted.extend(rows::acceptance(&member.claimed, entropy, now_ms));
        lines
            .extend(member.items.iter().map(|item| rows::line(member, item, &refundable, entropy)));
    }
    let together = Together::of(tx);
    db::insert_all(&together, bookings).await?;
    db::insert_all(&together, lines).await?;
    let ids: Vec<_> = paid_for.iter().map(|row| row.reservation_id).collect();
    payments::mark(&together, &ids).await?;
    db::insert_all(&together, paid_for).await?;
    accept::record(&together, accepted).await?;
    let refused: Vec<_> = claimed
        .iter()
        .filter(|it| left_out.0.contains_key(&it.place))
        .map(|it| it.booking.0)
        .collect();
    if !refused.is_empty() {
        // A refused request leaves its key free.
        Attempt::take_back(&together, &refused).await?;
    }
    let works = executor.start(&together, sagas, now_ms).await?;
    for (event, change) in &changes {
        record::record(&together, *event, change).await?;
    }
    together.send(tx).await?.check()?;
    commands.iter().for_each(|_| failpoint::reach(BEGIN, failpoint::HaltMoment::BeforeRecord));
    let mut results = left_out.0;
    for (work, member) in works.into_iter().zip(&members) {
        let started =
            Started::Here(work.about(only_event(&member.candidates)), member.claimed.booking);
        results.insert(member.claimed.place, Ok(started));
    }
    Ok(results.into_values().collect())
}

/// Claims the attempts of all members. A member whose request has begun before is left out.
async fn claim<'a>(
    tx: &Tx,
    commands: &'a [Arc<ConfirmCommand>],
    entropy: &dyn Entropy,
    left_out: &mut LeftOut,
) -> Result<Vec<ClaimedCheckout<'a>>, StoreError> {
    let members: Vec<ClaimedCheckout<'a>> = commands
        .iter()
        .enumerate()
        .map(|(place, command)| ClaimedCheckout {
            place,
            command,
            booking: BookingId(entropy.id()),
        })
        .collect();
    let attempts: Vec<_> = members.iter().map(|it| (&it.command.attempt, it.booking.0)).collect();
    let mut claimed = Vec::with_capacity(members.len());
    for (member, claim) in members.iter().zip(Attempt::claim_all(tx, &attempts).await?) {
        let result = match claim {
            Ok(KeyClaim::First) => {
                claimed.push(*member);
                continue;
            }
            Ok(KeyClaim::Known(known)) => Ok(Started::Before(known)),
            Err(error) => Err(error.into()),
        };
        left_out.0.insert(member.place, result);
    }
    Ok(claimed)
}

/// Decides who may begin, and locks what they pay for.
async fn decide<'a>(
    tx: &Tx,
    claimed: Vec<ClaimedCheckout<'a>>,
    left_out: &mut LeftOut,
) -> Result<Vec<DecidedCheckout<'a>>, CheckoutGroupError> {
    let payers: Vec<Payer<'_>> = claimed.iter().map(ClaimedCheckout::payer).collect();
    let looked = payments::look(tx, &payers).await?;
    let looked = left_out.sift(claimed.into_iter().zip(looked.into_iter().map(fitting)));
    let looked = left_out.or_end(looked)?;
    let part_of = parts(&looked);
    if part_of.values().any(|part| *part > 0) {
        let left_out = mem::take(&mut left_out.0);
        return Err(CheckoutGroupError::Parts(EventParts { left_out, part_of }));
    }
    payments::lock_buyers(tx, looked.iter().map(|(member, of)| (member.payer(), of.as_slice())))
        .await?;

    // Anything may have changed since the look. From here on, the reservations are locked.
    let members: Vec<ClaimedCheckout<'a>> = looked.into_iter().map(|(member, _)| member).collect();
    let payers: Vec<Payer<'_>> = members.iter().map(ClaimedCheckout::payer).collect();
    let locked = payments::lock(tx, &payers).await?;
    let locked = left_out.sift(members.into_iter().zip(locked.into_iter().map(fitting)));
    let locked = left_out.or_end(locked)?;
    let items = items_of(tx, locked.iter().map(|(member, _)| *member)).await?;
    let decided = locked.into_iter().zip(items).map(|((claimed, candidates), items)| {
        let order = order(&claimed, &candidates, &items);
        (claimed, order.map(|order| DecidedCheckout { claimed, candidates, items, order }))
    });
    let decided = left_out.sift(decided).into_iter().map(|(_, decided)| decided).collect();
    left_out.or_end(decided)
}

/// The items of each member, in the order of events and seats.
async fn items_of<'a>(
    tx: &Tx,
    members: impl Iterator<Item = ClaimedCheckout<'a>>,
) -> Result<Vec<Vec<reservation_items::Model>>, StoreError> {
    let (mut member_of, mut items_of) = (HashMap::new(), Vec::new());
    for (n, member) in members.enumerate() {
        member_of.extend(member.command.reservations.iter().map(|id| (*id, n)));
        items_of.push(Vec::new());
    }
    let ids: Vec<ReservationId> = member_of.keys().copied().collect();
    for item in payments::items(tx, &ids).await? {
        let member = member_of.get(&item.reservation_id);
        items_of[*member.ok_or_else(|| Bug::new("an item of nobody"))?].push(item);
    }
    Ok(items_of)
}

/// Begins the payments of the members, and leaves out the members whose time runs out at this very moment. Returns the
/// changes for viewers.
async fn begin_payments<'a>(
    tx: &Tx,
    decided: Vec<DecidedCheckout<'a>>,
    left_out: &mut LeftOut,
) -> Result<(Vec<DecidedCheckout<'a>>, ChangeDrafts), CheckoutGroupError> {
    let paid_for = |member: &DecidedCheckout<'_>| {
        let booking = member.claimed.booking;
        let reservations = member.claimed.command.reservations.iter();
        reservations.map(move |id| PaidFor { booking, reservation: *id }).collect::<Vec<_>>()
    };
    let paid: Vec<PaidFor> = decided.iter().flat_map(paid_for).collect();
    let items: Vec<_> = decided.iter().flat_map(|member| &member.items).collect();
    let (whole, changes) = payments::begin(tx, &paid, &items).await?;
    let begun = decided.into_iter().map(|member| {
        let lapsed = BeginError::Lapsed(member.claimed.command.reservations[0]);
        let is_whole = whole.contains(&member.claimed.booking);
        (member.claimed, if is_whole { Ok(member) } else { Err(lapsed.into()) })
    });
    let begun = left_out.sift(begun).into_iter().map(|(_, member)| member).collect();
    Ok((left_out.or_end(begun)?, changes))
}

/// The part of each member, by its position in the group: the members of one event are a part. A change of a seating plan
/// locks all seats of its event, and must not keep the buyers of another event waiting. A booking of several events is a
/// part of its own.
fn parts(members: &[(ClaimedCheckout<'_>, Vec<Candidate>)]) -> BTreeMap<usize, usize> {
    let (mut known, mut count) = (HashMap::new(), 0);
    let mut part_of = |event: Option<Uuid>| {
        let next = count;
        let part = event.map_or(next, |event| *known.entry(event).or_insert(next));
        count += usize::from(part == next);
        part
    };
    members
        .iter()
        .map(|(member, candidates)| (member.place, part_of(only_event(candidates))))
        .collect()
}

/// The value that all of these are.
fn only<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

fn only_event(candidates: &[Candidate]) -> Option<Uuid> {
    only(candidates.iter().map(|one| one.reservation.event_id.0))
}

/// Whether the member accepts the terms, if the shop demands it.
fn agreed(member: &ClaimedCheckout<'_>) -> Result<(), ConfirmError> {
    match &member.command.terms {
        Ok(_) => Ok(()),
        Err(refusal) => Err(refusal.clone().into()),
    }
}

/// The reservations of one payer, if they fit into one booking.
fn fitting(judged: Result<Vec<Candidate>, BeginError>) -> Result<Vec<Candidate>, ConfirmError> {
    let candidates = judged?;
    let Some(first) = candidates.first().map(|candidate| &candidate.reservation) else {
        return Err(ConfirmError::NoMethod);
    };
    for Candidate { reservation, event_status, .. } in &candidates {
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
    Ok(candidates)
}

/// The amount of the items, with its currency.
fn order(
    member: &ClaimedCheckout<'_>,
    candidates: &[Candidate],
    items: &[reservation_items::Model],
) -> Result<Order, ConfirmError> {
    let mut amount = Money::new(0, candidates[0].reservation.currency);
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
    members: &[DecidedCheckout<'_>],
) -> Result<Vec<OfferId>, StoreError> {
    let items = members.iter().flat_map(|member| &member.items);
    let mut offers: Vec<OfferId> = items.map(|item| item.offer_id).collect();
    offers.sort_unstable();
    offers.dedup();
    store::refundable_offers(tx, &offers).await
}
