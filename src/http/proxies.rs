//! The proxies that the server trusts to say where a request comes from, and the header in which they say it, as settings.

use std::net::IpAddr;

use crate::kernel::settings::{Setting, Value, Wrong, one_of, parts};

/// The share of all addresses that nobody's proxies have.
const MOST: f64 = 1.0 / 64.0;

/// The bits before the IPv4 address in an IPv6 address that maps one.
const MAPPED_BITS: u8 = 96;

/// Addresses and networks of trusted proxies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<AddressRange>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AddressRange {
    address: IpAddr,
    prefix: u8,
}

impl AddressRange {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let longest: u8 = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u8 = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= longest)?,
            None => longest,
        };
        // `::ffff:10.0.0.0/104` is 10.0.0.0/8 (RFC 4291, 2.5.5.2).
        let mapped = match address {
            IpAddr::V6(address) => address.to_ipv4_mapped().zip(prefix.checked_sub(MAPPED_BITS)),
            IpAddr::V4(_) => None,
        };
        Some(mapped.map_or(Self { address, prefix }, |(address, prefix)| Self {
            address: address.into(),
            prefix,
        }))
    }

    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let kept = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                own.to_bits() & kept == other.to_bits() & kept
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let kept = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                own.to_bits() & kept == other.to_bits() & kept
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl TrustedProxies {
    /// Parses addresses and networks (`10.0.0.0/8`); `None` when a part is neither.
    pub fn parse<'a>(parts: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let networks: Option<Vec<AddressRange>> =
            parts.into_iter().map(AddressRange::parse).collect();
        networks.map(Self)
    }

    /// Whether the networks together are more of the Internet than anybody's proxies are: a sixty-fourth of all
    /// addresses of a kind. The private networks together are less (10.0.0.0/8 and its like; fc00::/7, fe80::/10).
    pub fn are_about_everybody(&self) -> bool {
        let share = |is_v4: bool| -> f64 {
            let networks = self.0.iter().filter(|network| network.address.is_ipv4() == is_v4);
            networks.map(|network| 0.5_f64.powi(network.prefix.into())).sum()
        };
        share(true).max(share(false)) >= MOST
    }

    /// Whether this is the address of a trusted proxy.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }
}

impl Value for TrustedProxies {
    const FORM: &'static str =
        "a comma-separated list of addresses and networks, such as 10.0.0.0/8";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        Self::parse(parts(text)).ok_or(Wrong::Form)
    }
}

/// The header in which the trusted proxies report the address of their caller. Only one is read: a proxy that writes the one
/// passes the other on as the caller wrote it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`: a list of addresses.
    #[default]
    ForwardedFor,
    /// `Forwarded`: a list of parameters for each proxy (RFC 7239).
    Forwarded,
}

impl ProxyHeader {
    pub const fn name(self) -> &'static str {
        match self {
            Self::ForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

impl Value for ProxyHeader {
    const FORM: &'static str = "`X-Forwarded-For` or `Forwarded`";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        one_of(text, &[("X-Forwarded-For", Self::ForwardedFor), ("Forwarded", Self::Forwarded)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_about_everybody_are_told_from_private_networks() {
        let private =
            "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,169.254.0.0/16,100.64.0.0/10";
        for (list, everybody) in [
            ("0.0.0.0/0", true),
            ("::/0", true),
            ("10.0.0.1,0.0.0.0/1", true),
            ("128.0.0.0/2,::1", true),
            ("2000::/3", true),
            ("::ffff:0.0.0.0/96", true),
            ("64.0.0.0/8,65.0.0.0/8,66.0.0.0/8,67.0.0.0/8", true),
            (private, false),
            ("fc00::/7,fe80::/10,::1", false),
            ("", false),
        ] {
            let proxies = TrustedProxies::parse(parts(list)).expect("well-formed");
            assert_eq!(proxies.are_about_everybody(), everybody, "{list}");
        }
    }

    #[test]
    fn a_network_contains_what_shares_its_prefix() {
        for (list, address, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("::ffff:10.0.0.0/104", "10.255.0.1", true),
            ("::ffff:192.0.2.7", "192.0.2.8", false),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("", "127.0.0.1", false),
        ] {
            let proxies = TrustedProxies::parse(list.split(',').filter(|part| !part.is_empty()))
                .expect("well-formed");
            let address = address.parse().expect("an address");
            assert_eq!(proxies.contains(address), inside, "{list} {address}");
        }
    }
}
