//! Where the program runs: what is allowed in development alone asks this.

use serde::Deserialize;

/// Where the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Seeds an empty store, makes missing secrets, lets tests move the clock.
    Development,
    /// Seeds nothing and starts with secrets alone.
    Production,
}
