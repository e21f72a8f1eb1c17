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
    /// The id of a sale to an unknown person: a sale at the door, or a place that is given away.
    SaleId;
    /// The id of an API key, with which a program acts for an organization.
    ApiKeyId;
    /// The id of a device that admits people at a gate.
    GateDeviceId;
    /// The id of an invitation to an organization. It is also in the link of the mail.
    InvitationId;
    /// The id of a message to a person. It is also a part of the mail's `Message-ID` (RFC 5322, 3.6.4).
    MessageId;
    /// The id of a user's session on one device.
    SessionId;
    /// The id of a link in a mail to a user.
    LinkId;
}

/// The id of a seat within its event. It is a small integer because seat maps contain many of them. Seats are locked in
/// the order of this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeatId(pub i32);

impl fmt::Display for SeatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The party that holds and buys places. Limits per buyer count all holds and tickets of the same party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Buyer {
    /// A user with an account, signed in at the purchase.
    User(UserId),
    /// A guest, known only by the guest token.
    Guest(GuestId),
    /// An unknown person at the door. Each sale is a separate buyer, so that no limit adds up several sales.
    Door(SaleId),
    /// Nobody: the organization gives the places away. Each gift is a separate buyer.
    Comp(SaleId),
}

/// The kind of a [`Buyer`], without the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuyerKind {
    /// A user with an account: [`Buyer::User`].
    User,
    /// A guest with a guest token: [`Buyer::Guest`].
    Guest,
    /// An unknown person at the door: [`Buyer::Door`].
    Door,
    /// Nobody, because the places are given away: [`Buyer::Comp`].
    Comp,
}

words! { BuyerKind {
    User = "user",
    Guest = "guest",
    Door = "door",
    Comp = "comp",
} }

impl Buyer {
    /// Rebuilds a buyer from the stored kind and id.
    pub const fn stored(kind: BuyerKind, id: Uuid) -> Self {
        match kind {
            BuyerKind::User => Self::User(UserId(id)),
            BuyerKind::Guest => Self::Guest(GuestId(id)),
            BuyerKind::Door => Self::Door(SaleId(id)),
            BuyerKind::Comp => Self::Comp(SaleId(id)),
        }
    }

    /// The id under which the buyer's rows are stored. Ids of different kinds never collide: every id is a UUIDv7,
    /// except the id of a guest that was derived from an idempotency key, which is a UUIDv8.
    pub fn id(self) -> Uuid {
        match self {
            Self::User(user) => user.0,
            Self::Guest(guest) => guest.0,
            Self::Door(sale) | Self::Comp(sale) => sale.0,
        }
    }

    /// The kind of this buyer. The database stores it as a word beside the id.
    pub const fn kind(self) -> BuyerKind {
        match self {
            Self::User(_) => BuyerKind::User,
            Self::Guest(_) => BuyerKind::Guest,
            Self::Door(_) => BuyerKind::Door,
            Self::Comp(_) => BuyerKind::Comp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buyer_is_read_back_as_it_was_written() {
        for kind in BuyerKind::ALL {
            let buyer = Buyer::stored(kind, Uuid::from_u128(7));
            assert_eq!(Buyer::stored(buyer.kind(), buyer.id()), buyer);
        }
    }
}
