//! Why a refund happens, in which way the money is returned, and whether it was returned.

/// Why money is returned to a buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The buyer cancelled lines of the booking.
    Buyer,
    /// The organizer cancelled lines of the booking.
    Organizer,
    /// The organizer refunded an amount without cancelling anything.
    Goodwill,
    /// The event was cancelled, and with it every line.
    CalledOff,
    /// The payment succeeded only after other buyers had the seats.
    SeatsLost,
    /// The holder of a transferred ticket returned the ticket.
    Holder,
    /// A returned ticket was sold to another buyer.
    Resold,
    /// The buyer moved to a cheaper place.
    Reseat,
    /// The buyer disputed the payment at the bank and won the dispute.
    Dispute,
}

words! { Reason {
    Buyer = "buyer",
    Organizer = "organizer",
    Goodwill = "goodwill",
    CalledOff = "called_off",
    SeatsLost = "seats_lost",
    Holder = "holder",
    Resold = "resold",
    Reseat = "reseat",
    Dispute = "dispute",
} }

impl Reason {
    /// Whether the refund also cancels its lines. After a dispute, the organizer decides whether to cancel them.
    pub const fn cancels(self) -> bool {
        match self {
            Self::Buyer
            | Self::Organizer
            | Self::CalledOff
            | Self::SeatsLost
            | Self::Holder
            | Self::Resold => true,
            Self::Goodwill | Self::Reseat | Self::Dispute => false,
        }
    }
}

/// How a refund returns the money. Every refund goes through the gateway until sales at the door exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundMethod {
    /// The gateway returns the money to the payment method that paid.
    Gateway,
    /// The organizer pays cash at the door.
    Cash,
    /// A card terminal at the door returns the money to the card.
    Terminal,
    /// The organizer makes a bank transfer, because the gateway cannot return the money.
    Bank,
    /// The buyer's bank took the money back (a chargeback).
    Chargeback,
}

words! { RefundMethod {
    Gateway = "gateway",
    Cash = "cash",
    Terminal = "terminal",
    Bank = "bank",
    Chargeback = "chargeback",
} }

/// Whether the money of a refund was returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// The refund is under way.
    Pending,
    /// The money was returned. A bank may still report a failure later.
    Done,
}

words! { Status {
    Pending = "pending",
    Done = "done",
} }
