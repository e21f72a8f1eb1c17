//! The pages: the front end's files, built into the program.
//!
//! Hashed names are cached for good; the shell is asked for anew each time and answers 304 where nothing changed.
//! Whatever is no file and no API is the single page's own address.

use poem::{
    Request, Response, handler,
    http::{HeaderName, HeaderValue, StatusCode, header},
    web::Data,
};
use rust_embed::EmbeddedFile;

use crate::{
    http::tagged::{Asked, IMMUTABLE, REVALIDATE},
    kernel::hex::hex,
};

/// Where the files come from: the program's, or none in a program that has no pages.
#[derive(Debug, Clone, Copy)]
pub struct Pages(pub fn(&str) -> Option<EmbeddedFile>);

impl Pages {
    /// No page at all: the API alone.
    pub const NONE: Self = Self(|_| None);

    fn get(self, name: &str) -> Option<EmbeddedFile> {
        self.0(name)
    }
}

const SHELL: &str = "index.html";

/// Serves a file of the front end, else its shell.
#[handler]
pub fn page(request: &Request, Data(pages): Data<&Pages>) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if let Some(file) = pages.get(path).filter(|_| path != SHELL && !path.starts_with('.')) {
        return send(request, *pages, path, &file);
    }
    // A missing file is missing; a missing page is the single page's business.
    if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        return StatusCode::NOT_FOUND.into();
    }
    match pages.get(SHELL) {
        Some(shell) => send(request, *pages, SHELL, &shell),
        None => Response::builder()
            .status(StatusCode::NOT_FOUND)
            .content_type("text/plain; charset=utf-8")
            .body("The pages were not built into this program: run scripts/frontend.sh first.\n"),
    }
}

fn send(request: &Request, pages: Pages, path: &str, file: &EmbeddedFile) -> Response {
    let asked = Asked::of(request);
    let etag = format!("\"{}\"", &hex(&file.metadata.sha256_hash())[..32]);
    let kept = if is_hashed(path) { IMMUTABLE } else { REVALIDATE };
    let mut headers = vec![
        (header::ETAG, etag.clone()),
        (header::CACHE_CONTROL, kept.to_owned()),
        (header::VARY, "Accept-Encoding".to_owned()),
        (header::CONTENT_TYPE, content_type(file)),
    ];
    if asked.has(&etag) {
        return with(Response::builder().status(StatusCode::NOT_MODIFIED).finish(), headers);
    }
    // The build compresses what is worth it, once and as small as can be.
    let packed = pages.get(&format!("{path}.gz")).filter(|_| asked.takes_gzip());
    if packed.is_some() {
        headers.push((header::CONTENT_ENCODING, "gzip".to_owned()));
    }
    let data = packed.map_or_else(|| file.data.to_vec(), |packed| packed.data.to_vec());
    with(Response::builder().body(data), headers)
}

fn with(mut response: Response, headers: Vec<(HeaderName, String)>) -> Response {
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn content_type(file: &EmbeddedFile) -> String {
    let mime = file.metadata.mimetype();
    if mime.starts_with("text/") && !mime.contains("charset") {
        return format!("{mime}; charset=utf-8");
    }
    mime.to_owned()
}

/// Whether the name carries a hash of the content: `app-1a2b3c4d.wasm`.
fn is_hashed(path: &str) -> bool {
    let stem = path.rsplit('/').next().unwrap_or(path).split('.').next().unwrap_or("");
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() >= 8 && hash.chars().all(|letter| letter.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashed_names_are_kept_for_good() {
        assert!(is_hashed("assets/app-1a2b3c4d5e.wasm"));
        assert!(is_hashed("app-1a2b3c4d.js"));
        for name in ["index.html", "favicon.svg", "app-shop.js", "app-1a2b.js"] {
            assert!(!is_hashed(name), "{name}");
        }
    }
}
