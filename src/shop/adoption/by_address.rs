//! Adoption by address: what guests have bought under an address becomes the user's who has proved the address. A guest on
//! another device has no token to show at the sign-in.
//!
//! Holds and payments under way stay the guest's: the guest's browser is at work on them, and anybody can type any address.

use std::sync::Arc;

use holdfast_contract::accounts::Adopted;
use holdfast_domain::{
    booking::BookingState,
    ids::{BookingId, Buyer, EventId, ReservationId},
    reservation::ReservationState,
};
use holdfast_entity::reservations;

use super::{Adoption, Gift, Handover, MAX_EVENTS, reservations_of};
use crate::{
    identity::accounts::log_in,
    kernel::{
        actor::User,
        db::{StoreError, Tx},
        ports::Entropy,
    },
    shop::{
        bookings::adopt::{self as guest_bookings, GuestBooking},
        reservations::adopt as guest_reservations,
        tickets,
    },
};

/// The maximum number of guests from whom one sign-in adopts; the next sign-in adopts from the others.
const MAX_GUESTS: u64 = 20;

impl Adoption {
    /// Gives the user what guests have bought under the user's address. Each guest is a transaction of its own.
    pub(super) async fn adopt_under_address(
        &self,
        user: User,
        locale: &'static str,
    ) -> Result<Adopted, StoreError> {
        let db = &self.base.db;
        let mut adopted = Adopted::default();
        let Some(address) = log_in::email_of(db, user.id).await? else { return Ok(adopted) };
        let address: Arc<str> = address.into();
        for guest in guest_bookings::guests_under(db, &address, MAX_GUESTS).await? {
            let handover = Handover { guest, user, locale };
            let address = Arc::clone(&address);
            let came = self
                .run(move |tx, entropy| {
                    let address = Arc::clone(&address);
                    Box::pin(async move { handover.under(tx, &*entropy, &address).await })
                })
                .await?;
            adopted.reservations.extend(came.reservations);
            adopted.bookings.extend(came.bookings);
        }
        Ok(adopted)
    }
}

impl Handover {
    /// Moves what the guest has bought under the address.
    async fn under(
        self,
        tx: &Tx,
        entropy: &dyn Entropy,
        address: &str,
    ) -> Result<Adopted, StoreError> {
        let Self { guest, user, locale } = self;
        let (from, to) = (Buyer::Guest(guest), Buyer::User(user.id));
        let mut events = guest_bookings::events_of(tx, guest).await?;
        events.sort_unstable();
        events.truncate(MAX_EVENTS);
        guest_reservations::lock(tx, [from, to], &events, locale).await?;
        let bookings = guest_bookings::of_guest(tx, guest).await?;
        let bookings: Vec<GuestBooking> =
            bookings.into_iter().filter(|one| is_bought(one, address, &events)).collect();
        let all: Vec<BookingId> = bookings.iter().map(|one| one.id).collect();
        tickets::lock_all(tx, &all).await?;
        let paid = reservations_of(&bookings);
        let rows = guest_reservations::of_guest(tx, guest, &[], &paid).await?;
        let is_in_use = |id: &ReservationId| rows.iter().any(|row| row.id == *id && in_use(row));
        let given: Vec<&GuestBooking> =
            bookings.iter().filter(|one| !one.reservations.iter().any(is_in_use)).collect();
        let moved: Vec<&reservations::Model> = rows
            .iter()
            .filter(|row| given.iter().any(|one| one.reservations.contains(&row.id)))
            .collect();
        let given: Vec<BookingId> = given.iter().map(|one| one.id).collect();
        self.give(tx, entropy, Gift { moved, given, kept: Vec::new(), is_whole: false }).await
    }
}

/// Whether the guest has bought something by the booking, under the address and in these events.
fn is_bought(booking: &GuestBooking, address: &str, events: &[EventId]) -> bool {
    let is_over = match booking.status {
        BookingState::Confirmed | BookingState::Cancelled => true,
        BookingState::Pending | BookingState::Failed => false,
    };
    // Events beyond the limit, or that appeared since the events were read, are not locked.
    let is_locked = |event: &EventId| events.binary_search(event).is_ok();
    is_over && booking.email.as_deref() == Some(address) && booking.events.iter().all(is_locked)
}

/// Whether the guest still holds or pays for the reservation.
fn in_use(row: &reservations::Model) -> bool {
    match row.status {
        ReservationState::Active | ReservationState::InPayment => true,
        ReservationState::Confirmed | ReservationState::Cancelled | ReservationState::Expired => {
            false
        }
    }
}
