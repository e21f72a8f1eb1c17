//! The settings of connections.

use std::time::Duration;

use crate::kernel::settings::{number, seconds, section};

section! {
    /// Connections
    pub struct ConnectionSettings {
        /// How many connections one node keeps open. The node never opens more than three quarters of the files that
        /// the system allows it (`ulimit -n`); a connection beyond the limit is closed at once.
        pub all: u32 = number("CONNECTIONS", 8..=1_000_000, 20_000),
        /// How many connections one address may have open; an IPv6 network of 64 bits counts as one address. The
        /// limit does not apply to `TRUSTED_PROXIES`.
        pub per_peer: u32 = number("CONNECTIONS_PER_PEER", 1..=1_000_000, 1_000),
        /// How many requests one HTTP/2 connection may have open.
        pub streams: u32 = number("STREAMS_PER_CONNECTION", 100..=250, 128),
        /// How long a client may take to send the head of a request, counted from the connection or from the first
        /// byte of the head.
        pub head: Duration = seconds("HEAD_DEADLINE_SECONDS", 1..=120, 10),
        /// How long a client may take to send the body of a request.
        pub body: Duration = seconds("BODY_DEADLINE_SECONDS", 1..=600, 60),
        /// How long a connection stays open without a request. It should be longer than the load balancer keeps its
        /// own idle connections.
        pub idle: Duration = seconds("IDLE_DEADLINE_SECONDS", 1..=3_600, 75),
    }
}
