//! The settings of events: how often the periodic passes of the catalogue run.

use std::time::Duration;

use crate::kernel::settings::{seconds, section};

section! {
    /// Events
    pub struct EventSettings {
        /// How often the server updates the status of events by time and deletes old rows.
        pub event_pass: Duration = seconds("EVENT_PASS_SECONDS", 1..=3600, 60),
    }
}
