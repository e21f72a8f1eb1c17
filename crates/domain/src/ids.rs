//! Typed ids, so that the id of a reservation cannot be used as the id of a booking.

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
    /// The id of an organization. An organization owns events and everything sold for them.
    OrganizationId;
    /// The id of a user with an account.
    UserId;
    /// The id of a visitor who is not signed in. The guest token carries it.
    GuestId;
    /// The id of an event.
    EventId;
    /// The id of a section of an event.
    SectionId;
    /// The id of an offer of an event.
    OfferId;
    /// The id of a reservation.
    ReservationId;
    /// The id of an item of a reservation.
    ItemId;
    /// The id of a booking.
    BookingId;
    /// The id of a line of a booking.
    LineId;
    /// The id of a ticket.
    TicketId;
    /// The id of a saga: a checkout or a refund.
    SagaId;
}

/// The id of a seat within its event. It is a small integer because maps carry many of them, and
/// seats are locked in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeatId(pub i32);

impl fmt::Display for SeatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The person who holds and buys: a signed-in user or a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Buyer {
    /// A signed-in user.
    User(UserId),
    /// A guest, known only by the guest token.
    Guest(GuestId),
}

impl Buyer {
    /// The id under which the buyer's rows are stored. Ids of users and guests never collide: a user
    /// has a UUIDv7; a guest has a UUIDv7 or, if derived from an idempotency key, a UUIDv8.
    pub fn id(self) -> Uuid {
        match self {
            Self::User(user) => user.0,
            Self::Guest(guest) => guest.0,
        }
    }

    /// The stored word for the kind of buyer: `user` or `guest`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Guest(_) => "guest",
        }
    }
}
