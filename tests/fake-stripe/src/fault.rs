//! The faults that tests can request for calls.

use std::time::Duration;

/// A fault of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallFault {
    /// The connection breaks before the call is processed.
    LostRequest,
    /// The call is carried out, but its response is lost.
    LostReply,
    /// Status 500 without an effect; the response is stored for the key.
    ErrorBefore,
    /// Status 500 after the effect; the response is stored for the key.
    ErrorAfter,
    /// Status 429; the response is not stored.
    RateLimit,
    /// Status 502 from a system in front of Stripe, without Stripe's error object; nothing is stored.
    BadGateway,
    /// The call takes this long. Meanwhile its key is in use.
    Slow(Duration),
    /// Status 400 with this code and without an effect; the response is stored for the key.
    Refuse(String),
}

impl CallFault {
    /// Reads a fault from its name on the admin path.
    pub fn parse(name: &str, ms: u64, code: &str) -> Option<Self> {
        Some(match name {
            "lost_request" => Self::LostRequest,
            "lost_reply" => Self::LostReply,
            "error_before" => Self::ErrorBefore,
            "error_after" => Self::ErrorAfter,
            "rate_limit" => Self::RateLimit,
            "bad_gateway" => Self::BadGateway,
            "slow" => Self::Slow(Duration::from_millis(ms)),
            "refuse" => Self::Refuse(code.to_owned()),
            _ => return None,
        })
    }
}

/// The faults that wait for their calls.
#[derive(Debug, Default)]
pub struct PlannedFaults {
    waiting: Vec<(String, CallFault, u32)>,
}

impl PlannedFaults {
    /// The next `times` calls with this name fail with this fault.
    pub fn add(&mut self, call: &str, fault: CallFault, times: u32) {
        self.waiting.push((call.to_owned(), fault, times));
    }

    /// Takes the fault for a call that arrives now.
    pub fn take(&mut self, call: &str) -> Option<CallFault> {
        let at = self.waiting.iter().position(|(name, _, left)| name == call && *left > 0)?;
        let (_, fault, left) = &mut self.waiting[at];
        *left -= 1;
        let fault = fault.clone();
        self.waiting.retain(|(_, _, left)| *left > 0);
        Some(fault)
    }

    /// Removes the faults that have not happened yet.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }
}
