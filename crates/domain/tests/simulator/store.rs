//! The model database: rows, and transactions that happen whole or not at all, one after another. Who reads in
//! one transaction and writes in a later one minds versions, fences and states, as the server does.
//!
//! `holds` takes and frees, `payment` carries a checkout's own steps out, `refunds` cancels what was paid.

mod holds;
mod payment;
mod refunds;

use std::{
    ops::{Deref, DerefMut},
    rc::Rc,
};

use holdfast_domain::{
    checkout::{Checkout, Ending, PaymentId, State},
    ids::{BookingId, SagaId, SeatId},
    inventory::{SeatState, SeatView},
    money::Currency,
    reservation::ReservationState,
};
use uuid::Uuid;

pub(crate) use self::{
    holds::{Counted, HoldRefusal, Wish},
    refunds::{Cancels, RefundRow},
};
use crate::{clients::Told, hooks::Hook};

/// How long a hold lasts.
pub(crate) const HOLD_MS: i64 = 10 * 60 * 1000;
/// How long a hold may last at the most.
pub(crate) const HOLD_CAP_MS: i64 = 20 * 60 * 1000;
/// How long a declined buyer has at least to try another card, under the cap.
pub(crate) const RETRY_GRACE_MS: i64 = 2 * 60 * 1000;
/// How long a worker may keep a saga without a sign of life.
pub(crate) const LEASE_MS: i64 = 5 * 1000;
/// What a seat, or a place, costs.
pub(crate) const PRICE: i64 = 4500;
/// How many persons one buyer may bring.
pub(crate) const MAX_PERSONS: i64 = 5;
/// How many places the general-admission section has.
pub(crate) const CAPACITY: i64 = 6;

/// The rows of a table. A copy costs nothing until one of the two is written to.
#[derive(Debug, Clone)]
pub(crate) struct Table<T>(Rc<Vec<T>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Rc::default())
    }
}

impl<T> Deref for Table<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T: Clone> DerefMut for Table<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        Rc::make_mut(&mut self.0)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) state: SeatState,
    pub(crate) owner: Option<usize>,
    pub(crate) fence: u64,
    pub(crate) until_ms: i64,
}

impl Seat {
    /// Whether anybody may have it, by the domain's own word.
    pub(crate) fn is_free(&self, now_ms: i64) -> bool {
        let held = self.state == SeatState::Held;
        let view = SeatView {
            seat: SeatId(1),
            state: self.state,
            version: 1,
            expires_at: held.then_some(self.until_ms),
            owner: None,
        };
        view.is_free(now_ms)
    }
}

/// The counters of the general-admission section.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Section {
    pub(crate) held: i64,
    pub(crate) sold: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlacesState {
    Held,
    Paying,
    Sold,
    Released,
}

/// Places in the general-admission section.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    pub(crate) quantity: i64,
    pub(crate) state: PlacesState,
}

#[derive(Debug, Clone)]
pub(crate) struct Reservation {
    pub(crate) buyer: usize,
    /// Each seat with the fence under which it was taken.
    pub(crate) seats: Vec<(usize, u64)>,
    pub(crate) places: Option<Places>,
    pub(crate) state: ReservationState,
    pub(crate) expires_ms: i64,
    pub(crate) cap_ms: i64,
}

impl Reservation {
    /// How many it admits.
    pub(crate) fn persons(&self) -> i64 {
        self.seats.len() as i64 + self.places.map_or(0, |places| places.quantity)
    }

    /// Whether it counts towards its buyer's limit.
    pub(crate) fn is_live(&self, now_ms: i64) -> bool {
        match self.state.seen_at(self.expires_ms, now_ms) {
            ReservationState::Active
            | ReservationState::InPayment
            | ReservationState::Confirmed => true,
            ReservationState::Expired | ReservationState::Cancelled => false,
        }
    }
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
    /// The attempt that made it.
    pub(crate) attempt: usize,
    pub(crate) reservations: Rc<[usize]>,
    pub(crate) amount: i64,
    pub(crate) state: BookingState,
    /// The payment, once its id is known.
    pub(crate) payment: Option<PaymentId>,
}

/// A saga's row. Booking `n` has saga `n`.
#[derive(Debug, Clone)]
pub(crate) struct SagaRow {
    pub(crate) text: Rc<str>,
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

/// The key of an attempt, and the answer that is kept under it.
#[derive(Debug, Clone)]
pub(crate) struct KeyRow {
    pub(crate) attempt: usize,
    pub(crate) booking: usize,
    pub(crate) answer: Option<Told>,
}

/// A webhook that was taken.
#[derive(Debug, Clone)]
pub(crate) struct InboxRow {
    pub(crate) hook: Hook,
    pub(crate) processed: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    /// The seat; none for general admission.
    pub(crate) seat: Option<usize>,
    pub(crate) booking: usize,
    pub(crate) admits: i64,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    pub(crate) seats: Table<Seat>,
    pub(crate) section: Section,
    /// The version of each buyer's row, which every hold of the buyer raises.
    pub(crate) buyers: Table<u64>,
    pub(crate) reservations: Table<Reservation>,
    pub(crate) bookings: Table<Booking>,
    pub(crate) sagas: Table<SagaRow>,
    pub(crate) tickets: Table<Ticket>,
    /// Money by booking: what was captured, and negative what was given back.
    pub(crate) ledger: Table<(usize, i64)>,
    pub(crate) keys: Table<KeyRow>,
    pub(crate) inbox: Table<InboxRow>,
    pub(crate) refunds: Table<RefundRow>,
    /// The event does not take place.
    pub(crate) is_called_off: bool,
}

pub(crate) fn euro() -> Currency {
    Currency::parse("EUR").expect("a currency")
}

pub(crate) fn saga_id(booking: usize) -> SagaId {
    SagaId(Uuid::from_u128(0x5A6A << 64 | booking as u128))
}

pub(crate) fn booking_id(booking: usize) -> BookingId {
    BookingId(Uuid::from_u128(0xB00C << 64 | booking as u128))
}

impl Store {
    pub(crate) fn new(seats: usize, buyers: usize) -> Self {
        let seat = Seat { state: SeatState::Available, owner: None, fence: 0, until_ms: 0 };
        Self {
            seats: Table(Rc::new(vec![seat; seats])),
            buyers: Table(Rc::new(vec![0; buyers])),
            ..Self::default()
        }
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

    /// Every seat of a booking with its reservation and the fence under which it was taken.
    pub(crate) fn seats_of(
        &self,
        booking: usize,
    ) -> impl Iterator<Item = (usize, usize, u64)> + use<'_> {
        self.bookings[booking].reservations.iter().flat_map(|&id| {
            self.reservations[id].seats.iter().map(move |&(number, fence)| (number, id, fence))
        })
    }

    /// What a booking's reservations hold in the general-admission section.
    pub(crate) fn places_of(&self, booking: usize) -> impl Iterator<Item = Places> + use<'_> {
        let ids = self.bookings[booking].reservations.iter();
        ids.filter_map(|&id| self.reservations[id].places)
    }

    /// How many tickets a booking must have.
    pub(crate) fn tickets_due(&self, booking: usize) -> usize {
        self.seats_of(booking).count() + self.places_of(booking).count()
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

    /// The row of an attempt's key.
    pub(crate) fn key_of(&self, attempt: usize) -> Option<&KeyRow> {
        self.keys.iter().find(|row| row.attempt == attempt)
    }

    /// Writes the answer down that is to be repeated under the key of a booking's attempt.
    pub(crate) fn answer(&mut self, booking: usize, told: Told) {
        if let Some(row) = self.keys.iter_mut().find(|row| row.booking == booking) {
            row.answer = Some(told);
        }
    }
}
