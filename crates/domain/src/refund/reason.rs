//! Why money goes back, by which method, and whether it is back.

/// Why money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The buyer cancelled.
    Buyer,
    /// The organizer cancelled.
    Organizer,
    /// The organizer gave it without cancelling anything.
    Goodwill,
    /// The event is called off.
    CalledOff,
    /// The payment came too late for the seats.
    SeatsLost,
    /// The ticket's holder, to whom its buyer had passed it on, gave it back.
    Holder,
    /// Somebody else bought the ticket that was given back to the pool.
    Resold,
    /// The buyer moved to a cheaper place.
    Reseat,
    /// The buyer disputed the payment at the bank and won.
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
    /// Whether the lines of such a refund are cancelled with it. After a dispute the organizer decides that.
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

/// By which method money goes back. Every refund goes through the gateway until the door sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// The gateway gives it back to where it took it from.
    Gateway,
    /// Cash at the door.
    Cash,
    /// A card terminal at the door.
    Terminal,
    /// A bank transfer by hand, where the gateway cannot deliver it.
    Bank,
    /// The buyer's bank took it back by itself.
    Chargeback,
}

words! { Method {
    Gateway = "gateway",
    Cash = "cash",
    Terminal = "terminal",
    Bank = "bank",
    Chargeback = "chargeback",
} }

/// Whether money is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// The money is on its way.
    Pending,
    /// The money was given back.
    Done,
}

words! { Status {
    Pending = "pending",
    Done = "done",
} }
