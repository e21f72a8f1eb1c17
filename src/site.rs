//! The pages: the front end's files, which are built into the program, and the shell page of the front-end
//! program that draws an address.
//!
//! Files with hashed names are cached forever. A shell is built anew for each request (`site::head` writes its head),
//! and the response is 304 when nothing has changed. An address without a page gets the shell, too, with status 404.

mod event;
mod head;

use holdfast_contract::{
    legal::LegalKind,
    pages::{Page, Program, requests},
};
use poem::{
    IntoResponse, Request, Response, handler,
    http::{HeaderName, HeaderValue, StatusCode, header},
    web::Data,
};
use rust_embed::EmbeddedFile;
use sha2::{Digest, Sha256};

use self::head::PageHead;
use crate::{
    catalogue::Catalogue,
    http::{
        problem::ApiProblem,
        tagged::{IMMUTABLE, Packed, REVALIDATE, ResponseWishes},
    },
    kernel::{hex::hex, settings::WebAddress},
    legal::{self, Legal},
};

/// The source of the front end's files. Without built pages it finds nothing.
#[derive(Debug, Clone, Copy)]
pub struct Pages(pub fn(&str) -> Option<EmbeddedFile>);

impl Pages {
    /// No pages: the server has only the API.
    pub const NONE: Self = Self(|_| None);

    fn get(self, name: &str) -> Option<EmbeddedFile> {
        self.0(name)
    }
}

#[derive(Debug, Clone)]
pub struct Site {
    pub pages: Pages,
    pub catalogue: Catalogue,
    pub legal: Legal,
    /// The public address of this installation.
    pub public_url: WebAddress,
}

/// Serves a file of the front end, otherwise the shell of the front-end program that draws this address.
#[handler]
pub async fn page(request: &Request, Data(site): Data<&Site>) -> Response {
    let path = request.uri().path();
    let name = path.trim_start_matches('/');
    let is_file = !name.starts_with('.') && !name.ends_with(".html");
    if let Some(file) = site.pages.get(name).filter(|_| is_file) {
        return send_file(request, site.pages, name, &file);
    }
    // A missing file gets an empty 404; a missing page gets a page that explains it.
    let looks_like_file = name.rsplit('/').next().is_some_and(|name| name.contains('.'));
    if looks_like_file && Page::at(path).is_none() {
        return StatusCode::NOT_FOUND.into();
    }
    let Some(shell) = site.pages.get(&format!("{}.html", Program::of(path).name())) else {
        return Response::builder()
            .status(StatusCode::NOT_FOUND)
            .content_type("text/plain; charset=utf-8")
            .body("The pages were not built into this program: run scripts/frontend.sh first.\n");
    };
    let (status, head) = site.told(path).await;
    let head = head.with_documents(site.legal.versions());
    send_shell(request, status, head.put_into(&String::from_utf8_lossy(&shell.data)))
}

impl Site {
    /// The status and the head for an address, before any front-end program runs. The heads of personal pages
    /// reveal nothing about their objects, not even whether they exist.
    async fn told(&self, path: &str) -> (StatusCode, PageHead) {
        match Page::at(path) {
            None => (StatusCode::NOT_FOUND, PageHead::neutral()),
            Some(Page::Events) => {
                let head =
                    PageHead::public("What’s on", "Choose your seats, hold them, pay, and go.")
                        .at(&format!("{}/", self.public_url.as_str()))
                        .begins_with(&[requests::events()]);
                (StatusCode::OK, head)
            }
            Some(Page::Event(name)) => self.told_of_event(name).await,
            Some(Page::Organization(slug)) => self.told_of_organization(slug).await,
            Some(Page::Legal(kind)) => self.told_of_document(kind),
            Some(
                Page::Checkout
                | Page::Booking
                | Page::MyBookings
                | Page::FindBooking
                | Page::MyAccount
                | Page::NewEmail
                | Page::Apply
                | Page::Settings
                | Page::Invitation
                | Page::SignIn
                | Page::Register
                | Page::Activate
                | Page::ForgotPassword
                | Page::ResetPassword
                | Page::MyEvents
                | Page::Organizations
                | Page::Attention
                | Page::Users,
            ) => (StatusCode::OK, PageHead::neutral()),
        }
    }

    async fn told_of_organization(&self, slug: &str) -> (StatusCode, PageHead) {
        match self.catalogue.organizer(slug).await {
            Ok(Some(name)) => {
                let address = format!("{}/organizations/{slug}", self.public_url.as_str());
                (StatusCode::OK, PageHead::public(&name, "Events by this organizer.").at(&address))
            }
            Ok(None) => (StatusCode::NOT_FOUND, PageHead::neutral()),
            // The page itself exists, and explains what it cannot show.
            Err(error) => (ApiProblem::from(error).into_response().status(), PageHead::neutral()),
        }
    }

    fn told_of_document(&self, kind: LegalKind) -> (StatusCode, PageHead) {
        match self.legal.title(legal::kind_of(kind)) {
            Some(title) => {
                let address = format!("{}/{}", self.public_url.as_str(), kind.as_str());
                (StatusCode::OK, PageHead::public(title, title).at(&address))
            }
            None => (StatusCode::NOT_FOUND, PageHead::neutral()),
        }
    }

    async fn told_of_event(&self, name: &str) -> (StatusCode, PageHead) {
        match self.catalogue.published(name).await {
            Ok(Some(event)) => (
                StatusCode::OK,
                event::head(&event, self.public_url.as_str())
                    .begins_with(&event::first(name, &event)),
            ),
            Ok(None) => (StatusCode::NOT_FOUND, PageHead::neutral()),
            // The page itself exists, and explains what it cannot show.
            Err(error) => (ApiProblem::from(error).into_response().status(), PageHead::neutral()),
        }
    }
}

fn send_shell(request: &Request, status: StatusCode, html: String) -> Response {
    let asked = ResponseWishes::of(request);
    let etag = format!("W/\"{}\"", &hex(&Sha256::digest(&html))[..32]);
    let mut headers = headers(&etag, REVALIDATE, "text/html; charset=utf-8".to_owned());
    // Conditions apply only to a successful response (RFC 9110, 13.2.1).
    if status == StatusCode::OK && asked.has(&etag) {
        return with(Response::builder().status(StatusCode::NOT_MODIFIED).finish(), headers);
    }
    let (body, is_compressed) = Packed::quick(html.into_bytes(), &asked).body_for(&asked);
    if is_compressed {
        headers.push((header::CONTENT_ENCODING, "gzip".to_owned()));
    }
    with(Response::builder().status(status).body(body), headers)
}

fn send_file(request: &Request, pages: Pages, path: &str, file: &EmbeddedFile) -> Response {
    let asked = ResponseWishes::of(request);
    let etag = format!("\"{}\"", &hex(&file.metadata.sha256_hash())[..32]);
    let kept = if is_hashed(path) { IMMUTABLE } else { REVALIDATE };
    let mut headers = headers(&etag, kept, content_type(file));
    if asked.has(&etag) {
        return with(Response::builder().status(StatusCode::NOT_MODIFIED).finish(), headers);
    }
    // The build has compressed the files for which compression is worth it, once and as small as possible.
    let packed = pages.get(&format!("{path}.gz")).filter(|_| asked.takes_gzip());
    if packed.is_some() {
        headers.push((header::CONTENT_ENCODING, "gzip".to_owned()));
    }
    let data = packed.map_or_else(|| file.data.to_vec(), |packed| packed.data.to_vec());
    with(Response::builder().body(data), headers)
}

fn headers(etag: &str, kept: &str, content_type: String) -> Vec<(HeaderName, String)> {
    vec![
        (header::ETAG, etag.to_owned()),
        (header::CACHE_CONTROL, kept.to_owned()),
        (header::VARY, "Accept-Encoding".to_owned()),
        (header::CONTENT_TYPE, content_type),
    ]
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

/// Whether the name carries a hash of the content: `shop-1a2b3c4d.wasm`.
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
        assert!(is_hashed("assets/shop-1a2b3c4d5e.wasm"));
        assert!(is_hashed("boot-desk-1a2b3c4d.js"));
        for name in ["shop.html", "favicon.svg", "app-shop.js", "app-1a2b.js"] {
            assert!(!is_hashed(name), "{name}");
        }
    }
}
