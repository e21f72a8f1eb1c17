//! Adoption: a guest signs in, and what the guest holds, pays for and has bought becomes the user's.
//!
//! One transaction moves it all. It locks the rows of both buyers within each event first, as holds and confirmations
//! do, so that neither buyer gains anything meanwhile. The lock order is that of `docs/ARCHITECTURE.md`.

mod invariants;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use holdfast_contract::accounts::{Adopted, KeptReservations};
use holdfast_domain::{
    adoption::{self, Held, Kept},
    booking::BookingState,
    ids::{BookingId, Buyer, EventId, GuestId, ReservationId},
    reservation::ReservationState,
};
use holdfast_entity::reservations;
use poem_openapi::OpenApi;
use uuid::Uuid;

use crate::{
    http::auth::Adopt,
    kernel::{
        actor::User,
        audit,
        base::Base,
        db::{self, Bug, Db, StoreError, Tx},
        idempotency,
        invariants::Invariant,
        ports::Entropy,
    },
    shop::{
        bookings::adopt::{self as guest_bookings, GuestBooking},
        reservations::adopt as guest_reservations,
        tickets,
    },
    slice::{Shared, Slice},
};

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Adoption {
    pub base: Base,
}

/// Who gives what to whom.
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
    ) -> Result<Adopted, StoreError> {
        // Most guests have nothing left, and a look costs no lock.
        if events(&self.base.db, guest).await?.is_empty() {
            return Ok(Adopted::default());
        }
        let (handover, entropy) =
            (Handover { guest, user, locale }, Arc::clone(&self.base.entropy));
        let db = self.base.db.clone();
        // A caller who goes away must not cut the transaction off.
        let adopting = self.base.tasks.run(async move { hand_over(&db, entropy, handover).await });
        adopting.await.map_err(|_| Bug::new("an adoption panicked"))?
    }
}

async fn hand_over(
    db: &Db,
    entropy: Arc<dyn Entropy>,
    handover: Handover,
) -> Result<Adopted, StoreError> {
    db.transact(move |tx| {
        let entropy = Arc::clone(&entropy);
        Box::pin(async move { handover.within(tx, &*entropy).await })
    })
    .await
}

/// The events in which the guest has something, in their order.
async fn events(sql: &impl db::Sql, guest: GuestId) -> Result<Vec<EventId>, StoreError> {
    let mut events = guest_reservations::events_of(sql, guest).await?;
    events.extend(guest_bookings::events_of(sql, guest).await?);
    events.sort_unstable();
    events.dedup();
    Ok(events)
}

impl Handover {
    async fn within(self, tx: &Tx, entropy: &dyn Entropy) -> Result<Adopted, StoreError> {
        let Self { guest, user, locale } = self;
        let (from, to) = (Buyer::Guest(guest), Buyer::User(user.id));
        let events = events(tx, guest).await?;
        guest_reservations::lock(tx, [from, to], &events, locale).await?;
        let now_ms = db::now(tx).await?;
        // What appeared in another event since is left for the next request.
        let mut bookings = guest_bookings::of_guest(tx, guest).await?;
        let all = bookings.len();
        bookings.retain(|one| one.events.iter().all(|event| events.binary_search(event).is_ok()));
        let (pending, ended): (Vec<GuestBooking>, Vec<GuestBooking>) =
            bookings.into_iter().partition(|one| one.status == BookingState::Pending);
        let booked: BTreeSet<ReservationId> =
            pending.iter().chain(&ended).flat_map(|one| one.reservations.clone()).collect();
        let booked: Vec<ReservationId> = booked.into_iter().collect();

        let mut given: Vec<BookingId> = ended.iter().map(|one| one.id).collect();
        let mut persons = guest_reservations::persons(tx, to, &events, now_ms).await?;
        for (event, admitted) in tickets::give(tx, &given, to).await? {
            *persons.entry(event).or_default() += admitted;
        }
        let rows = guest_reservations::of_guest(tx, guest, &events, &booked).await?;
        let (mut moved, mut kept) = (Vec::new(), Vec::new());
        for (reservations, booking, verdict) in
            adoption::decide(&persons, &held(&rows, &pending, now_ms))
        {
            match verdict {
                Ok(()) => {
                    moved.extend(reservations);
                    given.extend(booking);
                }
                Err(why) => kept.push(named(&reservations, booking, why)),
            }
        }
        // Paid or past: they follow their bookings.
        let past = ended.iter().flat_map(|one| one.reservations.iter().copied());
        let is_undecided = |id: &ReservationId| {
            !moved.contains(id) && !kept.iter().any(|kept| kept.reservations.contains(&id.0))
        };
        let past: Vec<ReservationId> = past.filter(is_undecided).collect();
        moved.extend(past);
        moved.sort_unstable();
        moved.dedup();

        guest_bookings::give(tx, &given, to).await?;
        guest_reservations::give(tx, &moved, to).await?;
        let subjects: Vec<Uuid> =
            moved.iter().map(|id| id.0).chain(given.iter().map(|id| id.0)).collect();
        let is_whole = given.len() == all;
        idempotency::hand_over(tx, from.id(), to.id(), &subjects, is_whole).await?;
        let adopted = Adopted {
            reservations: moved.iter().map(|id| id.0).collect(),
            bookings: given.iter().map(|id| id.0).collect(),
            kept,
        };
        if !subjects.is_empty() {
            let subject = ("guest", guest.0);
            let entry = audit::Entry::new(entropy, user, "guest.adopt", subject, &adopted);
            audit::record(tx, &entry).await?;
        }
        Ok(adopted)
    }
}

/// The reservations whose move is to be decided: what a pending booking pays for, and holds that have not lapsed.
fn held(rows: &[reservations::Model], pending: &[GuestBooking], now_ms: i64) -> Vec<Held> {
    let paying: HashMap<ReservationId, BookingId> = pending
        .iter()
        .flat_map(|booking| booking.reservations.iter().map(|id| (*id, booking.id)))
        .collect();
    let held = rows.iter().filter_map(|row| {
        let booking = paying.get(&row.id).copied();
        let is_live = row.status.seen_at(row.expires_at, now_ms) == ReservationState::Active;
        (booking.is_some() || is_live).then(|| Held {
            reservation: row.id,
            event: row.event_id,
            booking,
            persons: row.persons.into(),
            max_per_user: row.max_per_user.into(),
        })
    });
    held.collect()
}

fn named(
    reservations: &[ReservationId],
    booking: Option<BookingId>,
    why: Kept,
) -> KeptReservations {
    KeptReservations {
        reservations: reservations.iter().map(|id| id.0).collect(),
        booking: booking.map(|id| id.0),
        event_id: why.event.0,
        limit: why.limit,
        remaining: why.remaining,
    }
}

impl Slice for Adoption {
    const INVARIANTS: &'static [Invariant] = invariants::INVARIANTS;

    /// Signing in adopts, and so does each request with both tokens.
    fn routes(self, _shared: Shared) -> impl OpenApi + 'static {}
}
