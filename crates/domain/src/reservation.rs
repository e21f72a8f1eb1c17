//! The seats and places that one request may hold, and the states of a reservation.

use std::collections::HashSet;

use crate::ids::{OfferId, SeatId, SectionId};

/// The maximum number of seats in one request.
pub const MAX_SEATS: usize = 50;
/// The maximum number of general-admission picks in one request.
pub const MAX_GENERAL_PICKS: usize = 20;
/// The maximum quantity of one offer in one pick.
pub const MAX_QUANTITY: i32 = 50;

/// The state of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReservationState {
    /// The reservation holds its seats until it expires.
    Active,
    /// The payment is under way. The reservation cannot expire.
    InPayment,
    /// The reservation is paid. Its booking has the tickets.
    Confirmed,
    /// The hold lapsed before a payment began. The seats are free.
    Expired,
    /// The buyer cancelled the reservation, or its payment was undone.
    Cancelled,
}

words! { ReservationState {
    Active = "active",
    InPayment = "in_payment",
    Confirmed = "confirmed",
    Expired = "expired",
    Cancelled = "cancelled",
} }

impl ReservationState {
    /// The state that people see at `now`. An active reservation is shown as expired as soon as its time is over,
    /// even before a periodic pass has written the state. Both times are in milliseconds since 1970.
    #[must_use]
    pub fn seen_at(self, expires_at: i64, now: i64) -> Self {
        match self {
            Self::Active if expires_at <= now => Self::Expired,
            Self::Active | Self::InPayment | Self::Confirmed | Self::Expired | Self::Cancelled => {
                self
            }
        }
    }

    /// Whether a reservation can ever change from this state to `next`. The conditional statement
    /// in the database decides whether it does.
    pub fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Active, Self::InPayment | Self::Expired | Self::Cancelled) => true,
            // A payment that is undone leads back to the hold, or ends the reservation.
            (Self::InPayment, Self::Confirmed | Self::Active | Self::Expired | Self::Cancelled) => {
                true
            }
            // The seats were sold before the capture, and then the capture was refused.
            (Self::Confirmed, Self::Cancelled) => true,
            (
                Self::Active | Self::InPayment | Self::Confirmed | Self::Expired | Self::Cancelled,
                _,
            ) => false,
        }
    }
}

/// The kind of a reservation's item, and of the booking's line that pays for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemKind {
    /// One seat of the plan, named by its id.
    Seat,
    /// Places in a general-admission section.
    General,
}

words! { ItemKind {
    Seat = "seat",
    General = "general",
} }

/// The state of a reservation's item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemState {
    /// The item is held until its expiry.
    Held,
    /// The payment is under way.
    Paying,
    /// The item belongs to a booking.
    Sold,
    /// The reservation ended without a sale.
    Released,
}

words! { ItemState {
    Held = "held",
    Paying = "paying",
    Sold = "sold",
    Released = "released",
} }

/// One seat that a request wants to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatWish {
    /// The id of the wished seat.
    pub seat: SeatId,
    /// The version of the seat that the buyer saw.
    pub version: Option<i32>,
    /// The offer that the buyer chose.
    pub offer: Option<OfferId>,
    /// The index of the wish in the request. [`Wishes::new`] sets it.
    pub at: usize,
}

/// Places in a general-admission section that a request wants to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacesWish {
    /// The id of the section.
    pub section: SectionId,
    /// The offer that the buyer chose.
    pub offer: Option<OfferId>,
    /// How many units of the offer, 1 to [`MAX_QUANTITY`].
    pub quantity: i32,
    /// The index of the wish in the request. [`Wishes::new`] sets it.
    pub at: usize,
}

/// The checked wishes of one request: at least one wish, no duplicates, seats in the order in which
/// they are locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wishes {
    seats: Vec<SeatWish>,
    places: Vec<PlacesWish>,
}

/// A fault in the wishes of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct WishFault {
    /// The path of the faulty field, such as `seats[1].seat_id`.
    pub field: String,
    /// The rule that the field breaks, in words for the caller.
    pub message: String,
}

impl Wishes {
    /// Checks the wishes and sorts them.
    ///
    /// # Errors
    /// All faults, each with the path of its field.
    pub fn new(seats: Vec<SeatWish>, places: Vec<PlacesWish>) -> Result<Self, Vec<WishFault>> {
        let mut faults = Vec::new();
        let mut fault = |field: String, message: &str| {
            faults.push(WishFault { field, message: message.to_owned() });
        };
        if seats.is_empty() && places.is_empty() {
            fault("seats".into(), "name at least one seat or general-admission place");
        }
        if seats.len() > MAX_SEATS {
            fault("seats".into(), "at most 50 seats at once");
        }
        if places.len() > MAX_GENERAL_PICKS {
            fault("general".into(), "at most 20 picks at once");
        }
        let mut seen = HashSet::new();
        for (index, wish) in seats.iter().enumerate().take(MAX_SEATS) {
            if wish.seat.0 < 1 {
                fault(format!("seats[{index}].seat_id"), "must be at least 1");
            }
            if !seen.insert(wish.seat) {
                fault(format!("seats[{index}].seat_id"), "is named twice");
            }
        }
        let mut seen = HashSet::new();
        for (index, wish) in places.iter().enumerate().take(MAX_GENERAL_PICKS) {
            if !(1..=MAX_QUANTITY).contains(&wish.quantity) {
                fault(format!("general[{index}].quantity"), "must be 1 to 50");
            }
            if !seen.insert((wish.section, wish.offer)) {
                fault(format!("general[{index}]"), "names a section and offer twice");
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let (mut seats, mut places) = (seats, places);
        seats.iter_mut().enumerate().for_each(|(at, wish)| wish.at = at);
        places.iter_mut().enumerate().for_each(|(at, wish)| wish.at = at);
        seats.sort_by_key(|wish| wish.seat);
        places.sort_by_key(|wish| (wish.section, wish.offer));
        Ok(Self { seats, places })
    }

    /// The wished seats, sorted by id.
    pub fn seats(&self) -> &[SeatWish] {
        &self.seats
    }

    /// The wished general-admission places, sorted by section.
    pub fn places(&self) -> &[PlacesWish] {
        &self.places
    }

    /// Keeps only the seats for which `keep` returns true. Returns `None` if no wish is left.
    pub fn retain_seats(mut self, keep: impl Fn(SeatId) -> bool) -> Option<Self> {
        self.seats.retain(|wish| keep(wish.seat));
        (!self.seats.is_empty() || !self.places.is_empty()).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn seat(id: i32) -> SeatWish {
        SeatWish { seat: SeatId(id), version: None, offer: None, at: 0 }
    }

    fn places(section: u128, quantity: i32) -> PlacesWish {
        PlacesWish { section: SectionId(Uuid::from_u128(section)), offer: None, quantity, at: 0 }
    }

    fn faults(seats: Vec<SeatWish>, general: Vec<PlacesWish>) -> Vec<String> {
        Wishes::new(seats, general)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|fault| fault.field)
            .collect()
    }

    #[test]
    fn every_fault_is_named_by_its_path() {
        assert_eq!(faults(vec![], vec![]), ["seats"]);
        assert_eq!(
            faults(vec![seat(7), seat(0), seat(7)], vec![places(1, 0), places(1, 51)]),
            [
                "seats[1].seat_id",
                "seats[2].seat_id",
                "general[0].quantity",
                "general[1].quantity",
                "general[1]"
            ]
        );
        assert_eq!(faults((1..=51).map(seat).collect(), vec![]), ["seats"]);
    }

    #[test]
    fn seats_are_locked_in_one_order() {
        let wishes = Wishes::new(vec![seat(9), seat(2), seat(5)], vec![]).expect("sound");
        let order: Vec<i32> = wishes.seats().iter().map(|wish| wish.seat.0).collect();
        assert_eq!(order, [2, 5, 9]);
        let places: Vec<usize> = wishes.seats().iter().map(|wish| wish.at).collect();
        assert_eq!(places, [1, 2, 0]);
    }

    #[test]
    fn an_ended_reservation_stays_ended() {
        for next in ReservationState::ALL {
            assert!(!ReservationState::Expired.may_become(next));
            assert!(!ReservationState::Cancelled.may_become(next));
        }
        assert!(!ReservationState::Confirmed.may_become(ReservationState::Active));
        assert_eq!(ReservationState::Active.seen_at(1_000, 1_000), ReservationState::Expired);
        assert_eq!(ReservationState::InPayment.seen_at(1_000, 2_000), ReservationState::InPayment);
    }
}
