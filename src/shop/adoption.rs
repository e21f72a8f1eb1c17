//! Adoption: a guest signs in, and what the guest holds, pays for and has bought becomes the user's.
//!
//! One transaction moves it all. It locks the rows of both buyers within each event first, as holds and confirmations
//! do, so that neither buyer gains anything meanwhile. The lock order is that of `docs/ARCHITECTURE.md`, except that the
//! idempotency keys come last: only then is it known which of them the user may repeat. A repeated request that has
//! claimed such a key and waits for a buyer's row is a deadlock: the store fails one of the two, and [`db::Db::transact`]
//! runs it again.

mod by_address;
mod invariants;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use holdfast_contract::accounts::{Adopted, KeptReservations};
use holdfast_domain::{
    adoption::{self, AdoptionDecision, ExceededLimit, GuestReservation},
    booking::BookingState,
    ids::{BookingId, Buyer, EventId, GuestId, ReservationId, UserId},
    reservation::ReservationState,
};
use holdfast_entity::reservations;
use moka::future::Cache;
use poem_openapi::OpenApi;
use uuid::Uuid;

use crate::{
    http::auth::Adopt,
    kernel::{
        actor::User,
        audit,
        base::Base,
        db::{self, Bug, StoreError, Tx},
        idempotency,
        invariants::Invariant,
        ports::Entropy,
    },
    shop::{
        bookings::adopt::{self as guest_bookings, GuestBooking},
        reservations::adopt as guest_reservations,
        tickets,
    },
    slice::{SharedParts, Slice},
};

/// The maximum number of events of one adoption; the next request moves the rest.
const MAX_EVENTS: usize = 100;
/// How long a node remembers that nothing of a guest can move. A page that has kept something of the guest sends both
/// tokens with every request, and its reads shall not lock.
const REMEMBERED: Duration = Duration::from_secs(1);
const MAX_REMEMBERED: u64 = 10_000;

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Adoption {
    base: Base,
    unmoved: Cache<(GuestId, UserId), (GuestReservations, Adopted)>,
}

/// The events in which a guest is a buyer, and the guest's reservations with their versions.
#[derive(Debug, Clone, PartialEq, Eq)]
struct GuestReservations {
    events: Vec<EventId>,
    reservations: Vec<(ReservationId, i32)>,
}

impl Adoption {
    pub fn new(base: Base) -> Self {
        let unmoved =
            Cache::builder().max_capacity(MAX_REMEMBERED).time_to_live(REMEMBERED).build();
        Self { base, unmoved }
    }

    /// Runs the transaction of an adoption. A caller who goes away must not cut it off.
    async fn run<T: Send + 'static>(
        &self,
        step: impl for<'t> Fn(&'t Tx, Arc<dyn Entropy>) -> BoxFuture<'t, Result<T, StoreError>>
        + Send
        + Sync
        + 'static,
    ) -> Result<T, StoreError> {
        let (db, entropy) = (self.base.db.clone(), Arc::clone(&self.base.entropy));
        let adopting = self
            .base
            .tasks
            .run(async move { db.transact(|tx| step(tx, Arc::clone(&entropy))).await });
        adopting.await.map_err(|_| Bug::new("an adoption panicked"))?
    }
}

/// The guest who gives, and the user who takes.
#[derive(Debug, Clone, Copy)]
struct Handover {
    guest: GuestId,
    user: User,
    /// The user's language.
    locale: &'static str,
}

#[async_trait]
impl Adopt for Adoption {
    async fn adopt(
        &self,
        guest: GuestId,
        user: User,
        locale: &'static str,
    ) -> Result<Option<Adopted>, StoreError> {
        // Most guests have nothing left, and a look costs no lock.
        let standing = GuestReservations::of(&self.base.db, guest).await?;
        if standing.events.is_empty() {
            return Ok(Some(Adopted::default()));
        }
        let both = (guest, user.id);
        if let Some((known, adopted)) = self.unmoved.get(&both).await
            && known == standing
        {
            return Ok(Some(adopted));
        }
        let handover = Handover { guest, user, locale };
        let adopted = self
            .run(move |tx, entropy| Box::pin(async move { handover.within(tx, &*entropy).await }))
            .await?;
        if let Some(adopted) = &adopted
            && adopted.reservations.is_empty()
            && adopted.bookings.is_empty()
        {
            self.unmoved.insert(both, (standing, adopted.clone())).await;
        }
        Ok(adopted)
    }

    async fn adopt_address(&self, user: User, locale: &'static str) -> Result<Adopted, StoreError> {
        self.adopt_under_address(user, locale).await
    }
}

impl GuestReservations {
    async fn of(sql: &impl db::Sql, guest: GuestId) -> Result<Self, StoreError> {
        let standing = guest_reservations::standing_of(sql, guest).await?;
        let mut events = guest_bookings::events_of(sql, guest).await?;
        events.extend(standing.iter().map(|(event, ..)| *event));
        events.sort_unstable();
        events.dedup();
        let reservations = standing.into_iter().map(|(_, id, version)| (id, version)).collect();
        Ok(Self { events, reservations })
    }
}

impl Handover {
    /// Moves what may move. `None` if something is left for the next request.
    async fn within(self, tx: &Tx, entropy: &dyn Entropy) -> Result<Option<Adopted>, StoreError> {
        let Self { guest, user, locale } = self;
        let (from, to) = (Buyer::Guest(guest), Buyer::User(user.id));
        let GuestReservations { mut events, .. } = GuestReservations::of(tx, guest).await?;
        let is_cut = events.len() > MAX_EVENTS;
        events.truncate(MAX_EVENTS);
        guest_reservations::lock(tx, [from, to], &events, locale).await?;
        let now_ms = db::now(tx).await?;
        let (bookings, left_out) = bookings_within(tx, guest, &events).await?;
        let of_guest = reservations_of(&bookings);
        let all: Vec<BookingId> = bookings.iter().map(|one| one.id).collect();
        let admitted = tickets::lock_all(tx, &all).await?;
        let rows = guest_reservations::of_guest(tx, guest, &events, &of_guest).await?;

        let paid = |one: &&GuestBooking| one.status == BookingState::Confirmed;
        let mut given: Vec<BookingId> = bookings.iter().filter(paid).map(|one| one.id).collect();
        let mut persons = guest_reservations::persons(tx, to, &events, now_ms).await?;
        for (event, admitted) in admitted {
            *persons.entry(event).or_default() += admitted;
        }
        let mut kept = Vec::new();
        for decision in adoption::decide(&persons, &held(&rows, &bookings, now_ms)) {
            match decision.kept {
                None => given.extend(decision.booking),
                Some(why) => kept.push(named(&decision, why)),
            }
        }
        // A booking that failed stays with the hold that its buyer may pay for again.
        let stays = |id: &ReservationId| {
            left_out.contains(id) || kept.iter().any(|kept| kept.reservations.contains(&id.0))
        };
        let is_past = |one: &&GuestBooking| match one.status {
            BookingState::Failed | BookingState::Cancelled => true,
            BookingState::Pending | BookingState::Confirmed => false,
        };
        let past =
            bookings.iter().filter(is_past).filter(|one| !one.reservations.iter().any(stays));
        given.extend(past.map(|one| one.id));
        let moved: Vec<&reservations::Model> = rows.iter().filter(|row| !stays(&row.id)).collect();

        let is_left = is_cut || !left_out.is_empty();
        let is_whole = !is_left && given.len() == bookings.len();
        let gift = Gift { moved, given, kept, is_whole };
        let adopted = self.give(tx, entropy, gift).await?;
        Ok((!is_left).then_some(adopted))
    }

    /// Gives the user what moves, and with it the idempotency keys of the requests that have made it.
    async fn give(
        self,
        tx: &Tx,
        entropy: &dyn Entropy,
        gift: Gift<'_>,
    ) -> Result<Adopted, StoreError> {
        let (guest, to) = (self.guest, Buyer::User(self.user.id));
        let Gift { moved, given, kept, is_whole } = gift;
        guest_bookings::give(tx, &given, guest, to).await?;
        tickets::give(tx, &given, to).await?;
        guest_reservations::give(tx, &moved, guest, to).await?;
        let subjects: Vec<Uuid> =
            moved.iter().map(|row| row.id.0).chain(given.iter().map(|id| id.0)).collect();
        idempotency::share(tx, Buyer::Guest(guest).id(), to.id(), &subjects, is_whole).await?;
        let adopted = Adopted {
            reservations: moved.iter().map(|row| row.id.0).collect(),
            bookings: given.iter().map(|id| id.0).collect(),
            kept,
        };
        if !subjects.is_empty() {
            record(tx, entropy, self, &adopted).await?;
        }
        Ok(adopted)
    }
}

/// What moves from a guest to a user.
struct Gift<'a> {
    moved: Vec<&'a reservations::Model>,
    given: Vec<BookingId>,
    kept: Vec<KeptReservations>,
    /// Whether nothing is left with the guest.
    is_whole: bool,
}

/// The reservations for which these bookings pay or have paid, in the order of their ids.
fn reservations_of(bookings: &[GuestBooking]) -> Vec<ReservationId> {
    let all: BTreeSet<ReservationId> =
        bookings.iter().flat_map(|one| one.reservations.iter().copied()).collect();
    all.into_iter().collect()
}

async fn record(
    tx: &Tx,
    entropy: &dyn Entropy,
    handover: Handover,
    adopted: &Adopted,
) -> Result<(), StoreError> {
    let (user, subject) = (handover.user, ("guest", handover.guest.0));
    let entry = audit::AuditRecord::new(entropy, user, "guest.adopt", subject, adopted);
    audit::record(tx, &entry).await
}

/// The guest's bookings of these events, and the reservations of all other bookings: an event that appeared since the
/// events were read is not locked, so its bookings are left for the next request.
async fn bookings_within(
    tx: &Tx,
    guest: GuestId,
    events: &[EventId],
) -> Result<(Vec<GuestBooking>, BTreeSet<ReservationId>), StoreError> {
    let is_locked = |event: &EventId| events.binary_search(event).is_ok();
    let all = guest_bookings::of_guest(tx, guest).await?.into_iter();
    let (within, others): (Vec<GuestBooking>, Vec<GuestBooking>) =
        all.partition(|one| one.events.iter().all(is_locked));
    Ok((within, others.into_iter().flat_map(|one| one.reservations).collect()))
}

/// The reservations whose move is to be decided: what a pending booking pays for, and holds that have not lapsed.
fn held(
    rows: &[reservations::Model],
    bookings: &[GuestBooking],
    now_ms: i64,
) -> Vec<GuestReservation> {
    let paying: HashMap<ReservationId, BookingId> = bookings
        .iter()
        .filter(|booking| booking.status == BookingState::Pending)
        .flat_map(|booking| booking.reservations.iter().map(|id| (*id, booking.id)))
        .collect();
    let held = rows.iter().filter_map(|row| {
        let booking = paying.get(&row.id).copied();
        let is_live = row.status.seen_at(row.expires_at, now_ms) == ReservationState::Active;
        (booking.is_some() || is_live).then(|| GuestReservation {
            reservation: row.id,
            event: row.event_id,
            booking,
            persons: row.persons.into(),
            max_per_user: row.max_per_user.into(),
        })
    });
    held.collect()
}

fn named(decision: &AdoptionDecision, why: ExceededLimit) -> KeptReservations {
    KeptReservations {
        reservations: decision.reservations.iter().map(|id| id.0).collect(),
        booking: decision.booking.map(|id| id.0),
        event_id: why.event.0,
        limit: why.limit,
        remaining: why.remaining,
    }
}

impl Slice for Adoption {
    const INVARIANTS: &'static [Invariant] = invariants::INVARIANTS;

    /// Signing in adopts, and so does each request with both tokens.
    fn routes(self, _shared: SharedParts) -> impl OpenApi + 'static {}
}
