//! Where a request comes from: the address of the connection, or the address that a trusted proxy reports for its
//! caller.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use poem::Request;

use crate::http::proxies::{ProxyHeader, TrustedProxies};

/// The maximum number of proxies in a row that are followed.
const MAX_HOPS: usize = 16;
const NETWORK_BITS: u32 = 64;
const UNREADABLE: &str = "?";

/// The caller's address; `None` over a connection without an address. The header in which the trusted proxies report it is
/// read from its end, and only as far as trusted proxies wrote it, because anybody else can write anything there.
pub fn address(request: &Request) -> Option<IpAddr> {
    let peer = request.remote_addr().as_socket_addr()?.ip().to_canonical();
    let Some(trusted) = request.data::<TrustedProxies>() else { return Some(peer) };
    if !trusted.contains(peer) {
        return Some(peer);
    }
    let header = request.data::<ProxyHeader>().copied().unwrap_or_default();
    let values = request.headers().get_all(header.name());
    // A value that is no text names no address, and ends what is followed.
    let values: Vec<&str> =
        values.iter().map(|value| value.to_str().unwrap_or(UNREADABLE)).collect();
    Some(caller(peer, &header.addresses(&values), trusted))
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

/// Follows what proxies said, from the last one on, as long as the one who said it is trusted. `None` in the list is
/// something that names no address; nothing before it is followed.
fn caller(peer: IpAddr, said: &[Option<IpAddr>], trusted: &TrustedProxies) -> IpAddr {
    let mut caller = peer;
    for claim in said.iter().rev().take(MAX_HOPS) {
        let (true, Some(address)) = (trusted.contains(caller), claim) else { break };
        caller = address.to_canonical();
    }
    caller
}

impl ProxyHeader {
    /// The addresses that the header's values name, in their order; `None` for a part that names no address.
    fn addresses(self, values: &[&str]) -> Vec<Option<IpAddr>> {
        match self {
            Self::ForwardedFor => values
                .iter()
                .flat_map(|value| value.split(','))
                .map(|part| node(part.trim()))
                .collect(),
            Self::Forwarded => values.iter().flat_map(|value| forwarded(value)).collect(),
        }
    }
}

/// The node of each element of a `Forwarded` value (RFC 7239, 4).
fn forwarded(value: &str) -> Vec<Option<IpAddr>> {
    match split(value, ',') {
        Some(elements) => elements.iter().map(|element| node_of(element)).collect(),
        None => vec![None],
    }
}

/// The node that the parameter `for` of an element names.
fn node_of(element: &str) -> Option<IpAddr> {
    let pairs = split(element, ';')?;
    let mut pairs = pairs.iter().filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let value = value.trim();
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    node(bare.unwrap_or(value))
}

/// The parts between separators that stand outside of quoted strings (RFC 9110, 5.6.4). `None` if a quoted string does not
/// end.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, letter) in text.char_indices() {
        if letter == separator && !is_quoted {
            parts.push(&text[start..at]);
            start = at + letter.len_utf8();
        }
        if letter == '"' && !is_escaped {
            is_quoted = !is_quoted;
        }
        is_escaped = letter == '\\' && is_quoted && !is_escaped;
    }
    parts.push(&text[start..]);
    (!is_quoted).then_some(parts)
}

/// An address, with or without a port (RFC 7239, 6). An IPv6 address with a port stands in brackets.
fn node(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    bare.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: ProxyHeader, peer: &str, values: &[&str], expected: &str) {
        let trusted = TrustedProxies::parse(["10.0.0.0/8", "192.0.2.1"]).expect("networks");
        let peer = peer.parse().expect("an address");
        let found = caller(peer, &header.addresses(values), &trusted);
        assert_eq!(found.to_string(), expected, "{peer} {values:?}");
    }

    #[test]
    fn only_trusted_proxies_speak_for_others() {
        for (peer, values, expected) in [
            ("203.0.113.5", &["198.51.100.1"][..], "203.0.113.5"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, 203.0.113.5"], "203.0.113.5"),
            ("10.0.0.1", &["198.51.100.1", "203.0.113.5,192.0.2.1"], "203.0.113.5"),
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1,nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1,"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.6", UNREADABLE], "10.0.0.1"),
        ] {
            check(ProxyHeader::ForwardedFor, peer, values, expected);
        }
    }

    #[test]
    fn the_standard_header_is_read_from_its_end_too() {
        for (peer, values, expected) in [
            ("203.0.113.5", &["for=198.51.100.1"][..], "203.0.113.5"),
            ("10.0.0.1", &["for=198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["by=10.0.0.1; For=198.51.100.1 ;proto=https"], "198.51.100.1"),
            ("10.0.0.1", &["for=198.51.100.1, for=203.0.113.5"], "203.0.113.5"),
            ("10.0.0.1", &["for=198.51.100.1", "for=203.0.113.5, for=192.0.2.1"], "203.0.113.5"),
            ("10.0.0.1", &["for=\"[2001:db8:cafe::17]:4711\""], "2001:db8:cafe::17"),
            ("10.0.0.1", &["for=\"[2001:db8:cafe::17]\""], "2001:db8:cafe::17"),
            ("10.0.0.1", &["for=\"198.51.100.1:4711\";host=\"a,b\""], "198.51.100.1"),
            ("10.0.0.1", &["for=198.51.100.1, for=unknown"], "10.0.0.1"),
            ("10.0.0.1", &["for=198.51.100.1, for=_gazonk"], "10.0.0.1"),
            ("10.0.0.1", &["for=198.51.100.1, proto=https"], "10.0.0.1"),
            // What a caller leaves open hides what the proxy adds, and helps the caller to no other address.
            ("10.0.0.1", &["for=\"198.51.100.1, for=203.0.113.5"], "10.0.0.1"),
            ("10.0.0.1", &["for=\"a\\\", for=198.51.100.1\", for=203.0.113.5"], "203.0.113.5"),
            ("10.0.0.1", &["host=\"a;for=203.0.113.6\";for=198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["for=203.0.113.6", UNREADABLE], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            check(ProxyHeader::Forwarded, peer, values, expected);
        }
    }
}
