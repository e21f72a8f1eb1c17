//! The settings of the limits on requests.

use std::num::NonZeroU32;

use holdfast_domain::rate::Quota;

use crate::kernel::settings::{Setting, Value, Wrong, number, one_of, section, text};

section! {
    /// Limits on requests
    pub struct LimitSettings {
        /// Whether the limits of this section and `HOLDS_PER_MINUTE` apply. `off` is for measurements; production
        /// refuses it.
        pub rate_limits: RateLimits = text("RATE_LIMITS", "on"),
        /// How many reads callers without a token may send from one network address: so many at once, and as many more
        /// per minute. They read what everybody may see. An IPv6 address counts as its /64 network. Many people can share
        /// one address, as in a university or behind a mobile network.
        pub reads: u32 = number("ADDRESS_READS_PER_MINUTE", 1..=1_000_000, 1_200),
        /// The same for all other requests of callers without a token.
        pub requests: u32 = number("ADDRESS_REQUESTS_PER_MINUTE", 1..=1_000_000, 100),
        /// How many requests one user or one guest may send, from whatever addresses.
        pub known: u32 = number("USER_REQUESTS_PER_MINUTE", 1..=1_000_000, 500),
        /// How many holds visitors without a token may try from one network address.
        pub guests: u32 = number("GUESTS_PER_MINUTE", 1..=1_000_000, 300),
        /// How many passwords and codes may be tried from one network address.
        pub proofs: u32 = number("PROOFS_PER_MINUTE", 1..=1_000_000, 20),
        /// How many accounts may be registered from one network address.
        pub registrations: u32 = number("REGISTRATIONS_PER_MINUTE", 1..=1_000_000, 10),
        /// How many mails may be asked for from one network address: links and codes for accounts and bookings.
        pub mails: u32 = number("MAILS_PER_MINUTE", 1..=1_000_000, 10),
    }
}

/// Whether the limits apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimits {
    On,
    Off,
}

impl Value for RateLimits {
    const FORM: &'static str = "`on` or `off`";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        one_of(text, &[("on", Self::On), ("off", Self::Off)])
    }
}

/// A limit: what is counted, and how much of it is allowed in a minute.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// The name in headers, metrics and Redis; lower-case letters.
    pub name: &'static str,
    setting: fn(&LimitSettings) -> u32,
}

impl Limit {
    /// Reads of callers without a token.
    pub const READS: Self = Self { name: "reads", setting: |it| it.reads };
    /// All other requests of callers without a token.
    pub const REQUESTS: Self = Self { name: "requests", setting: |it| it.requests };
    /// Requests of one user or one guest.
    pub const KNOWN: Self = Self { name: "user", setting: |it| it.known };
    /// Holds of visitors without a token, each of whom becomes a guest.
    pub const GUESTS: Self = Self { name: "guests", setting: |it| it.guests };
    /// Tries of passwords and codes.
    pub const PROOFS: Self = Self { name: "proofs", setting: |it| it.proofs };
    /// Registrations; each has a mail sent.
    pub const REGISTRATIONS: Self = Self { name: "registrations", setting: |it| it.registrations };
    /// Requests that send a mail to an address that the caller names or that a booking names.
    pub const MAILS: Self = Self { name: "mails", setting: |it| it.mails };

    /// How much is allowed under these settings.
    pub fn quota(self, settings: &LimitSettings) -> Quota {
        Quota::per_minute(NonZeroU32::new((self.setting)(settings)).unwrap_or(NonZeroU32::MIN))
    }
}
