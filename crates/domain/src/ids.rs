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
    /// A sale to nobody whom we know: at the door, or a place that is given away.
    SaleId;
    /// A key with which a program acts for an organization.
    ApiKeyId;
    /// A device at a gate.
    GateDeviceId;
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

/// Who holds and buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Buyer {
    /// Signed in.
    User(UserId),
    /// Known by a guest token alone.
    Guest(GuestId),
    /// Somebody at the door. Each sale is a buyer of its own, so that no limit adds two of them up.
    Door(SaleId),
    /// Nobody: the organization gives the places away. Each gift is a buyer of its own.
    Comp(SaleId),
}

/// What kind of buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuyerKind {
    /// [`Buyer::User`].
    User,
    /// [`Buyer::Guest`].
    Guest,
    /// [`Buyer::Door`].
    Door,
    /// [`Buyer::Comp`].
    Comp,
}

impl BuyerKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::User, Self::Guest, Self::Door, Self::Comp];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Guest => "guest",
            Self::Door => "door",
            Self::Comp => "comp",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl Buyer {
    /// The buyer of this kind with this id.
    pub const fn stored(kind: BuyerKind, id: Uuid) -> Self {
        match kind {
            BuyerKind::User => Self::User(UserId(id)),
            BuyerKind::Guest => Self::Guest(GuestId(id)),
            BuyerKind::Door => Self::Door(SaleId(id)),
            BuyerKind::Comp => Self::Comp(SaleId(id)),
        }
    }

    /// The id under which the buyer's rows are kept. Ids of different kinds never meet: all are UUIDv7.
    pub fn id(self) -> Uuid {
        match self {
            Self::User(user) => user.0,
            Self::Guest(guest) => guest.0,
            Self::Door(sale) | Self::Comp(sale) => sale.0,
        }
    }

    /// The stored word of its kind.
    pub const fn kind(self) -> &'static str {
        let kind = match self {
            Self::User(_) => BuyerKind::User,
            Self::Guest(_) => BuyerKind::Guest,
            Self::Door(_) => BuyerKind::Door,
            Self::Comp(_) => BuyerKind::Comp,
        };
        kind.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buyer_is_read_back_as_it_was_written() {
        for kind in BuyerKind::ALL {
            let buyer = Buyer::stored(kind, Uuid::from_u128(7));
            let read = BuyerKind::parse(buyer.kind()).expect("a known word");
            assert_eq!(Buyer::stored(read, buyer.id()), buyer);
        }
    }
}
