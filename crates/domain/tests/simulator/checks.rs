//! The invariants: what must hold after every tick, and what must hold when nothing is under way any more.

use holdfast_domain::{
    checkout::{Ending, Failure, PaymentStatus},
    inventory::SeatState,
    reservation::ReservationState,
};

use crate::{
    Breach,
    gateway::Payment,
    store::{BookingState, CAPACITY, Cancels, MAX_PERSONS, PlacesState, Reservation},
    world::{BUYERS, World},
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn ensure(holds: bool, breach: impl FnOnce() -> String) -> Result<(), Breach> {
    if holds { Ok(()) } else { Err(Breach(breach())) }
}

impl World {
    /// Checks the safety invariants, which must hold after every tick.
    pub(crate) fn check(&mut self) -> Result<(), Breach> {
        self.check_steps()?;
        self.check_tickets()?;
        self.check_seats()?;
        self.check_places()?;
        self.check_limits()?;
        self.check_bookings()?;
        self.check_payments()
    }

    /// The fence of a seat only grows. A seat that the organizer took by force stays blocked. A reservation changes its
    /// state only as the domain allows.
    fn check_steps(&mut self) -> Result<(), Breach> {
        for (n, seat) in self.store.seats.iter().enumerate() {
            ensure(seat.fence >= self.fences[n], || format!("the fence of seat {n} went back"))?;
            self.fences[n] = seat.fence;
            ensure(!self.revoked[n] || seat.state == SeatState::Blocked, || {
                format!("seat {n} was kept back and is {:?}", seat.state)
            })?;
        }
        for (id, row) in self.store.reservations.iter().enumerate() {
            match self.states.get_mut(id) {
                Some(before) => {
                    ensure(*before == row.state || before.may_become(row.state), || {
                        format!("reservation {id} went from {before:?} to {:?}", row.state)
                    })?;
                    *before = row.state;
                }
                None => self.states.push(row.state),
            }
        }
        Ok(())
    }

    /// Each seat has at most one live ticket, and it belongs to a confirmed booking that has the seat. The tickets of
    /// each booking exist once.
    fn check_tickets(&self) -> Result<(), Breach> {
        let mut of_seat = vec![false; self.store.seats.len()];
        let mut of_booking = vec![(0, 0); self.store.bookings.len()];
        for ticket in self.store.tickets.iter() {
            let booking = ticket.booking;
            ensure(ticket.buyer == self.store.bookings[booking].buyer, || {
                format!("booking {booking} and its ticket have two buyers")
            })?;
            of_booking[booking].0 += 1;
            of_booking[booking].1 += ticket.admits;
            let Some(seat) = ticket.seat else { continue };
            ensure(!of_seat[seat], || format!("seat {seat} has two live tickets"))?;
            of_seat[seat] = true;
            let row = &self.store.seats[seat];
            let reservations = &self.store.bookings[booking].reservations;
            let owned = row.owner.is_some_and(|owner| reservations.contains(&owner));
            ensure(row.state == SeatState::Sold && owned, || {
                format!("the ticket of booking {booking} is for seat {seat}, which is {row:?}")
            })?;
        }
        for (booking, tickets) in of_booking.into_iter().enumerate() {
            let row = &self.store.bookings[booking];
            let due = match row.state {
                BookingState::Confirmed => {
                    let ids = row.reservations.iter();
                    let persons = ids.map(|&id| self.store.reservations[id].persons()).sum();
                    (self.store.tickets_due(booking), persons)
                }
                BookingState::Pending | BookingState::Failed | BookingState::Cancelled => (0, 0),
            };
            ensure(tickets == due, || {
                format!("booking {booking} has tickets, persons {tickets:?}, not {due:?}")
            })?;
        }
        Ok(())
    }

    /// A seat that is paying or sold belongs to a reservation that is in payment or confirmed.
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

    /// The counters of the section equal the sums over its rows, and never exceed the capacity.
    fn check_places(&self) -> Result<(), Breach> {
        let (mut held, mut sold) = (0, 0);
        for places in self.store.reservations.iter().filter_map(|row| row.places) {
            match places.state {
                PlacesState::Held | PlacesState::Paying => held += places.quantity,
                PlacesState::Sold => sold += places.quantity,
                PlacesState::Released => {}
            }
        }
        let section = self.store.section;
        ensure((section.held, section.sold) == (held, sold), || {
            format!("{section:?} counts what is {held} held and {sold} sold")
        })?;
        ensure(held + sold <= CAPACITY, || format!("{} of {CAPACITY} places", held + sold))
    }

    /// No buyer has places for more persons than the limit allows.
    fn check_limits(&self) -> Result<(), Breach> {
        let mut persons = [0; BUYERS];
        for row in self.store.reservations.iter().filter(|row| row.is_live(self.now_ms)) {
            // The places that a guest had paid for came on top of the limit of the user.
            let is_paid = row.state == ReservationState::Confirmed;
            if !(is_paid && self.store.has_adopted[row.buyer]) {
                persons[row.buyer] += Reservation::persons(row);
            }
        }
        let most = persons.into_iter().max().unwrap_or_default();
        ensure(most <= MAX_PERSONS, || format!("a buyer has {most} persons"))
    }

    /// A reservation in payment has exactly one pending booking, and an attempt has at most one booking.
    fn check_bookings(&self) -> Result<(), Breach> {
        let mut live = vec![0; self.store.reservations.len()];
        let mut made = vec![false; self.attempts.len()];
        for (booking, row) in self.store.bookings.iter().enumerate() {
            ensure(!made[row.attempt], || {
                format!("booking {booking} is the second one under the key of {}", row.attempt)
            })?;
            made[row.attempt] = true;
            if row.state == BookingState::Pending {
                row.reservations.iter().for_each(|&id| live[id] += 1);
            }
            if matches!(row.state, BookingState::Pending | BookingState::Confirmed) {
                let mut owners =
                    row.reservations.iter().map(|&id| self.store.reservations[id].buyer);
                ensure(owners.all(|owner| owner == row.buyer), || {
                    format!("booking {booking} and what it pays for have two buyers")
                })?;
            }
        }
        for (id, live) in live.into_iter().enumerate() {
            let state = self.store.reservations[id].state;
            let expected = usize::from(state == ReservationState::InPayment);
            ensure(live == expected, || {
                format!("reservation {id} is {state:?} with {live} pending bookings")
            })?;
        }
        Ok(())
    }

    /// No card is reserved or charged twice. The seats of a payment are not free while it can still be captured, nor
    /// after its capture.
    fn check_payments(&self) -> Result<(), Breach> {
        let mut charged = vec![0; self.store.bookings.len()];
        for (n, payment) in self.gateway.payments.iter().enumerate() {
            ensure(payment.reserved <= 1, || format!("payment {n} reserved the amount twice"))?;
            charged[payment.booking] += payment.taken;
            let captured = payment.status == PaymentStatus::Captured;
            let mut refunds = self.store.refunds.iter();
            let given_back =
                refunds.any(|row| row.booking == payment.booking && row.cancels == Cancels::Yes);
            // A captured payment has its seats, or a refund.
            if !payment.is_alive() || (captured && given_back) {
                continue;
            }
            for (seat, reservation, fence) in self.store.seats_of(payment.booking) {
                let row = &self.store.seats[seat];
                let stands = match row.state {
                    SeatState::Sold => true,
                    SeatState::Paying => !captured || payment.by_hand,
                    SeatState::Available | SeatState::Held | SeatState::Blocked => false,
                };
                let kept = stands && row.owner == Some(reservation) && row.fence == fence;
                ensure(kept || self.revoked[seat], || {
                    format!("payment {n} is {:?} and its seat {seat} is {row:?}", payment.status)
                })?;
            }
            for places in self.store.places_of(payment.booking) {
                let kept = match places.state {
                    PlacesState::Sold => true,
                    PlacesState::Paying => !captured || payment.by_hand,
                    PlacesState::Held | PlacesState::Released => false,
                };
                ensure(kept, || format!("payment {n} is {:?} for {places:?}", payment.status))?;
            }
        }
        for (booking, charged) in charged.into_iter().enumerate() {
            let amount = self.store.bookings[booking].amount;
            ensure(charged <= amount, || format!("booking {booking} paid {charged} of {amount}"))?;
        }
        Ok(())
    }

    /// The checks after everything has ended: every buyer who paid has tickets, every buyer without tickets did not
    /// pay, our ledger agrees with the gateway's books, and no work is left over.
    pub(crate) fn check_quiet(&mut self) -> Result<(), Breach> {
        self.now_ms += DAY_MS;
        self.gateway.tick(self.now_ms, self.rules, &mut self.chance);
        let lapsed = self.store.lapsed(self.now_ms, self.rules);
        self.store.expire(&lapsed, self.now_ms, self.rules);
        self.check()?;
        self.check_answers()?;
        for booking in 0..self.store.bookings.len() {
            self.check_ended(booking)?;
        }
        let dangling = self
            .store
            .seats
            .iter()
            .position(|seat| matches!(seat.state, SeatState::Paying | SeatState::Held));
        ensure(dangling.is_none(), || format!("seat {dangling:?} is held by nobody"))?;
        ensure(self.store.section.held == 0, || "places are held by nobody".to_owned())
    }

    fn check_ended(&self, booking: usize) -> Result<(), Breach> {
        let row = &self.store.bookings[booking];
        let taken: i64 = self.payments_of(booking).map(|payment| payment.taken).sum();
        let kept: i64 =
            self.payments_of(booking).map(|payment| payment.taken - payment.given_back).sum();
        let tickets = self.store.tickets.iter().filter(|ticket| ticket.booking == booking).count();
        let posted = self.store.ledger.iter().filter(|(b, _)| *b == booking);
        let ledger: i64 = posted.map(|(_, amount)| amount).sum();
        let ending = self.store.ending(booking);
        let is_given_back = row.state == BookingState::Cancelled
            || ending == Some(Ending::Failed(Failure::SeatsLostRefunded));
        let (money, due) = match ending {
            Some(Ending::Confirmed) if is_given_back => (row.amount, 0),
            Some(Ending::Failed(Failure::SeatsLostRefunded)) => (row.amount, 0),
            Some(Ending::Confirmed) => (row.amount, self.store.tickets_due(booking)),
            Some(Ending::Failed(_)) => (0, 0),
            None => return Err(Breach(format!("booking {booking} never ended"))),
        };
        ensure(taken == money && ledger == kept && tickets == due, || {
            format!(
                "booking {booking}: taken {taken} of {money}, of which {kept} are kept and \
                 {ledger} in the ledger, {tickets} tickets"
            )
        })?;
        ensure(!is_given_back || kept == 0, || {
            format!("booking {booking} is given back, and {kept} are kept")
        })?;
        let open = self.payments_of(booking).any(Payment::is_open);
        ensure(!open, || format!("a payment of booking {booking} can still be captured"))
    }

    fn payments_of(&self, booking: usize) -> impl Iterator<Item = &Payment> {
        self.gateway.payments.iter().filter(move |payment| payment.booking == booking)
    }
}
