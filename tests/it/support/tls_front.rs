//! A front that speaks TLS before a server that does not, with a certificate that a test chooses. It notes what it is told.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// Signs the certificates of servers.
pub struct TestAuthority {
    issuer: Issuer<'static, KeyPair>,
    /// The certificate by which clients know what this authority has signed.
    pub pem: String,
}

/// How long a certificate is valid.
#[derive(Debug, Clone, Copy)]
pub enum Validity {
    Present,
    Over,
}

impl TestAuthority {
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// The TLS of a server with this name.
    pub fn server(&self, name: &str, validity: Validity) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = match validity {
            Validity::Present => date_time_ymd(2100, 1, 1),
            Validity::Over => date_time_ymd(2021, 1, 1),
        };
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(config.expect("a configuration"))
    }
}

/// What a client and the server say before TLS begins.
#[derive(Debug, Clone, Copy)]
pub enum Opening {
    /// TLS begins with the first byte, as on a Redis node.
    None,
    /// PostgreSQL's SSLRequest, to which this server says yes
    /// (<https://www.postgresql.org/docs/15/protocol-flow.html#id-1.10.6.7.12>).
    Postgres,
    /// The same; the server says that it has no TLS.
    PostgresWithoutTls,
}

/// The length of PostgreSQL's SSLRequest.
pub const SSL_REQUEST_BYTES: usize = 8;

/// A running front; it ends when the value is dropped.
pub struct Front {
    pub port: u16,
    sessions: Arc<AtomicUsize>,
    plain: Arc<Mutex<Vec<u8>>>,
    accepting: JoinHandle<()>,
}

impl Front {
    /// Passes everything on to the server at this port of this machine.
    pub async fn start(server: u16, tls: Arc<ServerConfig>, opening: Opening) -> Self {
        // The clients of the program need a provider, which its `main` chooses.
        rustls::crypto::ring::default_provider().install_default().ok();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (sessions, plain) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<u8>>>::default());
        let (counted, noted) = (Arc::clone(&sessions), Arc::clone(&plain));
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, counted, noted) =
                    (TlsAcceptor::from(Arc::clone(&tls)), Arc::clone(&counted), Arc::clone(&noted));
                tokio::spawn(async move {
                    let Some(client) = opened(client, opening, &noted).await else { return };
                    let Ok(mut client) = acceptor.accept(client).await else { return };
                    counted.fetch_add(1, Ordering::Relaxed);
                    let upstream = TcpStream::connect(("127.0.0.1", server)).await;
                    let mut upstream = upstream.expect("the server answers");
                    copy_bidirectional(&mut client, &mut upstream).await.ok();
                });
            }
        });
        Self { port, sessions, plain, accepting }
    }

    /// How many clients have agreed to the certificate.
    pub fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    /// What clients have said before or without TLS.
    pub fn plain(&self) -> Vec<u8> {
        self.plain.lock().expect("the notes").clone()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Says what comes before TLS. `None` if there is no TLS: what the client says then is noted.
async fn opened(
    mut client: TcpStream,
    opening: Opening,
    plain: &Mutex<Vec<u8>>,
) -> Option<TcpStream> {
    let mut request = [0; SSL_REQUEST_BYTES];
    let answer = match opening {
        Opening::None => return Some(client),
        Opening::Postgres => b"S",
        Opening::PostgresWithoutTls => b"N",
    };
    client.read_exact(&mut request).await.ok()?;
    plain.lock().expect("the notes").extend(request);
    client.write_all(answer).await.ok()?;
    if matches!(opening, Opening::Postgres) {
        return Some(client);
    }
    let mut more = Vec::new();
    client.read_to_end(&mut more).await.ok();
    plain.lock().expect("the notes").extend(more);
    None
}
