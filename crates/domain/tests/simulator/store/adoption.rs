//! A guest signs in: one transaction moves what the guest has to the user.

use std::collections::HashMap;

use holdfast_domain::{
    adoption::{self, GuestReservation},
    ids::{BookingId, EventId, ReservationId},
    reservation::ReservationState,
};
use uuid::Uuid;

use super::{BookingState, MAX_PERSONS, Reservation, Store, booking_id};
use crate::rules::{Rule, Rules};

/// The only event.
const EVENT: EventId = EventId(Uuid::from_u128(1));

fn reservation_id(reservation: usize) -> ReservationId {
    ReservationId(Uuid::from_u128(reservation as u128))
}

/// The effect of an adoption.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AdoptionEffect {
    /// How many pending bookings moved.
    pub(crate) pending: usize,
    /// How many holds or pending bookings stay the guest's.
    pub(crate) kept: usize,
}

impl Store {
    /// Moves what the guest has to the user, as far as the user's limit allows.
    pub(crate) fn adopt(
        &mut self,
        guest: usize,
        user: usize,
        now_ms: i64,
        rules: Rules,
    ) -> AdoptionEffect {
        if rules.keep(Rule::AdoptionLocksBuyers) {
            self.buyers[guest] += 1;
            self.buyers[user] += 1;
        }
        self.has_adopted[user] = true;
        let of_guest = |booking: &usize| self.bookings[*booking].buyer == guest;
        let (pending, ended): (Vec<usize>, Vec<usize>) = (0..self.bookings.len())
            .filter(of_guest)
            .partition(|&booking| self.bookings[booking].state == BookingState::Pending);
        let held = self.held(guest, &pending, now_ms);
        let (paid, past): (Vec<usize>, Vec<usize>) = ended
            .into_iter()
            .partition(|&booking| self.bookings[booking].state == BookingState::Confirmed);
        for &booking in &paid {
            self.give(booking, user, rules);
            for id in self.bookings[booking].reservations.clone().iter() {
                self.reservations[*id].buyer = user;
            }
        }
        let mine = self.reservations.iter().filter(|row| row.buyer == user);
        let persons: i64 = mine.filter(|row| row.is_live(now_ms)).map(Reservation::persons).sum();
        let mut adopted = AdoptionEffect::default();
        for decision in adoption::decide(&HashMap::from([(EVENT, persons)]), &held) {
            if decision.kept.is_some() {
                adopted.kept += 1;
                continue;
            }
            for id in decision.reservations {
                self.reservations[id.0.as_u128() as usize].buyer = user;
            }
            if let Some(booking) =
                pending.iter().find(|it| Some(booking_id(**it)) == decision.booking)
            {
                self.give(*booking, user, rules);
                adopted.pending += 1;
            }
        }
        // A failed booking stays with the hold that its buyer may pay for again.
        for booking in past {
            let is_kept = |id: &usize| {
                let row = &self.reservations[*id];
                row.buyer == guest
                    && held.iter().any(|held| held.reservation == reservation_id(*id))
            };
            if !self.bookings[booking].reservations.iter().any(is_kept) {
                self.give(booking, user, rules);
            }
        }
        adopted
    }

    /// The guest's holds, and what the guest's pending bookings pay for.
    fn held(&self, guest: usize, pending: &[usize], now_ms: i64) -> Vec<GuestReservation> {
        let paying = |id: usize| -> Option<BookingId> {
            let mut bookings = pending.iter();
            let paying = bookings.find(|it| self.bookings[**it].reservations.contains(&id));
            paying.map(|booking| booking_id(*booking))
        };
        let rows = self.reservations.iter().enumerate();
        let held = rows.filter(|(_, row)| row.buyer == guest).filter_map(|(id, row)| {
            let booking = paying(id);
            let is_held = row.state.seen_at(row.expires_ms, now_ms) == ReservationState::Active;
            (booking.is_some() || is_held).then(|| GuestReservation {
                reservation: reservation_id(id),
                event: EVENT,
                booking,
                persons: row.persons(),
                max_per_user: MAX_PERSONS,
            })
        });
        held.collect()
    }

    /// Gives a booking to the user, with its tickets and its key.
    fn give(&mut self, booking: usize, user: usize, rules: Rules) {
        self.bookings[booking].buyer = user;
        for ticket in self.tickets.iter_mut().filter(|ticket| ticket.booking == booking) {
            ticket.buyer = user;
        }
        if rules.keep(Rule::KeysMoveAlong) {
            for key in self.keys.iter_mut().filter(|key| key.booking == booking) {
                key.buyer = user;
            }
        }
    }
}
