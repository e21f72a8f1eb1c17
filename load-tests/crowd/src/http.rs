//! The HTTP client of buyers and readers.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, StatusCode, header, http::uri::Uri};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

/// How long an answer may take. A server that is slower than this has failed the request.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends requests over connections that stay open. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
}

/// An answer whose body has arrived.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// From the request to the end of the body.
    pub took: Duration,
    /// The seconds of `Retry-After`.
    pub retry_after: Option<u64>,
}

impl Http {
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { client: Client::builder(TokioExecutor::new()).build(connector) }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(
        &self,
        method: Method,
        uri: Uri,
        json: Option<String>,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder().method(method).uri(uri);
        request = request.header(header::ACCEPT_ENCODING, "gzip");
        if json.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::from(json.unwrap_or_default()))?;
        let begun = Instant::now();
        let answering = async {
            let answer = self.client.request(request).await?;
            let (head, body) = answer.into_parts();
            body.collect().await?;
            anyhow::Ok(head)
        };
        let head =
            tokio::time::timeout(PATIENCE, answering).await.context("no answer in time")??;
        let retry_after = head.headers.get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|it| it.to_str().ok()?.parse().ok());
        Ok(Answer { status: head.status, took: begun.elapsed(), retry_after })
    }
}

/// The addresses of a path at these nodes.
///
/// # Errors
/// When a node and the path do not make an address.
pub fn at_nodes(nodes: &[String], path: &str) -> anyhow::Result<Vec<Uri>> {
    let address = |node: &String| {
        format!("{node}{path}").parse().map_err(|error| anyhow!("{node}{path}: {error}"))
    };
    nodes.iter().map(address).collect()
}
