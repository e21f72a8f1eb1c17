//! Connections of strangers: the server closes stalled connections, keeps connections that are in use, and limits the
//! connections of one peer, the connections of all peers, and the streams of one connection.

use std::{net::SocketAddr, time::Duration};

use holdfast::{
    http::{connections::settings::ConnectionSettings, proxies::TrustedProxies},
    settings::Config,
};
use holdfast_domain::access::Role;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::support::{
    fixture::{self, Like},
    harness::TestApp,
};

/// A deadline of the tests; the other deadlines are far.
const SHORT: Duration = Duration::from_millis(400);
const FAR: Duration = Duration::from_secs(600);
/// How much later than its deadline a connection may end on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// The bytes that an HTTP/2 client sends first (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// An empty frame of the kind SETTINGS.
const EMPTY_SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";

async fn app(change: impl FnOnce(&mut ConnectionSettings)) -> TestApp {
    TestApp::with(|config: &mut Config| {
        let settings = &mut config.connections;
        (settings.head, settings.body, settings.idle) = (FAR, FAR, FAR);
        change(settings);
    })
    .await
}

fn address(app: &TestApp) -> SocketAddr {
    let url = app.url("/healthz");
    url.trim_start_matches("http://").trim_end_matches("/healthz").parse().expect("an address")
}

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(address(app)).await.expect("a connection")
}

/// Sends `bytes`, and returns the bytes that arrive until the server closes the connection. The server must not close
/// the connection before the deadline.
async fn until_closed(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = connect(app).await;
    let begun = Instant::now();
    stream.write_all(bytes).await.expect("sent");
    let mut heard = Vec::new();
    // A reset is an end as well.
    let ended = timeout(PATIENCE, stream.read_to_end(&mut heard)).await;
    ended.expect("the server closes the connection").ok();
    assert!(begun.elapsed() >= SHORT / 2, "closed before its deadline");
    String::from_utf8_lossy(&heard).into_owned()
}

/// Whether a new connection is served.
async fn is_served(app: &TestApp) -> bool {
    let mut stream = connect(app).await;
    if stream.write_all(HEALTH.as_bytes()).await.is_err() {
        return false;
    }
    let mut first = [0; 12];
    let read = timeout(PATIENCE, stream.read_exact(&mut first)).await.expect("an answer or an end");
    read.is_ok_and(|_| &first == b"HTTP/1.1 200")
}

async fn becomes_served(app: &TestApp) {
    let deadline = Instant::now() + PATIENCE;
    while !is_served(app).await {
        assert!(Instant::now() < deadline, "the server does not recover");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn one_peer_has_a_limit_and_a_trusted_proxy_has_none() {
    let limited = app(|settings| settings.per_peer = 4).await;
    let held = hold(&limited, 4).await;
    assert!(!is_served(&limited).await, "a fifth connection");
    drop(held);
    becomes_served(&limited).await;
    limited.finish().await;

    let proxied = TestApp::with(|config| {
        config.connections.per_peer = 4;
        config.network.trusted_proxies = TrustedProxies::parse(["127.0.0.1"]).expect("an address");
    })
    .await;
    let _held = hold(&proxied, 8).await;
    assert!(is_served(&proxied).await);
    proxied.finish().await;
}

/// Connections that send nothing.
async fn hold(app: &TestApp, number: usize) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..number {
        held.push(connect(app).await);
    }
    held
}

#[tokio::test]
async fn a_connection_has_no_more_streams_than_the_setting_allows() {
    let app = app(|settings| settings.streams = 100).await;
    let event = fixture::event(&app, Like::default()).await;
    let path = format!("/api/v1{}", event.path("/stream"));
    let mut client = Http2::connect(&app).await;
    for stream in 0..2_000 {
        client.request(stream * 2 + 1, &path).await;
    }
    // Every stream is answered, refused or ended with the connection; an answered stream stays open.
    let (mut answered, mut refused) = (0, 0);
    while answered + refused < 2_000 {
        match client.frame().await {
            Some(Http2Frame::Head) => answered += 1,
            Some(Http2Frame::Reset) => refused += 1,
            Some(Http2Frame::Other) => {}
            Some(Http2Frame::GoAway) | None => break,
        }
    }
    assert!(answered <= 100, "{answered} streams were open at once");
    assert!(refused > 0 || answered > 0, "the server answers");
    assert!(is_served(&app).await);
    app.finish().await;
}

/// Sends bytes one after the other, so that the server sees each alone.
async fn drip(stream: &mut TcpStream, bytes: &[u8]) {
    stream.set_nodelay(true).expect("an option");
    for byte in bytes {
        stream.write_all(&[*byte]).await.expect("sent");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_protocol_is_known_however_its_first_bytes_come() {
    let app = app(|_| {}).await;
    for (count, method) in [(1, "GET"), (2, "POST"), (3, "PUT"), (4, "PRI"), (5, "P")] {
        let request = format!("{method} /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let (first, rest) = request.as_bytes().split_at(count);
        let mut stream = connect(&app).await;
        drip(&mut stream, first).await;
        stream.write_all(rest).await.expect("sent");
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("an end").expect("text");
        let expected = if method == "GET" { "HTTP/1.1 200" } else { "HTTP/1.1 405" };
        assert!(answer.starts_with(expected), "{method}: {answer}");
    }
    for count in 1..6 {
        let mut stream = connect(&app).await;
        drip(&mut stream, &PREFACE[..count]).await;
        let rest = [&PREFACE[count..], &EMPTY_SETTINGS[..]].concat();
        stream.write_all(&rest).await.expect("sent");
        Http2 { stream }.ask(1, "/healthz").await;
    }
    app.finish().await;
}

/// A client of HTTP/2 that limits itself in nothing: the server has to.
struct Http2 {
    stream: TcpStream,
}

enum Http2Frame {
    Head,
    Reset,
    GoAway,
    Other,
}

impl Http2 {
    async fn connect(app: &TestApp) -> Self {
        let mut stream = connect(app).await;
        stream.write_all(&[PREFACE, &EMPTY_SETTINGS].concat()).await.expect("sent");
        Self { stream }
    }

    /// Sends a frame of this kind (RFC 9113, 4.1).
    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> bool {
        let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.stream.write_all(&frame).await.is_ok()
    }

    /// Begins a request. The server may have ended the connection already.
    async fn request(&mut self, stream: u32, path: &str) {
        // HPACK (RFC 7541, 6.1 and 6.2.2): `:method GET`, `:scheme http`, `:path` and `:authority` as text.
        let mut head = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).expect("a short path")];
        head.extend(path.as_bytes());
        head.extend([0x01, 1, b'a']);
        // END_STREAM and END_HEADERS.
        self.send(1, 5, stream, &head).await;
    }

    /// Begins a request and waits for the head of its answer.
    async fn ask(&mut self, stream: u32, path: &str) {
        self.request(stream, path).await;
        loop {
            match self.frame().await.expect("an answer") {
                Http2Frame::Head => return,
                Http2Frame::Reset | Http2Frame::GoAway => panic!("refused"),
                Http2Frame::Other => {}
            }
        }
    }

    async fn ping(&mut self) -> bool {
        self.send(6, 0, 0, &[0; 8]).await
    }

    /// The next frame; `None` at the end of the connection.
    async fn frame(&mut self) -> Option<Http2Frame> {
        let mut head = [0; 9];
        let read = timeout(PATIENCE, self.stream.read_exact(&mut head)).await;
        read.expect("a frame or the end").ok()?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some(match head[3] {
            1 => Http2Frame::Head,
            3 => Http2Frame::Reset,
            7 => Http2Frame::GoAway,
            _ => Http2Frame::Other,
        })
    }
}

/// Tests whose deadlines a busy machine would miss.
mod alone {
    use super::*;

    #[tokio::test]
    async fn a_connection_with_an_unfinished_head_is_closed() {
        let app = app(|settings| settings.head = SHORT).await;
        let whole = [PREFACE, &EMPTY_SETTINGS].concat();
        let half_heads: [&[u8]; 5] =
            [b"", b"GET /healthz HT", &PREFACE[..10], &whole, &whole[..28]];
        for half in half_heads {
            until_closed(&app, half).await;
        }
        let later = format!("{HEALTH}GET /healthz HT");
        let mut stream = connect(&app).await;
        stream.write_all(HEALTH.as_bytes()).await.expect("sent");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.expect("an answer");
        stream.write_all(&later.as_bytes()[HEALTH.len()..]).await.expect("sent");
        let mut rest = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("closed").ok();
        assert!(is_served(&app).await);
        app.finish().await;
    }

    #[tokio::test]
    async fn a_body_that_misses_its_deadline_is_refused_with_408() {
        let app = app(|settings| settings.body = SHORT).await;
        let event = fixture::event(&app, Like::default()).await;
        let admin = fixture::account(&app, "admin", Role::Admin, None).await;
        // A plan is read by a function of its own.
        for route in ["POST /api/v1/auth/login", &format!("PUT /api/v1/events/{}/plan", event.id)] {
            let slow = format!(
                "{route} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                 authorization: Bearer {admin}\r\ncontent-length: 40\r\n\r\n{{\"email\":"
            );
            let heard = until_closed(&app, slow.as_bytes()).await;
            assert!(heard.starts_with("HTTP/1.1 408"), "{route}: {heard}");
            assert!(heard.contains("/problems/body-too-slow"), "{route}: {heard}");
        }
        app.finish().await;
    }

    #[tokio::test]
    async fn a_connection_without_a_request_is_closed() {
        let app = app(|settings| settings.idle = SHORT).await;
        let heard = until_closed(&app, HEALTH.as_bytes()).await;
        assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
        // Over HTTP/2, too, though this client goes on sending pings.
        let mut client = Http2::connect(&app).await;
        client.ask(1, "/healthz").await;
        let begun = Instant::now();
        while client.ping().await && begun.elapsed() < PATIENCE {
            sleep(SHORT / 10).await;
        }
        assert!(begun.elapsed() < PATIENCE, "pings keep a connection");
        app.finish().await;
    }

    #[tokio::test]
    async fn a_stream_outlives_the_idle_deadline() {
        let app = app(|settings| (settings.idle, settings.head) = (SHORT, SHORT)).await;
        let event = fixture::event(&app, Like::default()).await;
        let path = event.path("/stream");
        let mut stream = connect(&app).await;
        let head = format!("GET /api/v1{path} HTTP/1.1\r\nhost: a\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 200");
        let mut rest = [0; 4096];
        let until = Instant::now() + SHORT * 4;
        while let Ok(read) = timeout(until - Instant::now(), stream.read(&mut rest)).await {
            assert!(read.expect("open") > 0, "the stream was cut");
        }
        app.finish().await;
    }

    #[tokio::test]
    async fn all_peers_together_have_a_limit() {
        let app = app(|settings| (settings.all, settings.head) = (8, Duration::from_secs(2))).await;
        let _held = hold(&app, 8).await;
        assert!(!is_served(&app).await, "a ninth connection");
        // The stalled connections miss their deadline, and there is room again.
        becomes_served(&app).await;
        app.finish().await;
    }

    #[tokio::test]
    async fn a_server_that_ends_finishes_running_requests_and_does_not_wait_for_stalled_ones() {
        let app = app(|_| ()).await;
        let event = fixture::event(&app, Like::default()).await;
        let _held = hold(&app, 20).await;
        let stream =
            app.client().get(app.url(&event.path("/stream"))).send().await.expect("a stream");
        let body = r#"{"email":"nobody@demo.test","password":"wrong-Pass-1"}"#;
        let head = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nexpect: 100-continue\r\n\r\n",
            body.len()
        );
        let mut running = connect(&app).await;
        running.write_all(head.as_bytes()).await.expect("sent");
        // The server asks for the body when the request runs.
        let mut asked = [0; 25];
        running.read_exact(&mut asked).await.expect("asked for the body");
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        let begun = Instant::now();
        let stopping = tokio::spawn(app.finish());
        stream.bytes().await.expect("the stream ends in order");
        running.write_all(body.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        running.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        stopping.await.expect("the server ends");
        assert!(
            begun.elapsed() < Duration::from_secs(9),
            "the server waited for stalled connections"
        );
    }
}
