//! The pages: the front end's files, built into the program.
//!
//! Hashed names are cached for good; the shell is asked for anew each time and answers 304 where nothing changed.
//! Whatever is no file and no API is the single page's own address.

use poem::{
    Request, Response, handler,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::http::tokens::hex;

/// The front end as `scripts/frontend.sh` built it; without it the program serves the API alone.
#[derive(RustEmbed)]
#[folder = "frontend/dist"]
#[allow_missing = true]
struct Pages;

const SHELL: &str = "index.html";
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const ANEW: &str = "no-cache";

/// Serves a file of the front end, else its shell.
#[handler]
pub fn page(request: &Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if let Some(file) = Pages::get(path).filter(|_| path != SHELL) {
        return send(request, path, &file);
    }
    // A missing file is missing; a missing page is the single page's business.
    if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        return StatusCode::NOT_FOUND.into();
    }
    match Pages::get(SHELL) {
        Some(shell) => send(request, SHELL, &shell),
        None => Response::builder()
            .status(StatusCode::NOT_FOUND)
            .content_type("text/plain; charset=utf-8")
            .body("The pages were not built into this program: run scripts/frontend.sh first.\n"),
    }
}

fn send(request: &Request, path: &str, file: &EmbeddedFile) -> Response {
    let etag = format!("\"{}\"", &hex(&file.metadata.sha256_hash())[..32]);
    let mut headers = HeaderMap::new();
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::ETAG, &etag);
    set(header::CACHE_CONTROL, if is_hashed(path) { FOR_GOOD } else { ANEW });
    set(header::CONTENT_TYPE, &content_type(file));
    let seen = request.header(header::IF_NONE_MATCH).unwrap_or("");
    let is_known = seen.split(',').any(|seen| seen.trim().trim_start_matches("W/") == etag);
    let mut response = if is_known {
        Response::builder().status(StatusCode::NOT_MODIFIED).finish()
    } else {
        Response::builder().body(file.data.to_vec())
    };
    response.headers_mut().extend(headers);
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
