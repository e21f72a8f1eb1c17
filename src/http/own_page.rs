//! Requests that carry the cookie must come from a page of this site: a page of another site could send them, too, in
//! the name of its visitor (OWASP, "Cross-Site Request Forgery Prevention").

use holdfast_contract::problem::ProblemType;
use poem::{
    FromRequest, Request, RequestBody, Result,
    http::{Uri, header},
    web::Data,
};

use super::problem::ApiProblem;
use crate::kernel::settings::WebAddress;

/// The Fetch Metadata of a request (W3C, "Fetch Metadata Request Headers", 2.3).
const FETCH_SITE: &str = "Sec-Fetch-Site";

/// Proof that the request comes from a page of this site, or from a program that is no browser.
#[derive(Debug, Clone, Copy)]
pub struct OwnPage;

impl<'a> FromRequest<'a> for OwnPage {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        let site = Data::<&WebAddress>::from_request_without_body(request).await?.0;
        if is_own(request, site) {
            return Ok(Self);
        }
        let detail = "Only pages of this site may send this request.";
        Err(ApiProblem::new(ProblemType::Forbidden, detail).into())
    }
}

/// Browsers write both headers themselves: no page can change them.
fn is_own(request: &Request, site: &WebAddress) -> bool {
    let fetch = request.header(FETCH_SITE);
    if !matches!(fetch, None | Some("same-origin")) {
        return false;
    }
    match request.headers().get(header::ORIGIN).map(|origin| origin.to_str()) {
        None => true,
        Some(Ok(origin)) => {
            is_origin_of(origin, site.as_str()) || is_at(origin, request.header(header::HOST))
        }
        Some(Err(_)) => false,
    }
}

fn is_origin_of(origin: &str, site: &str) -> bool {
    origin.eq_ignore_ascii_case(site)
}

/// Whether the origin's host and port are those that the request names as its own. People reach a development server by
/// several names.
fn is_at(origin: &str, host: Option<&str>) -> bool {
    let origin: Option<Uri> = origin.parse().ok();
    let authority = origin.as_ref().and_then(Uri::authority).map(|it| it.as_str());
    authority.is_some() && authority == host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_own(
            &request.finish(),
            &WebAddress::parse("https://tickets.example.org").expect("a site"),
        )
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let host = ("Host", "localhost:8080");
        for (headers, expected) in [
            (vec![host], true),
            (vec![host, ("Origin", "https://tickets.example.org")], true),
            (vec![host, ("Origin", "http://localhost:8080")], true),
            (vec![host, ("Origin", "http://localhost:8080"), (FETCH_SITE, "same-origin")], true),
            (vec![host, (FETCH_SITE, "same-site")], false),
            (vec![host, (FETCH_SITE, "cross-site")], false),
            (vec![host, (FETCH_SITE, "none")], false),
            (vec![host, ("Origin", "https://evil.example")], false),
            (vec![host, ("Origin", "http://localhost:8081")], false),
            (vec![host, ("Origin", "null")], false),
            (vec![host, ("Origin", "https://tickets.example.org.evil.example")], false),
            (vec![("Origin", "null")], false),
        ] {
            assert_eq!(check(&headers), expected, "{headers:?}");
        }
    }
}
