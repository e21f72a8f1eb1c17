//! Seats and places: which states there are, and what a look at a seat says to somebody who wants it.

use crate::ids::{Buyer, SeatId};

/// A seat's stored state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeatState {
    /// Free.
    Available,
    /// Held until a time; past it the seat is free, whatever is stored.
    Held,
    /// In payment: shown as held, but never lapses by time.
    Paying,
    /// Sold.
    Sold,
    /// Kept back by the organizer.
    Blocked,
}

impl SeatState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Available, Self::Held, Self::Paying, Self::Sold, Self::Blocked];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Held => "held",
            Self::Paying => "paying",
            Self::Sold => "sold",
            Self::Blocked => "blocked",
        }
    }

    /// The state of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What is stored of a seat, as far as it matters to somebody who wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatView {
    /// The seat.
    pub seat: SeatId,
    /// Its state.
    pub state: SeatState,
    /// Grows with every change.
    pub version: i32,
    /// When a hold lapses, in milliseconds since 1970; present for held seats alone.
    pub expires_at: Option<i64>,
    /// Whose reservation it is in.
    pub owner: Option<Buyer>,
}

/// Why a seat cannot be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Somebody else holds it or pays for it.
    Held,
    /// It is sold.
    Sold,
    /// It is kept back.
    Blocked,
    /// The one who asks holds it already.
    Yours,
    /// It changed since the version that was sent.
    StaleVersion,
    /// Somebody is at it this very moment.
    Contended,
    /// There is no such seat.
    Unknown,
}

impl SeatView {
    /// Whether the seat is free at `now`: available, or held and lapsed.
    pub fn is_free(&self, now: i64) -> bool {
        match self.state {
            SeatState::Available => true,
            SeatState::Held => self.expires_at.is_some_and(|until| until <= now),
            SeatState::Paying | SeatState::Sold | SeatState::Blocked => false,
        }
    }

    /// What stands in the way of `buyer`, who saw `version`, at `now`. None is no promise: the conditional
    /// statement decides.
    pub fn refusal(&self, buyer: Option<Buyer>, version: Option<i32>, now: i64) -> Option<Refusal> {
        if self.is_free(now) {
            let stale = version.is_some_and(|seen| seen != self.version);
            return stale.then_some(Refusal::StaleVersion);
        }
        match self.state {
            SeatState::Sold => Some(Refusal::Sold),
            SeatState::Blocked => Some(Refusal::Blocked),
            SeatState::Held | SeatState::Paying if buyer.is_some() && buyer == self.owner => {
                Some(Refusal::Yours)
            }
            SeatState::Held | SeatState::Paying | SeatState::Available => Some(Refusal::Held),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::{GuestId, UserId};

    fn buyer(n: u128) -> Buyer {
        Buyer::User(UserId(Uuid::from_u128(n)))
    }

    fn check(state: SeatState, asks: Buyer, version: Option<i32>, expected: Option<Refusal>) {
        let seat = SeatView {
            seat: SeatId(1),
            state,
            version: 3,
            expires_at: (state == SeatState::Held).then_some(1_000),
            owner: Some(buyer(1)),
        };
        assert_eq!(seat.refusal(Some(asks), version, 999), expected, "{state:?} {asks:?}");
    }

    #[test]
    fn each_state_has_its_reason() {
        let (owner, other) = (buyer(1), buyer(2));
        check(SeatState::Available, other, None, None);
        check(SeatState::Available, other, Some(3), None);
        check(SeatState::Available, other, Some(2), Some(Refusal::StaleVersion));
        check(SeatState::Held, other, None, Some(Refusal::Held));
        check(SeatState::Held, owner, None, Some(Refusal::Yours));
        check(SeatState::Paying, other, None, Some(Refusal::Held));
        check(SeatState::Paying, owner, None, Some(Refusal::Yours));
        check(SeatState::Sold, owner, None, Some(Refusal::Sold));
        check(SeatState::Blocked, owner, None, Some(Refusal::Blocked));
        let guest = Buyer::Guest(GuestId(Uuid::from_u128(1)));
        check(SeatState::Held, guest, None, Some(Refusal::Held));
    }

    #[test]
    fn a_hold_lapses_at_its_very_millisecond_and_a_payment_never() {
        let seat = |state| SeatView {
            seat: SeatId(1),
            state,
            version: 1,
            expires_at: Some(1_000),
            owner: None,
        };
        assert!(!seat(SeatState::Held).is_free(999));
        assert!(seat(SeatState::Held).is_free(1_000));
        assert!(!seat(SeatState::Paying).is_free(i64::MAX));
    }

    #[test]
    fn words_and_states_are_one_to_one() {
        for state in SeatState::ALL {
            assert_eq!(SeatState::parse(state.as_str()), Some(state));
        }
        assert_eq!(SeatState::parse("free"), None);
    }
}
