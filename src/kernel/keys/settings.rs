//! The settings of the keys.

use super::KeyRing;
use crate::kernel::settings::{in_development, section};

section! {
    /// Keys
    pub struct KeySettings {
        /// The keys that encrypt sensitive columns and make refresh tokens and the links of mails, the present one first, such as
        /// `2026-11:…,2026-05:…` with the output of `openssl rand -hex 32` after each name; the same on all nodes.
        /// `holdfast keys rotate` encrypts the columns anew under the first key.
        pub ring: KeyRing = in_development("KEY_RING", "generated once and kept in the data folder"),
    }
}
