//! Which connections are let in: so many in all, and so many of one peer.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::seldom::Seldom;
use crate::http::{client::network, proxies::TrustedProxies};

#[derive(Debug)]
pub(super) struct ConnectionAdmission {
    all: usize,
    per_peer: usize,
    trusted: TrustedProxies,
    counts: Mutex<ConnectionCounts>,
}

#[derive(Debug, Default)]
struct ConnectionCounts {
    open: usize,
    peers: HashMap<IpAddr, usize>,
    lines: Seldom,
}

/// The place of an open connection. Dropping it makes room for another.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    admission: Arc<ConnectionAdmission>,
    peer: Option<IpAddr>,
}

impl ConnectionAdmission {
    pub(super) fn new(all: usize, per_peer: u32, trusted: TrustedProxies) -> Self {
        let per_peer = usize::try_from(per_peer).unwrap_or(usize::MAX);
        Self { all, per_peer, trusted, counts: Mutex::default() }
    }

    /// A place for a connection of this address; `None` when all places, or those of the address, are taken.
    pub(super) fn admit(
        self: &Arc<Self>,
        address: IpAddr,
        now: Duration,
    ) -> Option<ConnectionSlot> {
        let counted = (!self.trusted.contains(address)).then(|| network(address));
        let mut counts = self.counts();
        let of_peer = counted.and_then(|peer| counts.peers.get(&peer)).copied().unwrap_or(0);
        let refused = if counts.open >= self.all {
            Some("all")
        } else {
            (of_peer >= self.per_peer).then_some("peer")
        };
        if let Some(limit) = refused {
            metrics::counter!("holdfast_connections_refused_total", "limit" => limit).increment(1);
            if let Some(times) = counts.lines.count(now) {
                tracing::warn!(limit, times, peer = %address, "connections are refused");
            }
            return None;
        }
        counts.open += 1;
        if let Some(peer) = counted {
            *counts.peers.entry(peer).or_default() += 1;
        }
        metrics::gauge!("holdfast_connections").increment(1);
        Some(ConnectionSlot { admission: Arc::clone(self), peer: counted })
    }

    fn counts(&self) -> MutexGuard<'_, ConnectionCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut counts = self.admission.counts();
        counts.open -= 1;
        if let Some(peer) = self.peer
            && let Some(open) = counts.peers.get_mut(&peer)
        {
            *open -= 1;
            if *open == 0 {
                counts.peers.remove(&peer);
            }
        }
        metrics::gauge!("holdfast_connections").decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(all: usize, per_peer: u32) -> Arc<ConnectionAdmission> {
        let trusted = TrustedProxies::parse(["10.0.0.1"]).expect("an address");
        Arc::new(ConnectionAdmission::new(all, per_peer, trusted))
    }

    fn admit(admission: &Arc<ConnectionAdmission>, address: &str) -> Option<ConnectionSlot> {
        admission.admit(address.parse().expect("an address"), Duration::ZERO)
    }

    #[test]
    fn one_peer_cannot_take_the_places_of_others() {
        let admission = admission(100, 2);
        let held =
            ["192.0.2.1", "::ffff:192.0.2.1"].map(|it| admit(&admission, it).expect("a place"));
        assert!(admit(&admission, "192.0.2.1").is_none());
        assert!(admit(&admission, "192.0.2.2").is_some());
        drop(held);
        assert!(admit(&admission, "192.0.2.1").is_some());
        assert_eq!(admission.counts().peers.len(), 0, "a peer without connections is forgotten");
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_peer() {
        let admission = admission(100, 1);
        let _held = admit(&admission, "2001:db8:0:1::1").expect("a place");
        assert!(admit(&admission, "2001:db8:0:1:ffff::9").is_none());
        assert!(admit(&admission, "2001:db8:0:2::1").is_some());
    }

    #[test]
    fn a_trusted_proxy_may_have_every_place_and_no_more() {
        let admission = admission(3, 1);
        let held: Vec<_> = (0..3).filter_map(|_| admit(&admission, "10.0.0.1")).collect();
        assert_eq!(held.len(), 3);
        assert!(admit(&admission, "10.0.0.1").is_none());
        assert!(admit(&admission, "192.0.2.1").is_none());
    }
}
