//! The Redis nodes of the settings, for all adapters that use them.

use std::time::Duration;

use redis::{Client, RedisResult, TlsCertificates, aio::ConnectionManager};

/// The maximum time until a node answers a connection that many requests share.
pub(super) const ANSWER_BUDGET: Duration = Duration::from_millis(100);

/// A client for each node, in an order that is the same for all nodes of the program. Nothing connects yet. `authority` is a PEM
/// text: only what its certificates have signed is a node of a `rediss://` address. Without it, the public authorities count.
///
/// # Errors
/// When an address is malformed, or the PEM text has no certificate.
pub fn clients(urls: &[String], authority: Option<&[u8]>) -> RedisResult<Vec<Client>> {
    let mut urls = urls.to_vec();
    urls.sort();
    urls.into_iter()
        .map(|url| match authority {
            Some(pem) if url.starts_with("rediss://") => {
                let root_cert = Some(pem.to_vec());
                Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert })
            }
            Some(_) | None => Client::open(url),
        })
        .collect()
}

/// A connection that reconnects by itself. Making it does not wait for the server.
pub(super) fn lazy_connection(client: &Client) -> Option<ConnectionManager> {
    let config = redis::aio::ConnectionManagerConfig::new()
        .set_connection_timeout(Some(ANSWER_BUDGET))
        .set_response_timeout(Some(ANSWER_BUDGET));
    ConnectionManager::new_lazy_with_config(client.clone(), config).ok()
}
