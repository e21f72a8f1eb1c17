//! Responses that a client may cache: an `ETag`, 304 when the client already has the response, gzip when the client
//! accepts it (RFC 9110, 8.8.3, 13.1.2 and 12.5.3).

use std::{io::Write, marker::PhantomData};

use flate2::{Compression, write::GzEncoder};
use poem::{
    IntoResponse, Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use serde::Serialize;
use tokio_util::bytes::Bytes;

use super::body;

/// The minimum size of a compressed response. Below it, compression costs more than it saves.
const MIN_COMPRESSED_BYTES: usize = 1_024;

/// `Cache-Control` of a response that may be kept, but must be revalidated each time.
pub const REVALIDATE: &str = "no-cache";
/// `Cache-Control` of a response that never changes under its address.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// A serialized response, with a compressed form when compression is worth it.
#[derive(Debug, Clone)]
pub struct Packed {
    json: Bytes,
    gzip: Option<Bytes>,
}

impl Packed {
    /// Compressed as small as possible: for a response that is sent many times.
    pub fn small<T: Serialize>(value: &T) -> Self {
        Self::at(body::bytes(value), Compression::best())
    }

    /// Compressed in little time: for a response that is sent once, such as a page or JSON.
    pub fn quick(json: Vec<u8>, asked: &ResponseWishes) -> Self {
        if asked.gzip { Self::shared(json) } else { Self { json: json.into(), gzip: None } }
    }

    /// Compressed in little time: for a response that is sent to all readers of a second.
    pub fn shared(json: Vec<u8>) -> Self {
        Self::at(json, Compression::new(4))
    }

    fn at(json: Vec<u8>, level: Compression) -> Self {
        let gzip = (json.len() >= MIN_COMPRESSED_BYTES).then(|| {
            let mut encoder = GzEncoder::new(Vec::with_capacity(json.len() / 4), level);
            encoder
                .write_all(&json)
                .and_then(|()| encoder.finish())
                .expect("writing to memory does not fail")
                .into()
        });
        Self { json: json.into(), gzip }
    }

    /// The bytes for this client, and whether they are compressed.
    pub fn body_for(self, asked: &ResponseWishes) -> (Bytes, bool) {
        match self {
            Self { gzip: Some(gzip), .. } if asked.gzip => (gzip, true),
            Self { json, .. } => (json, false),
        }
    }

    /// The memory that the response takes, in bytes.
    pub fn len(&self) -> usize {
        self.json.len() + self.gzip.as_ref().map_or(0, |gzip| gzip.len())
    }

    pub fn is_empty(&self) -> bool {
        self.json.is_empty()
    }
}

/// The wishes of a request's headers for caching and compression.
#[derive(Debug, Clone)]
pub struct ResponseWishes {
    if_none_match: Option<String>,
    gzip: bool,
}

impl ResponseWishes {
    pub fn of(request: &Request) -> Self {
        let gzip = request.header(header::ACCEPT_ENCODING).is_some_and(|list| {
            list.split(',').any(|part| {
                let mut words = part.split(';').map(str::trim);
                let name = words.next().unwrap_or("");
                (name.eq_ignore_ascii_case("gzip") || name == "*")
                    && !words.any(|word| {
                        let weight = word.strip_prefix("q=").map(str::parse::<f32>);
                        matches!(weight, Some(Ok(weight)) if weight <= 0.0)
                    })
            })
        });
        let if_none_match = request.header(header::IF_NONE_MATCH).map(str::to_owned);
        Self { if_none_match, gzip }
    }

    pub fn takes_gzip(&self) -> bool {
        self.gzip
    }

    /// Whether the client already has the response with this tag. Tags are compared weakly, as RFC 9110 demands
    /// here.
    pub fn has(&self, etag: &str) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        self.if_none_match.as_deref().is_some_and(|list| {
            list.trim() == "*" || list.split(',').any(|tag| opaque(tag) == opaque(etag))
        })
    }
}

/// A response with a tag: 200, or 304 when the client already has the response.
#[derive(Debug)]
pub struct Tagged<T> {
    etag: String,
    cache_control: &'static str,
    body: Option<Bytes>,
    compressed: bool,
    kind: PhantomData<T>,
}

impl<T> Tagged<T> {
    /// `etag` includes its quotes. `pack` is called only when the client needs the body.
    pub fn new(
        asked: &ResponseWishes,
        etag: String,
        cache_control: &'static str,
        pack: impl FnOnce() -> Packed,
    ) -> Self {
        let packed = (!asked.has(&etag)).then(pack);
        Self::of(asked, etag, cache_control, packed)
    }

    /// A response whose body is `packed`; `None` if the client already has the response with this tag.
    pub fn of(
        asked: &ResponseWishes,
        etag: String,
        cache_control: &'static str,
        packed: Option<Packed>,
    ) -> Self {
        let (body, compressed) = match packed.map(|packed| packed.body_for(asked)) {
            Some((body, compressed)) => (Some(body), compressed),
            None => (None, false),
        };
        Self { etag, cache_control, body, compressed, kind: PhantomData }
    }
}

impl<T: Send> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let status = if self.body.is_some() { StatusCode::OK } else { StatusCode::NOT_MODIFIED };
        let builder = Response::builder().status(status);
        let mut response = match self.body {
            Some(body) => builder.content_type("application/json").body(body),
            None => builder.body(()),
        };
        let headers = response.headers_mut();
        if self.compressed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.cache_control));
        if let Ok(etag) = HeaderValue::try_from(self.etag) {
            headers.insert(header::ETAG, etag);
        }
        response
    }
}

impl<T: Type> ApiResponse for Tagged<T> {
    fn meta() -> MetaResponses {
        let response = |status, description, content| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content,
            headers: vec![],
        };
        let json = MetaMediaType { content_type: "application/json", schema: T::schema_ref() };
        MetaResponses {
            responses: vec![
                response(200, "The request succeeded.", vec![json]),
                response(304, "The client already has this version (`If-None-Match`).", vec![]),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        if_none_match: Option<&str>,
        encodings: &str,
        status: StatusCode,
        encoding: Option<&str>,
    ) {
        let mut request = Request::builder().header("accept-encoding", encodings);
        if let Some(tags) = if_none_match {
            request = request.header("if-none-match", tags);
        }
        let asked = ResponseWishes::of(&request.finish());
        let packed = Packed::small(&"x".repeat(5_000));
        let answer = Tagged::<String>::new(&asked, "W/\"7\"".into(), REVALIDATE, || packed);
        let response = answer.into_response();
        assert_eq!(response.status(), status, "{if_none_match:?}");
        assert_eq!(response.header("content-encoding"), encoding, "{encodings}");
        assert_eq!(response.header("etag"), Some("W/\"7\""));
    }

    #[test]
    fn a_client_that_has_it_gets_nothing_again() {
        check(None, "", StatusCode::OK, None);
        check(Some("\"6\""), "", StatusCode::OK, None);
        check(Some("\"6\", W/\"7\""), "gzip", StatusCode::NOT_MODIFIED, None);
        check(Some("\"7\""), "", StatusCode::NOT_MODIFIED, None);
        check(Some("*"), "", StatusCode::NOT_MODIFIED, None);
    }

    #[test]
    fn gzip_goes_to_those_who_take_it() {
        check(None, "br, gzip;q=0.5", StatusCode::OK, Some("gzip"));
        check(None, "gzip;q=0", StatusCode::OK, None);
        check(None, "br", StatusCode::OK, None);
    }
}
