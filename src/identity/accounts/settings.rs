//! The settings of accounts.

use crate::kernel::settings::{Setting, Value, Wrong, one_of, section, text};

section! {
    /// Accounts
    pub struct AccountSettings {
        /// What a new password must contain: characters that are hard to guess (`any`), or also a lower-case letter, an
        /// upper-case letter and a digit (`mixed`).
        pub composition: Composition = text("PASSWORD_COMPOSITION", "any"),
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
