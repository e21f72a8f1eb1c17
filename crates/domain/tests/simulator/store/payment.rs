//! The local steps of a checkout.

use holdfast_domain::{
    checkout::{Checkout, Failure, Order, Outcome, Release},
    inventory::SeatState,
    money::Money,
    reservation::ReservationState,
};

use super::{
    Booking, BookingState, KeyRow, LEASE_MS, PRICE, PlacesState, RETRY_GRACE_MS, Reservation,
    SagaRow, Seat, Store, Ticket, booking_id, euro, holds::release_places, saga_id,
};
use crate::{
    clients::{FinalResponse, PaymentAttempt},
    rules::{Rule, Rules},
};

/// A request that begins a checkout.
#[derive(Clone, Copy)]
pub(crate) struct Beginning<'a> {
    /// The attempt's number, which is its key.
    pub(crate) number: usize,
    pub(crate) attempt: &'a PaymentAttempt,
    /// The buyer whom the request names.
    pub(crate) buyer: usize,
    /// Whether the time of its places runs out after its seats have changed.
    pub(crate) is_late: bool,
}

impl Store {
    /// The first transaction of checkouts, which begin together: it claims the keys, creates bookings and sagas, and
    /// changes the seats from held to paying. Returns the booking of each member; `None` of a member who is refused, because
    /// one of its reservations is no longer active, or because the time of its places runs out.
    pub(crate) fn begin(
        &mut self,
        members: &[Beginning<'_>],
        now_ms: i64,
        rules: Rules,
    ) -> Vec<Option<usize>> {
        members.iter().map(|member| self.begin_one(member, now_ms, rules)).collect()
    }

    fn begin_one(&mut self, member: &Beginning<'_>, now_ms: i64, rules: Rules) -> Option<usize> {
        let Beginning { number, attempt, buyer, is_late } = *member;
        let booking = self.bookings.len();
        let is_fit = |id: &usize| {
            let is_owner = self.reservations[*id].buyer == buyer;
            (is_owner || !rules.keep(Rule::BeginMindsBuyer)) && self.may_begin(*id, now_ms)
        };
        if self.is_called_off || !attempt.reservations.iter().all(is_fit) {
            return None;
        }
        self.set_seats(&attempt.reservations, SeatState::Paying);
        let has_places = |id: &usize| self.reservations[*id].places.is_some();
        if is_late && attempt.reservations.iter().any(has_places) {
            if rules.keep(Rule::BeginWithoutRefused) {
                self.set_seats(&attempt.reservations, SeatState::Held);
            }
            return None;
        }
        let mut persons = 0;
        for &id in attempt.reservations.iter() {
            let row = &mut self.reservations[id];
            row.state = ReservationState::InPayment;
            if let Some(places) = &mut row.places {
                places.state = PlacesState::Paying;
            }
            persons += row.persons();
        }
        let amount = if attempt.is_free { 0 } else { persons * PRICE };
        let order = match amount {
            0 => Order::Free,
            _ => Order::Paid {
                amount: Money::new(amount, euro()),
                method: "pm_card_visa".to_owned(),
            },
        };
        let checkout = Checkout::start(saga_id(booking), booking_id(booking), order, now_ms);
        let reservations = attempt.reservations.clone();
        let state = BookingState::Pending;
        self.bookings.push(Booking {
            attempt: number,
            buyer,
            reservations,
            amount,
            state,
            payment: None,
        });
        self.sagas.push(SagaRow {
            text: checkout.encode().into(),
            version: 1,
            fence: 1,
            lease_until_ms: now_ms + LEASE_MS,
            due_ms: Some(now_ms),
            stuck: false,
            wakes: 0,
            cancel_requested: false,
            client_secret: None,
        });
        if rules.keep(Rule::ClaimWithBegin) {
            self.claim(number, booking, buyer);
        }
        Some(booking)
    }

    /// Binds the key of an attempt to its booking.
    pub(crate) fn claim(&mut self, attempt: usize, booking: usize, buyer: usize) {
        self.keys.push(KeyRow { attempt, booking, buyer, answer: None });
    }

    /// Whether the reservation is active, and all that it holds is held.
    fn may_begin(&self, id: usize, now_ms: i64) -> bool {
        let row = &self.reservations[id];
        let is_held = |&(number, fence): &(usize, u64)| {
            let seat = &self.seats[number];
            let ours = seat.owner == Some(id) && seat.fence == fence;
            seat.state == SeatState::Held && ours && seat.until_ms > now_ms
        };
        row.state.seen_at(row.expires_ms, now_ms) == ReservationState::Active
            && row.places.as_ref().is_none_or(|places| places.state == PlacesState::Held)
            && row.seats.iter().all(is_held)
    }

    fn set_seats(&mut self, reservations: &[usize], state: SeatState) {
        for id in reservations {
            for (number, _) in &self.reservations[*id].seats {
                self.seats[*number].state = state;
            }
        }
    }

    /// Changes all seats of the booking from paying to sold, or none.
    pub(crate) fn confirm_seats(&mut self, booking: usize) -> Outcome<(), ()> {
        let ours = |(number, reservation, fence): (usize, usize, u64)| {
            let seat = &self.seats[number];
            seat.state == SeatState::Paying
                && seat.owner == Some(reservation)
                && seat.fence == fence
        };
        let paying = self.places_of(booking).all(|places| places.state == PlacesState::Paying);
        if !paying || !self.seats_of(booking).all(ours) {
            return Outcome::Refused(());
        }
        let seats: Vec<usize> = self.seats_of(booking).map(|(number, _, _)| number).collect();
        for number in seats {
            self.seats[number].state = SeatState::Sold;
        }
        self.sell_places(booking);
        Outcome::Done(())
    }

    /// Sells all seats of the booking that are still paying, or free again, or none of them. It runs when the money was
    /// captured although the payment was to be voided.
    pub(crate) fn reclaim_seats(&mut self, booking: usize, now_ms: i64) -> Outcome<(), ()> {
        let kept = |seat: &Seat, reservation, fence| {
            seat.state == SeatState::Paying
                && seat.owner == Some(reservation)
                && seat.fence == fence
        };
        let seats: Vec<(usize, usize, u64)> = self.seats_of(booking).collect();
        let can = |&(number, reservation, fence): &(usize, usize, u64)| {
            let seat = &self.seats[number];
            seat.is_free(now_ms) || kept(seat, reservation, fence)
        };
        let paying = self.places_of(booking).all(|places| places.state == PlacesState::Paying);
        if self.is_called_off || !paying || !seats.iter().all(can) {
            return Outcome::Refused(());
        }
        for (number, reservation, fence) in seats {
            let seat = &mut self.seats[number];
            if !kept(seat, reservation, fence) {
                seat.fence += 1;
                seat.owner = Some(reservation);
                let taken = seat.fence;
                let own = &mut self.reservations[reservation].seats;
                own.iter_mut().filter(|own| own.0 == number).for_each(|own| own.1 = taken);
            }
            self.seats[number].state = SeatState::Sold;
        }
        self.sell_places(booking);
        Outcome::Done(())
    }

    fn sell_places(&mut self, booking: usize) {
        for &id in self.bookings[booking].reservations.clone().iter() {
            if let Some(places) = &mut self.reservations[id].places {
                places.state = PlacesState::Sold;
                self.section.held -= places.quantity;
                self.section.sold += places.quantity;
            }
        }
    }

    /// Changes the seats from paying or sold to held or available, as far as they still belong to the booking.
    pub(crate) fn release_seats(
        &mut self,
        booking: usize,
        why: &Failure,
        now_ms: i64,
        rules: Rules,
    ) -> Outcome<(), ()> {
        let release = why.release();
        let ids = self.bookings[booking].reservations.clone();
        for &id in ids.iter() {
            if self.reservations[id].state != ReservationState::InPayment {
                continue;
            }
            // The row cannot be changed while the seats are borrowed, so the code works on a copy.
            let mut row = self.reservations[id].clone();
            match release {
                Release::BackToHeld => self.reopen(&mut row, now_ms),
                Release::Free => self.end(&mut row, why),
            }
            for &(number, fence) in &row.seats {
                let seat = &mut self.seats[number];
                let ours = seat.owner == Some(id)
                    && seat.fence == fence
                    && matches!(seat.state, SeatState::Paying | SeatState::Sold);
                if rules.keep(Rule::ReleaseMindsOwner) && !ours {
                    continue;
                }
                match release {
                    Release::BackToHeld => {
                        seat.state = SeatState::Held;
                        seat.until_ms = row.expires_ms;
                    }
                    Release::Free => {
                        seat.state = SeatState::Available;
                        seat.owner = None;
                    }
                }
            }
            self.reservations[id] = row;
        }
        self.bookings[booking].state = match why {
            Failure::Cancelled => BookingState::Cancelled,
            Failure::Declined { .. }
            | Failure::SeatsLost
            | Failure::SeatsLostRefunded
            | Failure::TimedOut
            | Failure::CaptureRefused => BookingState::Failed,
        };
        if let Failure::Declined { .. } = why {
            self.answer(booking, FinalResponse::Declined(booking));
        }
        if *why == Failure::SeatsLostRefunded {
            let amount = self.bookings[booking].amount;
            self.ledger.push((booking, amount));
            self.start_refund(booking, amount, now_ms, super::Cancels::Yes);
        }
        Outcome::Done(())
    }

    fn reopen(&mut self, row: &mut Reservation, now_ms: i64) {
        row.state = ReservationState::Active;
        row.expires_ms = row.expires_ms.max((now_ms + RETRY_GRACE_MS).min(row.cap_ms));
        if let Some(places) = &mut row.places {
            // The places were sold before the payment, and the payment was declined.
            if places.state == PlacesState::Sold {
                self.section.sold -= places.quantity;
                self.section.held += places.quantity;
            }
            places.state = PlacesState::Held;
        }
    }

    fn end(&mut self, row: &mut Reservation, why: &Failure) {
        row.state = match why {
            Failure::TimedOut => ReservationState::Expired,
            Failure::Declined { .. }
            | Failure::SeatsLost
            | Failure::SeatsLostRefunded
            | Failure::CaptureRefused
            | Failure::Cancelled => ReservationState::Cancelled,
        };
        self.section.held -= release_places(row, &[PlacesState::Paying]);
        self.section.sold -= release_places(row, &[PlacesState::Sold]);
    }

    /// Issues the tickets and writes the ledger, the response, the booking and its reservations, all at once. Refused
    /// if a reservation is not in payment.
    /// The tickets are for this buyer.
    pub(crate) fn issue(&mut self, booking: usize, buyer: usize) -> Outcome<(), ()> {
        let ids = self.bookings[booking].reservations.clone();
        if ids.iter().any(|&id| self.reservations[id].state != ReservationState::InPayment) {
            return Outcome::Refused(());
        }
        let mut tickets = Vec::with_capacity(self.tickets_due(booking));
        tickets.extend(self.seats_of(booking).map(|(number, _, _)| Ticket {
            seat: Some(number),
            booking,
            buyer,
            admits: 1,
        }));
        tickets.extend(self.places_of(booking).map(|places| Ticket {
            seat: None,
            booking,
            buyer,
            admits: places.quantity,
        }));
        self.tickets.extend(tickets);
        let amount = self.bookings[booking].amount;
        self.ledger.push((booking, amount));
        self.bookings[booking].state = BookingState::Confirmed;
        for &id in ids.iter() {
            self.reservations[id].state = ReservationState::Confirmed;
        }
        self.answer(booking, FinalResponse::Confirmed(booking));
        Outcome::Done(())
    }
}
