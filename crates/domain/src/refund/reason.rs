//! Why money goes back, and by which method.

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

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Buyer,
        Self::Organizer,
        Self::Goodwill,
        Self::CalledOff,
        Self::SeatsLost,
        Self::Holder,
        Self::Resold,
        Self::Reseat,
        Self::Dispute,
    ];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Organizer => "organizer",
            Self::Goodwill => "goodwill",
            Self::CalledOff => "called_off",
            Self::SeatsLost => "seats_lost",
            Self::Holder => "holder",
            Self::Resold => "resold",
            Self::Reseat => "reseat",
            Self::Dispute => "dispute",
        }
    }

    /// The reason of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

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

impl Method {
    /// Every method.
    pub const ALL: [Self; 5] =
        [Self::Gateway, Self::Cash, Self::Terminal, Self::Bank, Self::Chargeback];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Cash => "cash",
            Self::Terminal => "terminal",
            Self::Bank => "bank",
            Self::Chargeback => "chargeback",
        }
    }

    /// The method of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == word)
    }
}
