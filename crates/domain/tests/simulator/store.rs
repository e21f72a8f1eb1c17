//! The model database: rows, and transactions that take effect whole or not at all, one after another. Code that reads
//! in one transaction and writes in a later transaction must check versions, fences and states, as the server does.
//!
//! `adoption` moves what a guest has to a user, `holds` takes and frees seats, `payment` performs the local steps of a checkout, `refunds` cancels paid bookings.

mod adoption;
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
    holds::{HoldRefusal, HoldWish, LockedCount},
    payment::Beginning,
    refunds::{Cancels, RefundRow},
};
use crate::{clients::FinalResponse, hooks::Hook};

/// How long a hold lasts, in milliseconds.
pub(crate) const HOLD_MS: i64 = 10 * 60 * 1000;
/// The longest total time of a hold, in milliseconds.
pub(crate) const HOLD_CAP_MS: i64 = 20 * 60 * 1000;
/// The minimum time that a buyer with a declined card has to try another card, in milliseconds; the longest total time
/// of the hold still limits it.
pub(crate) const RETRY_GRACE_MS: i64 = 2 * 60 * 1000;
/// How long a worker keeps a saga without renewing its lease, in milliseconds.
pub(crate) const LEASE_MS: i64 = 5 * 1000;
/// The price of one seat or one place, in minor units.
pub(crate) const PRICE: i64 = 4500;
/// The limit of persons for one buyer.
pub(crate) const MAX_PERSONS: i64 = 5;
/// The number of places in the general-admission section.
pub(crate) const CAPACITY: i64 = 6;

/// The rows of a table. A copy shares the rows until one of the two copies is changed.
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
    /// Whether anybody may take the seat, by the domain's own rule.
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
pub(crate) struct GeneralPlaces {
    pub(crate) quantity: i64,
    pub(crate) state: PlacesState,
}

#[derive(Debug, Clone)]
pub(crate) struct Reservation {
    pub(crate) buyer: usize,
    /// Each seat with its fence at the time of the hold.
    pub(crate) seats: Vec<(usize, u64)>,
    pub(crate) places: Option<GeneralPlaces>,
    pub(crate) state: ReservationState,
    pub(crate) expires_ms: i64,
    pub(crate) cap_ms: i64,
}

impl Reservation {
    /// How many persons the reservation admits.
    pub(crate) fn persons(&self) -> i64 {
        self.seats.len() as i64 + self.places.map_or(0, |places| places.quantity)
    }

    /// Whether the reservation counts towards its buyer's limit.
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
    /// The attempt that created the booking.
    pub(crate) attempt: usize,
    pub(crate) buyer: usize,
    pub(crate) reservations: Rc<[usize]>,
    pub(crate) amount: i64,
    pub(crate) state: BookingState,
    /// The payment, once its id is known.
    pub(crate) payment: Option<PaymentId>,
}

/// The row of a checkout's saga. Booking `n` has saga `n`.
#[derive(Debug, Clone)]
pub(crate) struct SagaRow {
    pub(crate) text: Rc<str>,
    pub(crate) version: u64,
    pub(crate) fence: u64,
    pub(crate) lease_until_ms: i64,
    /// When a worker looks next. `None` if the saga has ended or is stuck.
    pub(crate) due_ms: Option<i64>,
    pub(crate) stuck: bool,
    pub(crate) wakes: u64,
    pub(crate) cancel_requested: bool,
    pub(crate) client_secret: Option<String>,
}

/// The idempotency key of an attempt, and the response that is stored for it.
#[derive(Debug, Clone)]
pub(crate) struct KeyRow {
    pub(crate) attempt: usize,
    pub(crate) booking: usize,
    /// The buyer for whom the key is known.
    pub(crate) buyer: usize,
    pub(crate) answer: Option<FinalResponse>,
}

/// A webhook in the inbox.
#[derive(Debug, Clone)]
pub(crate) struct InboxRow {
    pub(crate) hook: Hook,
    pub(crate) processed: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    /// The seat. `None` for general admission.
    pub(crate) seat: Option<usize>,
    pub(crate) booking: usize,
    pub(crate) buyer: usize,
    pub(crate) admits: i64,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    pub(crate) seats: Table<Seat>,
    pub(crate) section: Section,
    /// The version of each buyer's row. Every hold of the buyer increments it.
    pub(crate) buyers: Table<u64>,
    /// Whether a guest signed in as this buyer.
    pub(crate) has_adopted: Table<bool>,
    pub(crate) reservations: Table<Reservation>,
    pub(crate) bookings: Table<Booking>,
    pub(crate) sagas: Table<SagaRow>,
    pub(crate) tickets: Table<Ticket>,
    /// Amounts by booking, in minor units: captures are positive, refunds are negative.
    pub(crate) ledger: Table<(usize, i64)>,
    pub(crate) keys: Table<KeyRow>,
    pub(crate) inbox: Table<InboxRow>,
    pub(crate) refunds: Table<RefundRow>,
    /// Whether the event is cancelled.
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
            has_adopted: Table(Rc::new(vec![false; buyers])),
            ..Self::default()
        }
    }

    /// Runs a transaction. It takes effect as a whole, or not at all if it returns an error.
    pub(crate) fn transact<T, E>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = self.clone();
        let done = work(&mut tx)?;
        *self = tx;
        Ok(done)
    }

    /// Every seat of a booking, with its reservation and its fence at the time of the hold.
    pub(crate) fn seats_of(
        &self,
        booking: usize,
    ) -> impl Iterator<Item = (usize, usize, u64)> + use<'_> {
        self.bookings[booking].reservations.iter().flat_map(|&id| {
            self.reservations[id].seats.iter().map(move |&(number, fence)| (number, id, fence))
        })
    }

    /// The places that the booking's reservations have in the general-admission section.
    pub(crate) fn places_of(
        &self,
        booking: usize,
    ) -> impl Iterator<Item = GeneralPlaces> + use<'_> {
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

    /// Stores the response that is repeated for the key of the booking's attempt.
    pub(crate) fn answer(&mut self, booking: usize, told: FinalResponse) {
        if let Some(row) = self.keys.iter_mut().find(|row| row.booking == booking) {
            row.answer = Some(told);
        }
    }
}
