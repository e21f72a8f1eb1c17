//! The settings of overload.

use std::time::Duration;

use crate::kernel::settings::{milliseconds, section};

section! {
    /// Overload
    pub struct OverloadSettings {
        /// How long a request should wait for others at most. A node that cannot keep up refuses more requests at once,
        /// with 503 and `Retry-After`; a payment may wait for twice as long.
        pub patience: Duration = milliseconds("QUEUE_WAIT_MS", 50..=60_000, 400),
    }
}
