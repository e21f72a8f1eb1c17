//! The settings of holds: how long they last, and how many a buyer may make.

use std::time::Duration;

use crate::{
    http::limits::settings::RateLimits,
    kernel::settings::{minutes, number, seconds, section},
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
        /// How often the server clears lapsed holds away. A seat is free as soon as its hold lapses; the pass only
        /// cleans up and notifies viewers.
        pub expiry_pass: Duration = seconds("EXPIRY_PASS_SECONDS", 1..=60, 15),
    }
}

impl HoldSettings {
    /// How many holds one buyer may make in one event per minute, if the rate limits apply.
    pub fn limit_per_minute(&self, rate_limits: RateLimits) -> u32 {
        match rate_limits {
            RateLimits::On => self.per_minute,
            RateLimits::Off => u32::MAX,
        }
    }
}
