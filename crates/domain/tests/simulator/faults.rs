//! What can go wrong, how often it does in a seed, and what of it is switched off to tell a shorter story.

use crate::prng::Prng;

/// One kind of mishap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Fault {
    /// A request to the gateway is lost.
    LostRequest,
    /// The gateway's answer is lost.
    LostReply,
    /// A request reaches the gateway long after its sender gave up.
    LateRequest,
    /// The gateway answers with a fault and did nothing.
    ServerErrorBefore,
    /// The gateway answers with a fault and did it.
    ServerErrorAfter,
    /// The gateway cannot be asked.
    FetchLost,
    /// A transaction is rolled back by the database.
    Abort,
    /// A local step of a checkout fails.
    StepFails,
    /// A transaction is committed, and its maker told otherwise.
    LostCommit,
    /// A node dies between two steps.
    Crash,
    /// Every node dies, and nothing happens for hours.
    Outage,
    /// A node is paused, beyond its leases and locks.
    Pause,
    /// One call of one worker takes long.
    Stall,
    /// A node's clock jumps.
    ClockJump,
    /// Nothing happens for minutes or hours.
    TimeLeap,
    /// A webhook is not delivered at first.
    HookLost,
    /// A webhook is delivered twice.
    HookTwice,
    /// A webhook is delivered long after, and out of order.
    HookLate,
    /// The gateway does not hear that a webhook was taken, and sends it again.
    HookUnheard,
    /// A client hangs up before the answer.
    HangUp,
    /// A client sends the same request twice at once.
    Twins,
    /// The lock service gives a lock that somebody has.
    LockLies,
    /// The lock service does not answer.
    LockDown,
    /// The organizer takes a seat back by force while it is paid.
    Revoked,
    /// The bank changes its mind about a reserved amount.
    Withdrawn,
    /// Somebody voids a payment at the gateway by hand.
    VoidedByHand,
    /// Somebody captures a payment at the gateway by hand.
    CapturedByHand,
    /// Somebody gives money back at the gateway by hand.
    RefundedByHand,
    /// The gateway cannot deliver a refund that it took on.
    Bounced,
}

/// How often a fault strikes where it can.
enum Rate {
    /// As the seed's weather has it, divided by this.
    Weather(u32),
    /// Up to so many times in a thousand, as each seed has it, whatever the weather.
    Gusts(usize),
    /// So many times in a thousand, whatever the weather.
    Steady(u32),
}

impl Fault {
    /// Every kind, in the order of the declaration.
    pub(crate) const ALL: [Self; 29] = [
        Self::LostRequest,
        Self::LostReply,
        Self::LateRequest,
        Self::ServerErrorBefore,
        Self::ServerErrorAfter,
        Self::FetchLost,
        Self::Abort,
        Self::StepFails,
        Self::LostCommit,
        Self::Crash,
        Self::Outage,
        Self::Pause,
        Self::Stall,
        Self::ClockJump,
        Self::TimeLeap,
        Self::HookLost,
        Self::HookTwice,
        Self::HookLate,
        Self::HookUnheard,
        Self::HangUp,
        Self::Twins,
        Self::LockLies,
        Self::LockDown,
        Self::Revoked,
        Self::Withdrawn,
        Self::VoidedByHand,
        Self::CapturedByHand,
        Self::RefundedByHand,
        Self::Bounced,
    ];

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LostRequest => "lost-request",
            Self::LostReply => "lost-reply",
            Self::LateRequest => "late-request",
            Self::ServerErrorBefore => "server-error-before",
            Self::ServerErrorAfter => "server-error-after",
            Self::FetchLost => "fetch-lost",
            Self::Abort => "abort",
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
            Self::Twins | Self::LockDown => Rate::Steady(100),
            Self::Withdrawn => Rate::Steady(80),
            Self::Bounced => Rate::Steady(200),
            // These strike whenever the world takes them up.
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

/// Faults that are switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Off(u32);

impl Off {
    /// These and this one, too.
    pub(crate) fn and(self, fault: Fault) -> Self {
        Self(self.0 | 1 << fault as usize)
    }

    fn has(self, fault: Fault) -> bool {
        self.0 & 1 << fault as usize != 0
    }

    /// Reads names with commas between.
    pub(crate) fn parse(text: &str) -> Self {
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).fold(
            Self::default(),
            |off, name| {
                let known = Fault::ALL.into_iter().find(|fault| fault.name() == name);
                off.and(known.unwrap_or_else(|| panic!("{name:?} is no fault")))
            },
        )
    }

    /// The names with commas between.
    pub(crate) fn names(self) -> String {
        let names: Vec<&str> =
            Fault::ALL.into_iter().filter(|fault| self.has(*fault)).map(Fault::name).collect();
        names.join(",")
    }
}

/// Chance, and what it does to people.
#[derive(Debug)]
pub(crate) struct Chance {
    pub(crate) rng: Prng,
    per_mille: [u32; Fault::ALL.len()],
    off: Off,
    struck: [u64; Fault::ALL.len()],
}

impl Chance {
    /// Each seed has its own weather, a sixth of them a fair one.
    pub(crate) fn new(seed: u64, off: Off) -> Self {
        let mut rng = Prng::new(seed);
        let most = [0, 40, 120, 250, 400, 900][rng.below(6)];
        let per_mille = Fault::ALL.map(|fault| match fault.rate() {
            Rate::Weather(divisor) => rng.below(most + 1) as u32 / divisor,
            Rate::Gusts(most) => rng.below(most + 1) as u32,
            Rate::Steady(rate) => rate,
        });
        Self { rng, per_mille, off, struck: [0; Fault::ALL.len()] }
    }

    /// Whether the fault strikes here. Draws the same whether it is switched off or not.
    pub(crate) fn strikes(&mut self, fault: Fault) -> bool {
        let strikes = self.rng.chance(self.per_mille[fault as usize]) && !self.off.has(fault);
        self.struck[fault as usize] += u64::from(strikes);
        strikes
    }

    /// From here on nothing goes wrong.
    pub(crate) fn calm(&mut self) {
        self.per_mille = [0; Fault::ALL.len()];
    }

    /// How often each fault struck.
    pub(crate) fn struck(&self) -> impl Iterator<Item = (Fault, u64)> {
        Fault::ALL.into_iter().zip(self.struck)
    }
}
