//! The states of seats, and the reasons why a buyer cannot hold a seat.

use crate::ids::{Buyer, SeatId};

/// The stored state of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeatState {
    /// Nobody holds the seat, and anybody may hold it.
    Available,
    /// A buyer holds the seat until its expiry. After the expiry the seat is free, although this
    /// state is still stored.
    Held,
    /// A buyer is paying for the seat. The seat is shown as held, but it never becomes free by
    /// time.
    Paying,
    /// The seat belongs to a booking that is confirmed, or about to be confirmed.
    Sold,
    /// The organizer has blocked the seat.
    Blocked,
}

words! { SeatState {
    Available = "available",
    Held = "held",
    Paying = "paying",
    Sold = "sold",
    Blocked = "blocked",
} }

/// The kind of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeatKind {
    /// A seat without special properties.
    Standard,
    /// Sold as VIP: the organizer says what that includes.
    Vip,
    /// Sold as premium: the organizer says what that includes.
    Premium,
    /// A place for a wheelchair.
    Wheelchair,
    /// A seat beside a wheelchair place, for a companion.
    Companion,
    /// A seat with a restricted view.
    RestrictedView,
}

words! { SeatKind {
    Standard = "standard",
    Vip = "vip",
    Premium = "premium",
    Wheelchair = "wheelchair",
    Companion = "companion",
    RestrictedView = "restricted_view",
} }

/// How the places of a section are sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SectionKind {
    /// Every place is a seat with an id, and buyers choose individual seats.
    Seated,
    /// Buyers choose a quantity (general admission).
    General,
}

words! { SectionKind {
    Seated = "seated",
    General = "general",
} }

/// The stored facts about a seat that decide whether a buyer can hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatView {
    /// The seat's id within its event.
    pub seat: SeatId,
    /// The seat's state as stored; a lapsed hold still counts as held.
    pub state: SeatState,
    /// The seat's version. Every change of the seat increments it.
    pub version: i32,
    /// When the hold lapses, in milliseconds since 1970. Present only for held seats.
    pub expires_at: Option<i64>,
    /// The buyer whose reservation contains the seat.
    pub owner: Option<Buyer>,
}

/// Why a seat cannot be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeatRefusal {
    /// Another buyer holds the seat or is paying for it.
    Held,
    /// The seat belongs to a booking.
    Sold,
    /// The organizer has blocked the seat.
    Blocked,
    /// The same buyer already has the seat.
    Yours,
    /// The seat changed since the version that the buyer sent.
    StaleVersion,
    /// Another request is working on the seat at this moment.
    Contended,
    /// The event has no such seat.
    Unknown,
}

impl SeatView {
    /// Whether the seat is free at `now` (milliseconds since 1970): available, or held and lapsed.
    pub fn is_free(&self, now: i64) -> bool {
        match self.state {
            SeatState::Available => true,
            SeatState::Held => self.expires_at.is_some_and(|until| until <= now),
            SeatState::Paying | SeatState::Sold | SeatState::Blocked => false,
        }
    }

    /// Why `buyer`, who saw `version`, cannot hold the seat at `now` (milliseconds since 1970).
    /// `None` does not promise the seat: the conditional statement in the database decides.
    pub fn refusal(
        &self,
        buyer: Option<Buyer>,
        version: Option<i32>,
        now: i64,
    ) -> Option<SeatRefusal> {
        if self.is_free(now) {
            let stale = version.is_some_and(|seen| seen != self.version);
            return stale.then_some(SeatRefusal::StaleVersion);
        }
        match self.state {
            SeatState::Sold => Some(SeatRefusal::Sold),
            SeatState::Blocked => Some(SeatRefusal::Blocked),
            SeatState::Held | SeatState::Paying if buyer.is_some() && buyer == self.owner => {
                Some(SeatRefusal::Yours)
            }
            SeatState::Held | SeatState::Paying | SeatState::Available => Some(SeatRefusal::Held),
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

    fn check(state: SeatState, asks: Buyer, version: Option<i32>, expected: Option<SeatRefusal>) {
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
        check(SeatState::Available, other, Some(2), Some(SeatRefusal::StaleVersion));
        check(SeatState::Held, other, None, Some(SeatRefusal::Held));
        check(SeatState::Held, owner, None, Some(SeatRefusal::Yours));
        check(SeatState::Paying, other, None, Some(SeatRefusal::Held));
        check(SeatState::Paying, owner, None, Some(SeatRefusal::Yours));
        check(SeatState::Sold, owner, None, Some(SeatRefusal::Sold));
        check(SeatState::Blocked, owner, None, Some(SeatRefusal::Blocked));
        let guest = Buyer::Guest(GuestId(Uuid::from_u128(1)));
        check(SeatState::Held, guest, None, Some(SeatRefusal::Held));
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
