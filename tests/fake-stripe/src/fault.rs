//! What can be made to go wrong, call by call.

use std::time::Duration;

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks before the call is looked at.
    LostRequest,
    /// The call is carried out and its answer lost.
    LostReply,
    /// Status 500 without an effect, kept under the key.
    ErrorBefore,
    /// Status 500 after the effect, kept under the key.
    ErrorAfter,
    /// Status 429, not kept.
    RateLimit,
    /// It takes so long; while it does, the key is in use.
    Slow(Duration),
    /// Status 400 with this code, without an effect, kept under the key.
    Refuse(String),
}

impl Fault {
    /// Reads a fault by its name, as the admin path has it.
    pub fn parse(name: &str, ms: u64, code: &str) -> Option<Self> {
        Some(match name {
            "lost_request" => Self::LostRequest,
            "lost_reply" => Self::LostReply,
            "error_before" => Self::ErrorBefore,
            "error_after" => Self::ErrorAfter,
            "rate_limit" => Self::RateLimit,
            "slow" => Self::Slow(Duration::from_millis(ms)),
            "refuse" => Self::Refuse(code.to_owned()),
            _ => return None,
        })
    }
}

/// The faults that wait for their call.
#[derive(Debug, Default)]
pub struct Faults {
    waiting: Vec<(String, Fault, u32)>,
}

impl Faults {
    /// Lets the next `times` calls of this name go wrong.
    pub fn add(&mut self, call: &str, fault: Fault, times: u32) {
        self.waiting.push((call.to_owned(), fault, times));
    }

    /// The fault for a call that comes in now.
    pub fn take(&mut self, call: &str) -> Option<Fault> {
        let at = self.waiting.iter().position(|(name, _, left)| name == call && *left > 0)?;
        let (_, fault, left) = &mut self.waiting[at];
        *left -= 1;
        let fault = fault.clone();
        self.waiting.retain(|(_, _, left)| *left > 0);
        Some(fault)
    }

    /// Forgets what has not happened yet.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }
}
