//! The settings of accounts.

use crate::{
    http::limits::settings::RateLimits,
    kernel::settings::{Setting, Value, Wrong, number, one_of, section, text},
};

section! {
    /// Accounts
    pub struct AccountSettings {
        /// What a new password must contain: characters that are hard to guess (`any`), or also a lower-case letter, an
        /// upper-case letter and a digit (`mixed`).
        pub composition: Composition = text("PASSWORD_COMPOSITION", "any"),
        /// How many wrong passwords one network address may try at the sign-in within an hour, whatever the accounts. What
        /// comes from a browser in which the user has signed in before does not count. Many people can share one address.
        pub network_tries: u32 = number("WRONG_PASSWORDS_PER_HOUR", 1..=1_000_000, 100),
    }
}

impl AccountSettings {
    /// How many wrong passwords one network address may try within an hour. `None` if no limit applies.
    pub fn tries_of_network(&self, limits: RateLimits) -> Option<i32> {
        match limits {
            RateLimits::On => Some(i32::try_from(self.network_tries).unwrap_or(i32::MAX)),
            RateLimits::Off => None,
        }
    }
}

/// What a new password must contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Composition {
    /// Whatever is hard to guess.
    Any,
    /// A lower-case letter, an upper-case letter and a digit as well.
    Mixed,
}

impl Value for Composition {
    const FORM: &'static str = "`any` or `mixed`";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        one_of(text, &[("any", Self::Any), ("mixed", Self::Mixed)])
    }
}
