//! The environment in which the program runs. Everything that only development allows asks for it.

use crate::kernel::settings::{Setting, Value, Wrong, one_of};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Seeds an empty database, generates missing secrets, lets tests move the clock.
    Development,
    /// Seeds nothing, and does not start without its secrets.
    Production,
}

impl Value for Environment {
    const FORM: &'static str = "`development` or `production`";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        one_of(text, &[("development", Self::Development), ("production", Self::Production)])
    }
}
