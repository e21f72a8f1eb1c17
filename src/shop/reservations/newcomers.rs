//! How fast one network address may become new guests. The limits of one buyer would mean little to a visitor who
//! returns as a new guest each time.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};

use crate::http::client::network;

/// How many addresses are remembered before those that have been quiet are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// The new guests of each network address on this node. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Newcomers(Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>);

impl Newcomers {
    /// Lets each address become this many new guests per minute; any number without a limit.
    pub fn per_minute(limit: Option<NonZeroU32>) -> Self {
        Self(limit.map(|limit| Arc::new(RateLimiter::keyed(Quota::per_minute(limit)))))
    }

    /// Counts a new guest from this address. A request without an address comes over a socket of this machine.
    ///
    /// # Errors
    /// How long the address must wait, when it became too many new guests.
    pub fn admit(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        let (Some(limiter), Some(address)) = (&self.0, address) else { return Ok(()) };
        if limiter.len() > MAX_REMEMBERED {
            limiter.retain_recent();
        }
        limiter
            .check_key(&network(address))
            .map_err(|refused| refused.wait_time_from(limiter.clock().now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_so_many_guests_and_hinders_no_other() {
        let newcomers = Newcomers::per_minute(NonZeroU32::new(2));
        let admits = |address: &str| newcomers.admit(Some(address.parse().expect("an address")));
        assert_eq!((admits("192.0.2.1"), admits("192.0.2.1")), (Ok(()), Ok(())));
        let wait = admits("192.0.2.1").expect_err("the third guest of this minute");
        assert!(wait <= Duration::from_secs(30), "{wait:?}");
        assert_eq!(admits("192.0.2.2"), Ok(()));
        assert_eq!((admits("2001:db8::1"), admits("2001:db8::2")), (Ok(()), Ok(())));
        assert!(admits("2001:db8::3").is_err(), "one network");
        assert_eq!(admits("2001:db8:0:1::1"), Ok(()));
        assert_eq!(newcomers.admit(None), Ok(()));
    }

    #[test]
    fn without_a_limit_nobody_waits() {
        let newcomers = Newcomers::per_minute(None);
        let address = "192.0.2.1".parse().ok();
        assert!((0..1000).all(|_| newcomers.admit(address).is_ok()));
    }
}
