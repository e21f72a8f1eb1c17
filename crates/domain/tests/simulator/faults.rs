//! The faults that the simulator injects, their rates in a seed, and the faults that are switched off to shorten a
//! failing story.

use strum::VariantArray as _;

use crate::prng::Prng;

/// A kind of fault that the simulator can inject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
#[repr(usize)]
pub(crate) enum Fault {
    /// A request to the gateway is lost.
    LostRequest,
    /// The gateway's response is lost.
    LostReply,
    /// A request reaches the gateway long after its sender gave up.
    LateRequest,
    /// The gateway responds with an error and did not perform the call.
    ServerErrorBefore,
    /// The gateway responds with an error although it performed the call.
    ServerErrorAfter,
    /// A question to the gateway gets no response.
    FetchLost,
    /// The database rolls a transaction back.
    Abort,
    /// The time of places runs out while a checkout begins, after its seats have changed.
    PlacesLapse,
    /// A local step of a checkout fails.
    StepFails,
    /// A transaction is committed, but its sender is told that it failed.
    LostCommit,
    /// A node dies between two steps.
    Crash,
    /// Every node dies, and the servers stay down for hours.
    Outage,
    /// A node is paused for longer than its leases and locks last.
    Pause,
    /// One call of one worker takes a long time.
    Stall,
    /// A node's clock jumps by minutes or hours.
    ClockJump,
    /// Nothing happens for minutes or hours.
    TimeLeap,
    /// A webhook is not delivered at first.
    HookLost,
    /// A webhook is delivered twice.
    HookTwice,
    /// A webhook is delivered late and out of order.
    HookLate,
    /// The gateway does not receive our acknowledgement of a webhook and sends the webhook again.
    HookUnheard,
    /// A client disconnects before the response.
    HangUp,
    /// A client sends the same request twice at once.
    Twins,
    /// The lock service grants a lock that somebody else has.
    LockLies,
    /// The lock service does not respond.
    LockDown,
    /// The organizer blocks a seat by force while it is being paid.
    Revoked,
    /// The bank withdraws its authorization of a reserved amount.
    Withdrawn,
    /// Somebody voids a payment manually at the gateway.
    VoidedByHand,
    /// Somebody captures a payment manually at the gateway.
    CapturedByHand,
    /// Somebody refunds money manually at the gateway.
    RefundedByHand,
    /// The gateway cannot deliver a refund that it accepted.
    Bounced,
}

/// How often a fault strikes when it can.
enum Rate {
    /// The rate of the seed's weather, divided by this number.
    Weather(u32),
    /// A rate that each seed draws, at most this many times in a thousand, independent of the weather.
    Gusts(usize),
    /// This many times in a thousand in every seed.
    Steady(u32),
}

impl Fault {
    /// The name of the fault on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LostRequest => "lost-request",
            Self::LostReply => "lost-reply",
            Self::LateRequest => "late-request",
            Self::ServerErrorBefore => "server-error-before",
            Self::ServerErrorAfter => "server-error-after",
            Self::FetchLost => "fetch-lost",
            Self::Abort => "abort",
            Self::PlacesLapse => "places-lapse",
            Self::StepFails => "step-fails",
            Self::LostCommit => "lost-commit",
            Self::Crash => "crash",
            Self::Outage => "outage",
            Self::Pause => "pause",
            Self::Stall => "stall",
            Self::ClockJump => "clock-jump",
            Self::TimeLeap => "time-leap",
            Self::HookLost => "hook-lost",
            Self::HookTwice => "hook-twice",
            Self::HookLate => "hook-late",
            Self::HookUnheard => "hook-unheard",
            Self::HangUp => "hang-up",
            Self::Twins => "twins",
            Self::LockLies => "lock-lies",
            Self::LockDown => "lock-down",
            Self::Revoked => "revoked",
            Self::Withdrawn => "withdrawn",
            Self::VoidedByHand => "voided-by-hand",
            Self::CapturedByHand => "captured-by-hand",
            Self::RefundedByHand => "refunded-by-hand",
            Self::Bounced => "bounced",
        }
    }

    fn rate(self) -> Rate {
        match self {
            Self::LostRequest => Rate::Weather(1),
            Self::LateRequest | Self::LostCommit => Rate::Weather(2),
            Self::LostReply
            | Self::ServerErrorBefore
            | Self::ServerErrorAfter
            | Self::FetchLost => Rate::Gusts(250),
            Self::Abort | Self::StepFails => Rate::Gusts(150),
            Self::Crash => Rate::Gusts(50),
            Self::HookLost | Self::HookLate | Self::HookUnheard => Rate::Steady(250),
            Self::HookTwice | Self::HangUp | Self::LockLies => Rate::Steady(200),
            Self::Twins | Self::LockDown | Self::PlacesLapse => Rate::Steady(100),
            Self::Withdrawn => Rate::Steady(80),
            Self::Bounced => Rate::Steady(200),
            // The world decides by itself when these faults strike.
            Self::Outage
            | Self::Pause
            | Self::Stall
            | Self::ClockJump
            | Self::TimeLeap
            | Self::Revoked
            | Self::VoidedByHand
            | Self::CapturedByHand
            | Self::RefundedByHand => Rate::Steady(1000),
        }
    }
}

/// The set of faults that are switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Off(u32);

impl Off {
    /// The same set with this fault added.
    pub(crate) fn and(self, fault: Fault) -> Self {
        Self(self.0 | 1 << fault as usize)
    }

    fn has(self, fault: Fault) -> bool {
        self.0 & 1 << fault as usize != 0
    }

    /// Reads a set from names separated by commas.
    pub(crate) fn parse(text: &str) -> Self {
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).fold(
            Self::default(),
            |off, name| {
                let known = Fault::VARIANTS.iter().copied().find(|fault| fault.name() == name);
                off.and(known.unwrap_or_else(|| panic!("{name:?} is no fault")))
            },
        )
    }

    /// The names of the faults, separated by commas.
    pub(crate) fn names(self) -> String {
        let names: Vec<&str> = Fault::VARIANTS
            .iter()
            .copied()
            .filter(|fault| self.has(*fault))
            .map(Fault::name)
            .collect();
        names.join(",")
    }
}

/// The random numbers of one seed, and the rates at which its faults strike.
#[derive(Debug)]
pub(crate) struct Chance {
    pub(crate) rng: Prng,
    per_mille: [u32; Fault::VARIANTS.len()],
    off: Off,
    struck: [u64; Fault::VARIANTS.len()],
}

impl Chance {
    /// Draws the weather of the seed. One seed in six has fair weather, without weather faults.
    pub(crate) fn new(seed: u64, off: Off) -> Self {
        let mut rng = Prng::new(seed);
        let most = [0, 40, 120, 250, 400, 900][rng.below(6)];
        let per_mille = std::array::from_fn(|fault| match Fault::VARIANTS[fault].rate() {
            Rate::Weather(divisor) => rng.below(most + 1) as u32 / divisor,
            Rate::Gusts(most) => rng.below(most + 1) as u32,
            Rate::Steady(rate) => rate,
        });
        Self { rng, per_mille, off, struck: [0; Fault::VARIANTS.len()] }
    }

    /// Whether the fault strikes here. It draws the same random numbers even if the fault is switched off, so that the
    /// rest of the story stays the same.
    pub(crate) fn strikes(&mut self, fault: Fault) -> bool {
        let strikes = self.rng.chance(self.per_mille[fault as usize]) && !self.off.has(fault);
        self.struck[fault as usize] += u64::from(strikes);
        strikes
    }

    /// Ends all faults from here on.
    pub(crate) fn calm(&mut self) {
        self.per_mille = [0; Fault::VARIANTS.len()];
    }

    /// How often each fault struck.
    pub(crate) fn struck(&self) -> impl Iterator<Item = (Fault, u64)> {
        Fault::VARIANTS.iter().copied().zip(self.struck)
    }
}
