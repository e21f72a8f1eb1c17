//! The device of a session: what users recognize their sessions by.

use poem::{Request, http::header};
use serde::{Deserialize, Serialize};

use crate::{http::client, kernel::keys::SealedColumn};

/// Where the devices are stored.
pub(super) const DEVICE: SealedColumn = SealedColumn { table: "sessions", column: "device" };

/// The maximum length of a browser's description that is kept, in characters.
const MAX_AGENT: usize = 300;

/// A browser and its network address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The `User-Agent` of the sign-in (RFC 9110, 10.1.5).
    pub agent: String,
    /// `None` over a connection without an address.
    pub address: Option<String>,
}

impl Device {
    /// The device that sends this request.
    pub fn of(request: &Request) -> Self {
        let agent = request.header(header::USER_AGENT).unwrap_or("");
        Self {
            agent: agent.chars().filter(|letter| !letter.is_control()).take(MAX_AGENT).collect(),
            address: client::address(request).map(|address| address.to_string()),
        }
    }
}
