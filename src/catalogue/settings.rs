//! The settings of events: how often the periodic passes of the catalogue run, and how old what is shown may be.

use std::time::Duration;

use crate::kernel::settings::{milliseconds, seconds, section};

section! {
    /// Events
    pub struct EventSettings {
        /// How often the server updates the status of events by time and deletes old rows.
        pub event_pass: Duration = seconds("EVENT_PASS_SECONDS", 1..=3600, 60),
        /// The maximum age of the seats' state, of the inventory and of the counts that pages show during a busy sale. A
        /// larger age takes less of the database. Holds and payments never use them. 0: always the present state.
        pub state_age: Duration = milliseconds("STATE_AGE_MS", 0..=1000, 250),
    }
}
