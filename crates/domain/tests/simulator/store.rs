//! The model database: rows, and transactions that happen whole or not at all.

use holdfast_domain::{
    checkout::{Checkout, Ending, Failure, Outcome, Release, State},
    ids::{BookingId, SagaId},
};
use uuid::Uuid;

use crate::Rules;

/// How long a hold lasts.
pub(crate) const HOLD_MS: i64 = 10 * 60 * 1000;
/// How long a worker may keep a saga without a sign of life.
pub(crate) const LEASE_MS: i64 = 30 * 1000;
/// What a seat costs.
pub(crate) const SEAT_PRICE: i64 = 4500;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeatState {
    Available,
    Held,
    Paying,
    Sold,
    Blocked,
}

#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) state: SeatState,
    pub(crate) owner: Option<usize>,
    pub(crate) fence: u64,
    pub(crate) until_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReservationState {
    Active,
    InPayment,
    Confirmed,
    Expired,
    Cancelled,
}

#[derive(Debug, Clone)]
pub(crate) struct Reservation {
    pub(crate) buyer: usize,
    /// Each seat with the fence under which it was taken.
    pub(crate) seats: Vec<(usize, u64)>,
    pub(crate) state: ReservationState,
    pub(crate) expires_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BookingState {
    Pending,
    Confirmed,
    Failed,
    Cancelled,
}

#[derive(Debug, Clone)]
pub(crate) struct Booking {
    pub(crate) reservations: Vec<usize>,
    pub(crate) amount: i64,
    pub(crate) state: BookingState,
}

/// A saga's row. Booking `n` has saga `n`.
#[derive(Debug, Clone)]
pub(crate) struct SagaRow {
    pub(crate) text: String,
    pub(crate) version: u64,
    pub(crate) fence: u64,
    pub(crate) lease_until_ms: i64,
    /// When somebody should look; never when at rest or stuck.
    pub(crate) due_ms: Option<i64>,
    pub(crate) stuck: bool,
    pub(crate) wakes: u64,
    pub(crate) cancel_requested: bool,
    pub(crate) client_secret: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    pub(crate) seats: Vec<Seat>,
    pub(crate) reservations: Vec<Reservation>,
    pub(crate) bookings: Vec<Booking>,
    pub(crate) sagas: Vec<SagaRow>,
    /// Live tickets as (seat, booking).
    pub(crate) tickets: Vec<(usize, usize)>,
    /// What the ledger says was captured, a row a booking.
    pub(crate) ledger: Vec<(usize, i64)>,
}

pub(crate) fn saga_id(booking: usize) -> SagaId {
    SagaId(Uuid::from_u128(0x5A6A << 64 | booking as u128))
}

pub(crate) fn booking_id(booking: usize) -> BookingId {
    BookingId(Uuid::from_u128(0xB00C << 64 | booking as u128))
}

impl Store {
    pub(crate) fn new(seats: usize) -> Self {
        let seat = Seat { state: SeatState::Available, owner: None, fence: 0, until_ms: 0 };
        Self { seats: vec![seat; seats], ..Self::default() }
    }

    /// Runs a transaction: all of it, or nothing where it refuses.
    pub(crate) fn transact<T, E>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = self.clone();
        let done = work(&mut tx)?;
        *self = tx;
        Ok(done)
    }

    /// Holds seats, all or nothing; lapsed holds are taken over.
    pub(crate) fn hold(
        &mut self,
        buyer: usize,
        seats: &[usize],
        now_ms: i64,
        rules: Rules,
    ) -> Option<usize> {
        let id = self.reservations.len();
        self.transact(|tx| {
            let mut taken = Vec::new();
            for &number in seats {
                let seat = &mut tx.seats[number];
                let free = match seat.state {
                    SeatState::Available => true,
                    SeatState::Held => seat.until_ms <= now_ms,
                    SeatState::Paying => !rules.hold_minds_state,
                    SeatState::Sold | SeatState::Blocked => false,
                };
                if !free {
                    return Err(());
                }
                let fence = seat.fence + 1;
                let until_ms = now_ms + HOLD_MS;
                *seat = Seat { state: SeatState::Held, owner: Some(id), fence, until_ms };
                taken.push((number, fence));
            }
            let expires_ms = now_ms + HOLD_MS;
            let state = ReservationState::Active;
            tx.reservations.push(Reservation { buyer, seats: taken, state, expires_ms });
            Ok(id)
        })
        .ok()
    }

    /// The first transaction of a checkout: booking, saga, seats from held to paying.
    pub(crate) fn begin(
        &mut self,
        reservations: &[usize],
        now_ms: i64,
        start: impl FnOnce(usize, i64) -> Checkout,
    ) -> Option<usize> {
        let booking = self.bookings.len();
        self.transact(|tx| {
            let mut amount = 0;
            for &id in reservations {
                let reservation = &mut tx.reservations[id];
                let active = reservation.state == ReservationState::Active;
                if !active || reservation.expires_ms <= now_ms {
                    return Err(());
                }
                reservation.state = ReservationState::InPayment;
                for &(number, fence) in &reservation.seats {
                    let seat = &mut tx.seats[number];
                    let ours = seat.owner == Some(id) && seat.fence == fence;
                    if seat.state != SeatState::Held || !ours || seat.until_ms <= now_ms {
                        return Err(());
                    }
                    seat.state = SeatState::Paying;
                    amount += SEAT_PRICE;
                }
            }
            let checkout = start(booking, amount);
            let amount =
                if checkout.order == holdfast_domain::checkout::Order::Free { 0 } else { amount };
            let state = BookingState::Pending;
            tx.bookings.push(Booking { reservations: reservations.to_vec(), amount, state });
            tx.sagas.push(SagaRow {
                text: checkout.encode(),
                version: 1,
                fence: 1,
                lease_until_ms: now_ms + LEASE_MS,
                due_ms: Some(now_ms),
                stuck: false,
                wakes: 0,
                cancel_requested: false,
                client_secret: None,
            });
            Ok(booking)
        })
        .ok()
    }

    /// Paying → sold, all or nothing.
    pub(crate) fn confirm_seats(&mut self, booking: usize) -> Outcome<(), ()> {
        let seats = self.seats_of(booking);
        let ours = |&(number, reservation, fence): &(usize, usize, u64)| {
            let seat = &self.seats[number];
            seat.state == SeatState::Paying
                && seat.owner == Some(reservation)
                && seat.fence == fence
        };
        if !seats.iter().all(ours) {
            return Outcome::Refused(());
        }
        for (number, _, _) in seats {
            self.seats[number].state = SeatState::Sold;
        }
        Outcome::Done(())
    }

    /// Still paying, or free, → sold, all or nothing: the money was taken all the same.
    pub(crate) fn reclaim_seats(&mut self, booking: usize, now_ms: i64) -> Outcome<(), ()> {
        let seats = self.seats_of(booking);
        let kept = |seat: &Seat, reservation, fence| {
            seat.state == SeatState::Paying
                && seat.owner == Some(reservation)
                && seat.fence == fence
        };
        let can = |&(number, reservation, fence): &(usize, usize, u64)| {
            let seat = &self.seats[number];
            let free = match seat.state {
                SeatState::Available => true,
                SeatState::Held => seat.until_ms <= now_ms,
                SeatState::Paying | SeatState::Sold | SeatState::Blocked => false,
            };
            free || kept(seat, reservation, fence)
        };
        if !seats.iter().all(can) {
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
        Outcome::Done(())
    }

    /// Paying or sold → held or available, as far as the seats are still the booking's.
    pub(crate) fn release_seats(
        &mut self,
        booking: usize,
        why: &Failure,
        now_ms: i64,
        rules: Rules,
    ) -> Outcome<(), ()> {
        let back_to_held = match why.release() {
            Release::BackToHeld => true,
            Release::Free => false,
        };
        for (number, reservation, fence) in self.seats_of(booking) {
            let until_ms = self.reservations[reservation].expires_ms;
            let seat = &mut self.seats[number];
            let ours = seat.owner == Some(reservation)
                && seat.fence == fence
                && matches!(seat.state, SeatState::Paying | SeatState::Sold);
            if rules.release_minds_owner && !ours {
                continue;
            }
            if back_to_held && until_ms > now_ms {
                seat.state = SeatState::Held;
                seat.until_ms = until_ms;
            } else {
                seat.state = SeatState::Available;
                seat.owner = None;
            }
        }
        for &id in &self.bookings[booking].reservations.clone() {
            self.reservations[id].state = match why.release() {
                Release::BackToHeld => ReservationState::Active,
                Release::Free => ReservationState::Cancelled,
            };
        }
        self.bookings[booking].state = match why {
            Failure::Cancelled => BookingState::Cancelled,
            Failure::Declined { .. }
            | Failure::SeatsLost
            | Failure::SeatsLostRefunded
            | Failure::TimedOut
            | Failure::CaptureRefused => BookingState::Failed,
        };
        Outcome::Done(())
    }

    /// Tickets, ledger, booking and reservations, at once.
    pub(crate) fn issue(&mut self, booking: usize) -> Outcome<(), ()> {
        let seats = self.seats_of(booking);
        if seats.iter().any(|(number, _, _)| self.tickets.iter().any(|(seat, _)| seat == number)) {
            return Outcome::Refused(());
        }
        self.tickets.extend(seats.iter().map(|(number, _, _)| (*number, booking)));
        let amount = self.bookings[booking].amount;
        self.ledger.push((booking, amount));
        self.bookings[booking].state = BookingState::Confirmed;
        for &id in &self.bookings[booking].reservations.clone() {
            self.reservations[id].state = ReservationState::Confirmed;
        }
        Outcome::Done(())
    }

    /// The expiry pass: frees what has lapsed.
    pub(crate) fn expire(&mut self, now_ms: i64) {
        for (id, reservation) in self.reservations.iter_mut().enumerate() {
            if reservation.state != ReservationState::Active || reservation.expires_ms > now_ms {
                continue;
            }
            reservation.state = ReservationState::Expired;
            for &(number, fence) in &reservation.seats {
                let seat = &mut self.seats[number];
                let ours = seat.owner == Some(id) && seat.fence == fence;
                if ours && seat.state == SeatState::Held {
                    seat.state = SeatState::Available;
                    seat.owner = None;
                }
            }
        }
    }

    /// Every seat of a booking with its reservation and the fence under which it was taken.
    pub(crate) fn seats_of(&self, booking: usize) -> Vec<(usize, usize, u64)> {
        self.bookings[booking]
            .reservations
            .iter()
            .flat_map(|&id| {
                self.reservations[id].seats.iter().map(move |&(number, fence)| (number, id, fence))
            })
            .collect()
    }

    pub(crate) fn checkout(&self, booking: usize) -> Checkout {
        Checkout::decode(&self.sagas[booking].text).expect("what was written can be read")
    }

    pub(crate) fn ending(&self, booking: usize) -> Option<Ending> {
        match self.checkout(booking).state {
            State::Rest { ending } => Some(ending),
            _ => None,
        }
    }
}
