//! Where a request comes from: the address of the connection, or the address that a trusted proxy reports for its
//! caller.

use std::net::IpAddr;

use poem::Request;

use crate::http::proxies::TrustedProxies;

const FORWARDED_FOR: &str = "X-Forwarded-For";
/// The maximum number of proxies in a row that are followed.
const MAX_HOPS: usize = 16;

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
