//! Where a request comes from: the address of the connection, or the address that a trusted proxy reports for its
//! caller.

use std::net::{IpAddr, Ipv6Addr};

use poem::Request;

use crate::http::proxies::TrustedProxies;

const FORWARDED_FOR: &str = "X-Forwarded-For";
/// The maximum number of proxies in a row that are followed.
const MAX_HOPS: usize = 16;
const NETWORK_BITS: u32 = 64;

/// The caller's address; `None` over a connection without an address. `X-Forwarded-For` is read from its end, and
/// only as far as trusted proxies wrote it, because anybody else can write anything there.
pub fn address(request: &Request) -> Option<IpAddr> {
    let peer = request.remote_addr().as_socket_addr()?.ip().to_canonical();
    let Some(trusted) = request.data::<TrustedProxies>() else { return Some(peer) };
    let said: Vec<&str> = request
        .headers()
        .get_all(FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    Some(caller(peer, &said, trusted))
}

/// The address that stands for all addresses of one customer: an IPv6 customer has at least the network of 64 bits
/// (RFC 6177), and chooses the rest.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let kept = address.to_bits() >> NETWORK_BITS << NETWORK_BITS;
            Ipv6Addr::from_bits(kept).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

fn caller(peer: IpAddr, said: &[&str], trusted: &TrustedProxies) -> IpAddr {
    let mut caller = peer;
    for claim in said.iter().rev().take(MAX_HOPS) {
        if !trusted.contains(caller) {
            break;
        }
        match claim.parse::<IpAddr>() {
            Ok(address) => caller = address.to_canonical(),
            Err(_) => break,
        }
    }
    caller
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_speak_for_others() {
        let trusted = TrustedProxies::parse(["10.0.0.0/8", "192.0.2.1"]).expect("networks");
        for (peer, said, caller_is) in [
            ("203.0.113.5", vec!["198.51.100.1"], "203.0.113.5"),
            ("10.0.0.1", vec!["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", vec!["198.51.100.1", "203.0.113.5"], "203.0.113.5"),
            ("10.0.0.1", vec!["198.51.100.1", "203.0.113.5", "192.0.2.1"], "203.0.113.5"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["nonsense"], "10.0.0.1"),
            ("10.0.0.1", vec!["198.51.100.1", "nonsense"], "10.0.0.1"),
        ] {
            let found = caller(peer.parse().expect("an address"), &said, &trusted);
            assert_eq!(found.to_string(), caller_is, "{peer} {said:?}");
        }
    }
}
