//! The settings of locks, limits and wake-ups between nodes.

use std::{fs, path::Path, sync::Arc, time::Duration};

use redis::IntoConnectionInfo;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use crate::kernel::settings::{Setting, Value, Wrong, optional, parts, seconds, section, text};

/// Redlock needs a majority that survives the failure of one node.
const MIN_NODES: usize = 3;

section! {
    /// Redis
    pub struct RedisSettings {
        /// Redis nodes that are not replicas of each other; they require PostgreSQL. Without Redis, locks and wake-ups
        /// stay in the process.
        pub urls: RedisUrls = text("REDIS_URLS", ""),
        /// How long the lock of a seat lasts if nobody releases it.
        pub lock_ttl: Duration = seconds("LOCK_TTL_SECONDS", 1..=60, 5),
        /// A PEM file with the certificates of the authorities of your own that have signed the certificates of the Redis
        /// nodes; only `rediss://` addresses use it. The file is read at start. PostgreSQL takes such a file by the parameters
        /// `sslmode=verify-full&sslrootcert=…` of `DATABASE_URL`.
        pub authority: Option<Authority> = optional("REDIS_CA_FILE", "the public authorities"),
    }
}

/// Who signs the certificates of servers.
#[derive(Debug, Clone)]
pub struct Authority(Arc<Vec<u8>>);

impl Authority {
    /// Reads a PEM file.
    ///
    /// # Errors
    /// When the file cannot be read, or has no certificate.
    pub fn read(path: &Path) -> Result<Self, Wrong> {
        let pem = fs::read(path)
            .map_err(|error| Wrong::Because(format!("{}: {error}", path.display())))?;
        let mut found = CertificateDer::pem_slice_iter(&pem).peekable();
        if found.peek().is_none() || found.any(|certificate| certificate.is_err()) {
            return Err("the file must have certificates in the PEM form".into());
        }
        Ok(Self(Arc::new(pem)))
    }

    /// The certificates, as they stand in the file.
    pub fn pem(&self) -> &[u8] {
        &self.0
    }
}

impl Value for Authority {
    const FORM: &'static str = "a PEM file with certificates";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        Self::read(Path::new(text))
    }
}

/// The addresses of independent Redis nodes, with their passwords: none, or at least three.
#[derive(Clone, Default)]
pub struct RedisUrls(Vec<String>);

impl std::fmt::Debug for RedisUrls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisUrls").field("nodes", &self.0.len()).finish()
    }
}

impl RedisUrls {
    /// Reads a comma-separated list of Redis addresses, which may be empty.
    ///
    /// # Errors
    /// When a part is no address, an address is repeated, or there are only one or two addresses.
    pub fn parse(list: &str) -> Result<Self, Wrong> {
        let urls: Vec<String> = parts(list).map(str::to_owned).collect();
        if urls.iter().any(|url| url.as_str().into_connection_info().is_err()) {
            return Err("each must be a redis:// or rediss:// address".into());
        }
        let mut distinct = urls.clone();
        distinct.sort();
        distinct.dedup();
        if distinct.len() != urls.len() {
            return Err("each node must stand once: they have to be independent".into());
        }
        if !urls.is_empty() && urls.len() < MIN_NODES {
            return Err("Redlock needs at least three independent nodes".into());
        }
        Ok(Self(urls))
    }

    pub fn expose(&self) -> &[String] {
        &self.0
    }

    /// Whether the process works without Redis.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Value for RedisUrls {
    const FORM: &'static str =
        "a comma-separated list of three or more addresses (redis:// or rediss://)";
    const IS_SECRET: bool = true;

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        Self::parse(text)
    }
}
