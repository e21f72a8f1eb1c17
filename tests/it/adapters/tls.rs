//! TLS to PostgreSQL and Redis: only the server whose certificate is right learns anything.

use std::sync::Arc;

use holdfast::{
    adapters::{redis_nodes, system::SystemClock},
    kernel::{
        db::{ClockOffset, Db, Sql as _},
        ports::Clock,
    },
    settings::{Authority, RedisUrls},
};
use rustls::ServerConfig;

use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, seats},
    harness::TestApp,
    redis_nodes::Nodes,
    tls_front::{Front, Opening, SSL_REQUEST_BYTES, TestAuthority, Validity},
};

/// The name under which the clients of these tests look for a server.
const NAME: &str = "localhost";

/// An authority that the clients trust, and servers with certificates that are wrong in one way each.
struct Certificates {
    authority: TestAuthority,
    sound: Arc<ServerConfig>,
    wrong: [(&'static str, Arc<ServerConfig>); 3],
}

fn certificates() -> Certificates {
    let authority = TestAuthority::new();
    let sound = authority.server(NAME, Validity::Present);
    let wrong = [
        ("another name", authority.server("db.example.org", Validity::Present)),
        ("expired", authority.server(NAME, Validity::Over)),
        ("another authority", TestAuthority::new().server(NAME, Validity::Present)),
    ];
    Certificates { authority, sound, wrong }
}

/// A file with the authority's certificate; deleted when dropped.
fn pem_file(authority: &TestAuthority) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), &authority.pem).expect("a file");
    file
}

#[tokio::test]
async fn postgres_hears_nothing_before_its_certificate_is_right() {
    let app = TestApp::start().await;
    let plain_url = app.app.config.database.url.expose().to_owned();
    let Some((before, after)) = plain_url.split_once("@127.0.0.1:") else {
        // SQLite is a file.
        assert!(plain_url.starts_with("sqlite:"), "{plain_url}");
        return app.finish().await;
    };
    let (port, database) = after.split_once('/').expect("a database");
    let port = port.parse().expect("a port");
    let Certificates { authority, sound, wrong } = certificates();
    let root = pem_file(&authority);
    let connects = async |front: &Front| {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let url = format!(
            "{before}@{NAME}:{}/{database}?sslmode=verify-full&sslrootcert={}",
            front.port,
            root.path().display()
        );
        Db::connect(&url, 2, ClockOffset::Ignored, &clock).await
    };
    let front = Front::start(port, sound, Opening::Postgres).await;
    let db = connects(&front).await.expect("the certificate is right");
    assert_eq!(db.value::<i32>("SELECT 1", vec![]).await.expect("an answer"), Some(1));
    assert!(front.sessions() > 0);
    for (fault, tls) in wrong {
        let front = Front::start(port, tls, Opening::Postgres).await;
        assert!(connects(&front).await.is_err(), "{fault}");
        assert_eq!(front.sessions(), 0, "{fault}");
        assert_eq!(front.plain().len() % SSL_REQUEST_BYTES, 0, "{fault}");
    }
    // A server without TLS, or somebody between who says so, gets no user, no password and no statement.
    let tls = authority.server(NAME, Validity::Present);
    let front = Front::start(port, tls, Opening::PostgresWithoutTls).await;
    assert!(connects(&front).await.is_err());
    assert_eq!(front.plain().len() % SSL_REQUEST_BYTES, 0);
    app.finish().await;
}

/// Fronts before the nodes, and their addresses.
async fn before(nodes: &Nodes, tls: &Arc<ServerConfig>) -> (Vec<Front>, Vec<String>) {
    let mut fronts = Vec::new();
    for port in nodes.ports() {
        fronts.push(Front::start(*port, Arc::clone(tls), Opening::None).await);
    }
    let urls = fronts.iter().map(|front| format!("rediss://:secret@{NAME}:{}", front.port));
    let urls = urls.collect();
    (fronts, urls)
}

#[tokio::test]
async fn redis_hears_nothing_before_its_certificate_is_right() {
    let nodes = Nodes::start();
    let Certificates { authority, sound, wrong } = certificates();
    let pings = async |urls: &[String], authority: Option<&[u8]>| {
        let clients = redis_nodes::clients(urls, authority).expect("addresses");
        let mut connection = clients[0].get_multiplexed_async_connection().await?;
        redis::cmd("PING").query_async::<String>(&mut connection).await
    };
    let pem = Some(authority.pem.as_bytes());
    let (_fronts, urls) = before(&nodes, &sound).await;
    let without_password: Vec<String> =
        urls.iter().map(|url| url.replace(":secret@", "")).collect();
    assert_eq!(pings(&without_password, pem).await.expect("an answer"), "PONG");
    // The public authorities have signed none of these.
    let (fronts, urls) = before(&nodes, &sound).await;
    assert!(pings(&urls, None).await.is_err());
    assert!(fronts.iter().all(|front| front.sessions() == 0));
    for (fault, tls) in wrong {
        let (fronts, urls) = before(&nodes, &tls).await;
        assert!(pings(&urls, pem).await.is_err(), "{fault}");
        assert!(fronts.iter().all(|front| front.sessions() == 0), "{fault}");
    }
}

/// Locks, limits and wake-ups go through TLS. Nodes with a wrong certificate count as away, and holds go on.
#[tokio::test]
async fn a_hold_goes_on_whatever_the_certificates_of_redis_are() {
    let plain = TestApp::start().await;
    let is_embedded = plain.app.config.redis.urls.is_empty();
    plain.finish().await;
    if is_embedded {
        return;
    }
    let nodes = Nodes::start();
    let Certificates { authority, sound, wrong: [(_, wrong), ..] } = certificates();
    let root = pem_file(&authority);
    for (tls, is_sound) in [(sound, true), (wrong, false)] {
        let (fronts, urls) = before(&nodes, &tls).await;
        let list = urls.join(",").replace(":secret@", "");
        let app = TestApp::with(|config| {
            config.redis.urls = RedisUrls::parse(&list).expect("three nodes");
            config.redis.authority = Authority::read(root.path()).ok();
        })
        .await;
        let event = fixture::event(&app, fixture::Like::default()).await;
        GuestBuyer::holds(&app, &event, &seats(&[1])).await;
        assert!(fronts.iter().all(|front| (front.sessions() > 0) == is_sound), "{is_sound}");
        app.finish().await;
    }
}
