//! Where the program runs: what is allowed in development alone asks this.

use crate::kernel::settings::{Setting, Value, Wrong, one_of};

/// Where the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Seeds an empty store, makes missing secrets, lets tests move the clock.
    Development,
    /// Seeds nothing and starts with secrets alone.
    Production,
}

impl Value for Environment {
    const FORM: &'static str = "`development` or `production`";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        one_of(text, &[("development", Self::Development), ("production", Self::Production)])
    }
}
