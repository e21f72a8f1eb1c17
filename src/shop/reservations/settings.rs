//! The settings of holds: how long they last, and how many a buyer may make.

use std::{num::NonZeroU32, time::Duration};

use crate::kernel::settings::{
    Setting, Value, Wrong, minutes, number, one_of, seconds, section, text,
};

section! {
    /// Reservations
    pub struct HoldSettings {
        /// How long a hold lasts if its event does not say.
        pub ttl: Duration = minutes("RESERVATION_TIMEOUT_MINUTES", 1..=1440, 10),
        /// The maximum duration of a hold including all extensions; at least `RESERVATION_TIMEOUT_MINUTES`. For an
        /// event with its own hold time, the maximum changes in the same proportion.
        pub cap: Duration = minutes("RESERVATION_CAP_MINUTES", 1..=1440, 30),
        /// How many holds one buyer may make in one event per minute.
        pub per_minute: u32 = number("HOLDS_PER_MINUTE", 1..=1_000_000_000, 30),
        /// How many holds visitors without a guest token may try from one network address on each node: so many at
        /// once, and as many more per minute. An IPv6 address counts as its /64 network. Many buyers can share one
        /// address, as in a university.
        pub guests_per_minute: u32 = number("GUESTS_PER_MINUTE", 1..=1_000_000_000, 300),
        /// Whether `HOLDS_PER_MINUTE` and `GUESTS_PER_MINUTE` apply. `off` is for measurements; production refuses it.
        pub rate_limits: RateLimits = text("RATE_LIMITS", "on"),
        /// How often the server clears lapsed holds away. A seat is free as soon as its hold lapses; the pass only
        /// cleans up and notifies viewers.
        pub expiry_pass: Duration = seconds("EXPIRY_PASS_SECONDS", 1..=60, 15),
    }
}

/// Whether the rate limits apply.
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

impl HoldSettings {
    /// How many holds one buyer may make in one event per minute, under these rate limits.
    pub fn limit_per_minute(&self) -> u32 {
        match self.rate_limits {
            RateLimits::On => self.per_minute,
            RateLimits::Off => u32::MAX,
        }
    }

    /// How many new guests one network address may become per minute, if that is limited.
    pub fn newcomers_per_minute(&self) -> Option<NonZeroU32> {
        match self.rate_limits {
            RateLimits::On => NonZeroU32::new(self.guests_per_minute),
            RateLimits::Off => None,
        }
    }
}
