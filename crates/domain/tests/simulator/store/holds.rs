//! Taking and freeing seats and places: holds, expiry, and cancellation by the buyer.

use holdfast_domain::{inventory::SeatState, reservation::ReservationState};

use super::{
    CAPACITY, GeneralPlaces, HOLD_CAP_MS, HOLD_MS, MAX_PERSONS, PlacesState, Reservation, Seat,
    Store,
};
use crate::rules::{Rule, Rules};

/// The seats and places that a request wants to hold.
#[derive(Debug, Clone)]
pub(crate) struct HoldWish {
    pub(crate) buyer: usize,
    /// The indexes of the seats, sorted and without duplicates.
    pub(crate) seats: Vec<usize>,
    pub(crate) places: i64,
}

/// The result of the count within a hold's transaction, under the lock of the buyer's row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LockedCount {
    version: u64,
    persons: i64,
}

/// Why a hold is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HoldRefusal {
    /// A seat is not free.
    Taken,
    /// The event is cancelled and sells nothing more.
    CalledOff,
    /// The buyer would exceed the limit of persons.
    Limit,
    /// Too few places are free.
    Short,
    /// Another hold of the same buyer came in between: the transaction runs again.
    Again,
}

/// The effect of a hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HoldEffect {
    pub(crate) reservation: usize,
    /// How many of the seats belonged to lapsed holds of other buyers.
    pub(crate) taken_over: usize,
    /// How many lapsed places the hold released.
    pub(crate) cleared: i64,
}

impl Store {
    /// Counts the persons of a buyer's live reservations.
    pub(crate) fn count(&self, buyer: usize, now_ms: i64) -> LockedCount {
        let mine = self.reservations.iter().filter(|reservation| reservation.buyer == buyer);
        let live = mine.filter(|reservation| reservation.is_live(now_ms));
        LockedCount { version: self.buyers[buyer], persons: live.map(Reservation::persons).sum() }
    }

    /// Holds everything or nothing. The hold takes over the lapsed seats of other buyers.
    pub(crate) fn hold(
        &mut self,
        wish: &HoldWish,
        counted: LockedCount,
        now_ms: i64,
        rules: Rules,
    ) -> Result<HoldEffect, HoldRefusal> {
        self.transact(|tx| {
            if tx.is_called_off {
                return Err(HoldRefusal::CalledOff);
            }
            if rules.keep(Rule::LimitUnderLock) && tx.buyers[wish.buyer] != counted.version {
                return Err(HoldRefusal::Again);
            }
            tx.buyers[wish.buyer] += 1;
            let persons = wish.seats.len() as i64 + wish.places;
            if counted.persons + persons > MAX_PERSONS {
                return Err(HoldRefusal::Limit);
            }
            let reservation = tx.reservations.len();
            let (seats, taken_over) = tx.take_seats(wish, reservation, now_ms, rules)?;
            let cleared = tx.take_places(wish.places, now_ms, rules)?;
            let state = PlacesState::Held;
            tx.reservations.push(Reservation {
                buyer: wish.buyer,
                seats,
                places: (wish.places > 0).then_some(GeneralPlaces { quantity: wish.places, state }),
                state: ReservationState::Active,
                expires_ms: now_ms + HOLD_MS,
                cap_ms: now_ms + HOLD_CAP_MS,
            });
            Ok(HoldEffect { reservation, taken_over, cleared })
        })
    }

    fn take_seats(
        &mut self,
        wish: &HoldWish,
        reservation: usize,
        now_ms: i64,
        rules: Rules,
    ) -> Result<(Vec<(usize, u64)>, usize), HoldRefusal> {
        let (mut taken, mut taken_over) = (Vec::with_capacity(wish.seats.len()), 0);
        for &number in &wish.seats {
            let seat = &mut self.seats[number];
            if rules.keep(Rule::HoldMindsState) && !seat.is_free(now_ms) {
                return Err(HoldRefusal::Taken);
            }
            taken_over += usize::from(seat.state == SeatState::Held);
            let fence = seat.fence + 1;
            let until_ms = now_ms + HOLD_MS;
            *seat = Seat { state: SeatState::Held, owner: Some(reservation), fence, until_ms };
            taken.push((number, fence));
        }
        Ok((taken, taken_over))
    }

    /// Moves the counter. If too few places are free, releases lapsed places and tries once more.
    fn take_places(&mut self, wanted: i64, now_ms: i64, rules: Rules) -> Result<i64, HoldRefusal> {
        let mut cleared = 0;
        if self.free_places() < wanted {
            for row in self.reservations.iter_mut().filter(|row| !row.is_live(now_ms)) {
                cleared += release_places(row, &[PlacesState::Held]);
            }
            self.section.held -= cleared;
        }
        if self.free_places() < wanted && rules.keep(Rule::CounterMindsCapacity) {
            return Err(HoldRefusal::Short);
        }
        self.section.held += wanted;
        Ok(cleared)
    }

    fn free_places(&self) -> i64 {
        CAPACITY - self.section.held - self.section.sold
    }

    /// The reservations that the expiry pass finds: active and lapsed.
    pub(crate) fn lapsed(&self, now_ms: i64, rules: Rules) -> Vec<usize> {
        let due = |row: &Reservation| {
            let active = match row.state {
                ReservationState::Active => true,
                ReservationState::InPayment => !rules.keep(Rule::ExpiryMindsState),
                ReservationState::Confirmed
                | ReservationState::Expired
                | ReservationState::Cancelled => false,
            };
            active && row.expires_ms <= now_ms
        };
        (0..self.reservations.len()).filter(|&id| due(&self.reservations[id])).collect()
    }

    /// Expires the found reservations. Returns how many of them were no longer active and lapsed and were left alone.
    pub(crate) fn expire(&mut self, found: &[usize], now_ms: i64, rules: Rules) -> usize {
        let mut late = 0;
        for &id in found {
            let row = &self.reservations[id];
            let due = row.state == ReservationState::Active && row.expires_ms <= now_ms;
            if !due {
                late += 1;
                if rules.keep(Rule::ExpiryMindsState) {
                    continue;
                }
            }
            self.end_hold(id, ReservationState::Expired, rules);
        }
        late
    }

    /// The buyer cancels a reservation.
    pub(crate) fn give_up(&mut self, id: usize, now_ms: i64, rules: Rules) -> bool {
        let row = &self.reservations[id];
        let active = row.state.seen_at(row.expires_ms, now_ms) == ReservationState::Active;
        if active {
            self.end_hold(id, ReservationState::Cancelled, rules);
        }
        active
    }

    fn end_hold(&mut self, id: usize, state: ReservationState, rules: Rules) {
        let row = &mut self.reservations[id];
        row.state = state;
        let counted = row.places.map_or(0, |places| places.quantity);
        let freed = release_places(row, &[PlacesState::Held]);
        self.section.held -= if rules.keep(Rule::CounterMovesByRows) { freed } else { counted };
        for (number, fence) in self.reservations[id].seats.clone() {
            let seat = &mut self.seats[number];
            let ours = seat.owner == Some(id) && seat.fence == fence;
            let held = seat.state == SeatState::Held || !rules.keep(Rule::ExpiryMindsState);
            if ours && held {
                seat.state = SeatState::Available;
                seat.owner = None;
            }
        }
    }
}

/// Releases the reservation's places if they are in one of these states. Returns how many places were released.
pub(super) fn release_places(row: &mut Reservation, from: &[PlacesState]) -> i64 {
    match &mut row.places {
        Some(places) if from.contains(&places.state) => {
            places.state = PlacesState::Released;
            places.quantity
        }
        _ => 0,
    }
}
