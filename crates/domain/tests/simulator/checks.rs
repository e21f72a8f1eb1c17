//! What must hold after every tick, and what must hold once all is quiet.

use holdfast_domain::checkout::{Ending, PaymentStatus};

use crate::{
    Breach,
    store::{BookingState, ReservationState, SeatState},
    world::World,
};

fn ensure(holds: bool, breach: impl FnOnce() -> String) -> Result<(), Breach> {
    if holds { Ok(()) } else { Err(Breach(breach())) }
}

impl World {
    /// The safety invariants.
    pub(crate) fn check(&mut self) -> Result<(), Breach> {
        self.check_fences()?;
        self.check_tickets()?;
        self.check_seats()?;
        self.check_live_sagas()?;
        self.check_payments()
    }

    /// A seat's fence only grows, and a seat that was taken back by force stays so.
    fn check_fences(&mut self) -> Result<(), Breach> {
        for (n, seat) in self.store.seats.iter().enumerate() {
            ensure(seat.fence >= self.fences[n], || format!("the fence of seat {n} went back"))?;
            self.fences[n] = seat.fence;
            ensure(!self.revoked[n] || seat.state == SeatState::Blocked, || {
                format!("seat {n} was kept back and is {:?}", seat.state)
            })?;
        }
        Ok(())
    }

    /// One live ticket a seat; each for a sold seat of its own booking.
    fn check_tickets(&self) -> Result<(), Breach> {
        for (at, &(seat, booking)) in self.store.tickets.iter().enumerate() {
            let doubled = self.store.tickets[..at].iter().any(|&(other, _)| other == seat);
            ensure(!doubled, || format!("seat {seat} has two live tickets"))?;
            let row = &self.store.seats[seat];
            let owned = row
                .owner
                .is_some_and(|owner| self.store.bookings[booking].reservations.contains(&owner));
            ensure(row.state == SeatState::Sold && owned, || {
                format!("the ticket of booking {booking} is for seat {seat}, which is {row:?}")
            })?;
            ensure(self.store.bookings[booking].state == BookingState::Confirmed, || {
                format!("booking {booking} has tickets and is not confirmed")
            })?;
        }
        Ok(())
    }

    /// A seat in payment, or sold, belongs to a reservation that is being paid or is paid.
    fn check_seats(&self) -> Result<(), Breach> {
        for (n, seat) in self.store.seats.iter().enumerate() {
            let owner = seat.owner.map(|owner| self.store.reservations[owner].state);
            let right = match seat.state {
                SeatState::Available | SeatState::Blocked => owner.is_none(),
                SeatState::Held => matches!(owner, Some(ReservationState::Active)),
                SeatState::Paying => matches!(owner, Some(ReservationState::InPayment)),
                SeatState::Sold => {
                    matches!(owner, Some(ReservationState::InPayment | ReservationState::Confirmed))
                }
            };
            ensure(right, || format!("seat {n} is {seat:?}, its reservation {owner:?}"))?;
        }
        Ok(())
    }

    /// One pending booking a reservation.
    fn check_live_sagas(&self) -> Result<(), Breach> {
        for (id, reservation) in self.store.reservations.iter().enumerate() {
            let live = self
                .store
                .bookings
                .iter()
                .filter(|b| b.state == BookingState::Pending && b.reservations.contains(&id))
                .count();
            let expected = usize::from(reservation.state == ReservationState::InPayment);
            ensure(live == expected, || {
                format!("reservation {id} is {:?} with {live} pending bookings", reservation.state)
            })?;
        }
        Ok(())
    }

    /// No card is reserved or charged twice; no seat is free while its payment can still be captured.
    fn check_payments(&self) -> Result<(), Breach> {
        let mut charged = vec![0; self.store.bookings.len()];
        for (n, payment) in self.gateway.payments.iter().enumerate() {
            ensure(payment.reserved <= 1, || format!("payment {n} reserved the amount twice"))?;
            charged[payment.booking] += payment.taken;
            let alive = match payment.status {
                PaymentStatus::ActionRequired
                | PaymentStatus::Processing
                | PaymentStatus::Authorized
                | PaymentStatus::Captured => true,
                PaymentStatus::Prepared | PaymentStatus::Declined | PaymentStatus::Voided => false,
            };
            if !alive {
                continue;
            }
            for (seat, reservation, fence) in self.store.seats_of(payment.booking) {
                let row = &self.store.seats[seat];
                let kept = row.owner == Some(reservation)
                    && row.fence == fence
                    && matches!(row.state, SeatState::Paying | SeatState::Sold);
                ensure(kept || self.revoked[seat], || {
                    format!("payment {n} is {:?} and its seat {seat} is {row:?}", payment.status)
                })?;
            }
        }
        for (booking, charged) in charged.into_iter().enumerate() {
            let amount = self.store.bookings[booking].amount;
            ensure(charged <= amount, || format!("booking {booking} paid {charged} of {amount}"))?;
        }
        Ok(())
    }

    /// Once all is quiet: who paid has tickets, who has none did not pay, and nothing is left over.
    pub(crate) fn check_quiet(&mut self) -> Result<(), Breach> {
        self.now_ms += 24 * 60 * 60 * 1000;
        self.gateway.tick(self.now_ms, self.rules, &mut self.rng);
        self.store.expire(self.now_ms);
        self.check()?;
        for booking in 0..self.store.bookings.len() {
            let row = &self.store.bookings[booking];
            let taken: i64 = self.payments_of(booking).map(|payment| payment.taken).sum();
            let tickets = self.store.tickets.iter().filter(|(_, b)| *b == booking).count();
            let ledger: i64 = self
                .store
                .ledger
                .iter()
                .filter(|(b, _)| *b == booking)
                .map(|(_, amount)| amount)
                .sum();
            let (money, seats) = match self.store.ending(booking) {
                Some(Ending::Confirmed) => (row.amount, self.store.seats_of(booking).len()),
                Some(Ending::Failed(_)) => (0, 0),
                None => return Err(Breach(format!("booking {booking} never ended"))),
            };
            ensure(taken == money && ledger == money && tickets == seats, || {
                format!("booking {booking}: taken {taken}, ledger {ledger}, {tickets} tickets")
            })?;
            let open = self.payments_of(booking).any(|payment| {
                matches!(
                    payment.status,
                    PaymentStatus::Authorized
                        | PaymentStatus::ActionRequired
                        | PaymentStatus::Processing
                )
            });
            ensure(!open, || format!("a payment of booking {booking} can still be captured"))?;
        }
        let dangling = self
            .store
            .seats
            .iter()
            .position(|seat| matches!(seat.state, SeatState::Paying | SeatState::Held));
        ensure(dangling.is_none(), || format!("seat {dangling:?} is held by nobody"))
    }

    fn payments_of(&self, booking: usize) -> impl Iterator<Item = &crate::gateway::Payment> {
        self.gateway.payments.iter().filter(move |payment| payment.booking == booking)
    }
}
