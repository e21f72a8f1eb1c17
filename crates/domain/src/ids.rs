//! Typed ids: a reservation's id cannot be taken for a booking's.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

typed_id! {
    /// An organization, which owns events and what is sold for them.
    OrganizationId;
    /// A user.
    UserId;
    /// A visitor who is not signed in.
    GuestId;
    /// An event.
    EventId;
    /// A section of an event.
    SectionId;
    /// An offer of an event.
    OfferId;
    /// A reservation.
    ReservationId;
    /// An item of a reservation.
    ItemId;
    /// A booking.
    BookingId;
    /// A line of a booking.
    LineId;
    /// A ticket.
    TicketId;
    /// A checkout saga.
    SagaId;
}

/// A seat within its event. Small on the wire, and the order in which seats are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeatId(pub i32);

impl fmt::Display for SeatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who holds and buys: a signed-in user or a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Buyer {
    /// Signed in.
    User(UserId),
    /// Known by a guest token alone.
    Guest(GuestId),
}

impl Buyer {
    /// The id under which the buyer's rows are kept. Users' and guests' ids never meet: both are UUIDv7.
    pub fn id(self) -> Uuid {
        match self {
            Self::User(user) => user.0,
            Self::Guest(guest) => guest.0,
        }
    }

    /// `user` or `guest`, as stored.
    pub fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Guest(_) => "guest",
        }
    }
}
