//! Accepts connections and serves HTTP/1.1 and HTTP/2 on them. Everything that a stranger can keep open has a limit:
//! the connections of all peers and of one, the streams of a connection, and the time for a head, for a body, without
//! a request, and without taking an answer. Never here: routes, and what a request means.

mod admission;
mod descriptors;
mod errors;
mod seldom;
pub mod settings;
mod watch;
mod wire;

use std::{
    convert::Infallible, future::pending, net::SocketAddr, pin::pin, sync::Arc, time::Duration,
};

use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use poem::{
    Addr, Endpoint, Request, Response,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    admission::{ConnectionAdmission, ConnectionSlot},
    errors::AcceptErrors,
    settings::ConnectionSettings,
    watch::{Deadline, Deadlines, Watch},
    wire::{AnswerBody, Arriving, Wire},
};
use super::proxies::TrustedProxies;
use crate::kernel::ports::Clock;

/// How long running requests may take to finish when the server ends.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);
/// How long an answer may make no progress because its client does not take it. It is longer than the time between
/// two heartbeats of a stream.
const STALLED: Duration = Duration::from_secs(60);
/// How often the server asks an HTTP/2 client whether it is still there, and how long the client may take to answer.
const PING_EVERY: Duration = Duration::from_secs(20);
/// The maximum size of a request's headers over HTTP/2, in bytes.
const MAX_HEADERS_BYTES: u32 = 16 * 1024;
/// How many streams an HTTP/2 client may open and reset at once before its connection ends.
const MAX_RESET_STREAMS: usize = 20;
/// The first bytes of a connection that speaks HTTP/2 (RFC 9113, 3.4). Other connections may begin so, too; then hyper-util
/// looks at the rest of the preface.
const HTTP_2: &[u8] = b"PRI";

/// How many connections may wait to be accepted; the system can have a lower limit (`net.core.somaxconn`). A client whose
/// connection finds no place tries again after a second, then after three more, then after seven.
const MAX_UNACCEPTED: u32 = 8_192;

/// Listens on this address.
///
/// # Errors
/// When the address is not available.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that starts again must not wait for the connections of the one before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(MAX_UNACCEPTED)
}

/// The connections of one listener.
#[derive(Debug)]
pub struct Connections {
    admission: Arc<ConnectionAdmission>,
    deadlines: Deadlines,
    body: Duration,
    /// Speaks the protocol that the client's first bytes name.
    protocol: Builder<TokioExecutor>,
    /// For connections whose first bytes cannot be HTTP/2: its read buffers stay half as large.
    plain: Builder<TokioExecutor>,
    clock: Arc<dyn Clock>,
}

/// The parts that all requests of one connection share.
struct ConnectionParts<E> {
    endpoint: Arc<E>,
    watch: Arc<Watch>,
    body: Duration,
    local: LocalAddr,
    remote: RemoteAddr,
}

impl Connections {
    /// At most `all` connections at once. `trusted` are proxies, whose connections carry the requests of many callers:
    /// the limit of one peer does not apply to them.
    pub fn new(
        all: u32,
        settings: &ConnectionSettings,
        trusted: TrustedProxies,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let all = descriptors::limited(all);
        let mut protocol = Builder::new(TokioExecutor::new());
        // The watch has the deadlines of heads. hyper's own deadline would end an idle connection equally soon.
        // A client that has sent its request and closed its own direction still gets the response.
        protocol.http1().timer(TokioTimer::new()).header_read_timeout(None).half_close(true);
        protocol
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(settings.streams)
            .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
            .max_header_list_size(MAX_HEADERS_BYTES)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_EVERY);
        Self {
            admission: Arc::new(ConnectionAdmission::new(all, settings.per_peer, trusted)),
            deadlines: Deadlines { head: settings.head, idle: settings.idle, stalled: STALLED },
            body: settings.body,
            plain: protocol.clone().http1_only(),
            protocol,
            clock,
        }
    }

    /// Serves until `stop`. Then idle connections are closed, running requests get 10 seconds to finish, and the
    /// rest is cut.
    pub async fn serve<E: Endpoint + 'static>(
        self,
        listener: TcpListener,
        endpoint: E,
        stop: CancellationToken,
    ) {
        let (connections, endpoint) = (Arc::new(self), Arc::new(endpoint));
        let open = TaskTracker::new();
        let mut errors = AcceptErrors::default();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    errors.over();
                    let now = connections.clock.elapsed();
                    if let Some(place) = connections.admission.admit(peer.ip(), now) {
                        let (connections, endpoint) = (Arc::clone(&connections), endpoint.clone());
                        let stop = stop.child_token();
                        open.spawn(async move {
                            connections.serve_one(stream, peer, place, endpoint, stop).await;
                        });
                    }
                }
                Err(error) => {
                    let pause = errors.pause_after(&error, connections.clock.elapsed());
                    timeout(pause, stop.cancelled()).await.ok();
                }
            }
        }
        drop(listener);
        open.close();
        open.wait().await;
    }

    async fn serve_one<E: Endpoint + 'static>(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        _place: ConnectionSlot,
        endpoint: Arc<E>,
        stop: CancellationToken,
    ) {
        let Ok(local) = stream.local_addr() else { return };
        // Without this option, the end of a message over HTTP/2 may wait for the client's acknowledgement.
        stream.set_nodelay(true).ok();
        let watch = Arc::new(Watch::new(self.deadlines, Arc::clone(&self.clock)));
        let line = Arc::new(ConnectionParts {
            endpoint,
            watch: Arc::clone(&watch),
            body: self.body,
            local: LocalAddr(Addr::SocketAddr(local)),
            remote: RemoteAddr(Addr::SocketAddr(peer)),
        });
        // hyper keeps room for this future as long as the connection is open, and a stream is open for hours.
        let service = service_fn(move |request| Box::pin(Arc::clone(&line).answer(request)));
        let protocol = tokio::select! {
            protocol = self.protocol_of(&stream) => protocol,
            () = stop.cancelled() => return,
            () = sleep(self.deadlines.head) => return Deadline::Head.count(),
        };
        let Some(protocol) = protocol else { return };
        let wire = TokioIo::new(Wire::new(stream, Arc::clone(&watch)));
        let mut connection = pin!(protocol.serve_connection(wire, service));
        // How long a connection that was asked to end has until it is cut.
        let (mut cut_in, mut is_stopping) = (None, false);
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                () = stop.cancelled(), if !is_stopping => {
                    connection.as_mut().graceful_shutdown();
                    (cut_in, is_stopping) = (Some(SHUTDOWN_GRACE), true);
                }
                () = cut(cut_in) => return,
                () = sleep(watch.look_in()), if cut_in.is_none() => match watch.missed() {
                    None => {}
                    Some(deadline @ Deadline::Idle) => {
                        deadline.count();
                        connection.as_mut().graceful_shutdown();
                        // Over HTTP/2, the client may still be taking what was written.
                        cut_in = Some(self.deadlines.idle);
                    }
                    Some(deadline @ (Deadline::Head | Deadline::Stalled)) => {
                        deadline.count();
                        return;
                    }
                },
            }
        }
    }

    /// Waits for the first bytes of a client, and leaves them there. `None` when the client has gone.
    ///
    /// hyper's own look reads the preface of HTTP/2 apart, and then asks for another 8 kB. A stream of a viewer would keep
    /// the double buffer for hours.
    async fn protocol_of(&self, stream: &TcpStream) -> Option<&Builder<TokioExecutor>> {
        let mut first = [0; HTTP_2.len()];
        let count = stream.peek(&mut first).await.ok().filter(|count| *count > 0)?;
        let may_be_http_2 = HTTP_2.starts_with(&first[..count]);
        Some(if may_be_http_2 { &self.protocol } else { &self.plain })
    }
}

async fn cut(after: Option<Duration>) {
    match after {
        Some(after) => sleep(after).await,
        None => pending().await,
    }
}

impl<E: Endpoint> ConnectionParts<E> {
    async fn answer(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
    ) -> Result<hyper::Response<AnswerBody>, Infallible> {
        let open = Watch::begin(&self.watch, request.version());
        let (parts, body) = request.into_parts();
        let callers = (self.local.clone(), self.remote.clone());
        let request = Request::from_parts(
            (parts, callers.0, callers.1, Scheme::HTTP).into(),
            Arriving::within(self.body, body),
        );
        let response: Response = self.endpoint.get_response(request).await;
        let response: hyper::Response<_> = response.into();
        let open = open.answered();
        Ok(response.map(|body| AnswerBody::new(body, open)))
    }
}

#[cfg(test)]
mod tests {
    use poem::endpoint::make_sync;

    use super::*;
    use crate::adapters::system::SystemClock;

    fn connections() -> Connections {
        let settings = ConnectionSettings {
            all: 8,
            per_peer: 8,
            streams: 100,
            head: Duration::from_secs(1),
            body: Duration::from_secs(1),
            idle: Duration::from_secs(1),
        };
        let clock = Arc::new(SystemClock::default());
        Connections::new(8, &settings, TrustedProxies::default(), clock)
    }

    #[tokio::test]
    async fn a_connection_takes_little_memory() {
        let listener = listen(([127, 0, 0, 1], 0).into()).expect("a port");
        let address = listener.local_addr().expect("an address");
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, peer) = accepted.expect("a connection");
        let connections = connections();
        let place = connections.admission.admit(peer.ip(), Duration::ZERO).expect("a place");
        let endpoint = Arc::new(make_sync(|_| "an answer"));
        let stop = CancellationToken::new();
        let served = connections.serve_one(stream, peer, place, endpoint, stop);
        assert!(size_of_val(&served) < 4_096, "{} bytes", size_of_val(&served));
        drop(client);
    }

    /// A connection that cannot be HTTP/2 has a read buffer of half the size.
    #[tokio::test]
    async fn the_first_bytes_choose_the_protocol() {
        let connections = connections();
        let listener = listen(([127, 0, 0, 1], 0).into()).expect("a port");
        let address = listener.local_addr().expect("an address");
        for (first, may_be_http_2) in
            [("G", false), ("POST", false), ("P", true), ("PR", true), ("PRI * HTTP/2.0", true)]
        {
            let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
            let client = client.expect("a connection");
            client.try_write(first.as_bytes()).expect("sent");
            let (stream, _) = accepted.expect("a connection");
            let protocol = connections.protocol_of(&stream).await.expect("first bytes");
            assert_eq!(protocol.is_http2_available(), may_be_http_2, "{first}");
        }
    }
}
