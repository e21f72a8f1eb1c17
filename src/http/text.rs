//! Refuses requests whose text no route could read.
//!
//! PostgreSQL cannot store U+0000 (manual, 8.3), so the server refuses it wherever a request can contain it;
//! [`super::body`] checks bodies. poem treats a header that is not text as absent, and uses the first of two headers
//! with the same name. An attempt with such an idempotency key would be performed twice.

use holdfast_contract::{GUEST_TOKEN_HEADER, IDEMPOTENCY_KEY_HEADER};
use percent_encoding::percent_decode_str;
use poem::{Request, Result, http::HeaderMap};

use super::problem::ApiProblem;

pub const NUL: char = '\0';
pub const NO_NUL: &str = "must not contain U+0000";

/// The headers of requests that the API reads as text.
const HEADERS: [&str; 3] = [IDEMPOTENCY_KEY_HEADER, GUEST_TOKEN_HEADER, "Last-Event-ID"];

/// Refuses a request whose text no route could read correctly: 404 for U+0000 in the path, because no object has such
/// a name; 400 for U+0000 in the query, and for a header that is not text or is sent twice.
///
/// # Errors
/// The problem; 400 names the parameter or the header.
pub async fn readable(request: Request) -> Result<Request> {
    if has_nul(request.uri().path()) {
        return Err(ApiProblem::not_found("object").into());
    }
    check_query(request.uri().query().unwrap_or(""))?;
    check_headers(request.headers())?;
    Ok(request)
}

fn check_query(query: &str) -> Result<(), ApiProblem> {
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if has_nul(name) {
            return Err(ApiProblem::field("query", NO_NUL));
        }
        if has_nul(value) {
            return Err(ApiProblem::field(percent_decode_str(name).decode_utf8_lossy(), NO_NUL));
        }
    }
    Ok(())
}

fn check_headers(headers: &HeaderMap) -> Result<(), ApiProblem> {
    for name in HEADERS {
        let mut values = headers.get_all(name).iter();
        if values.next().is_some_and(|value| value.to_str().is_err()) {
            return Err(ApiProblem::field(name, "must be visible ASCII characters"));
        }
        if values.next().is_some() {
            return Err(ApiProblem::field(name, "must be sent once"));
        }
    }
    Ok(())
}

fn has_nul(encoded: &str) -> bool {
    percent_decode_str(encoded).any(|byte| byte == NUL as u8)
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn a_header_that_is_not_text_or_stands_twice_is_refused_by_name() {
        for name in HEADERS {
            let field = |values: &[&'static [u8]]| {
                let mut headers = HeaderMap::new();
                for value in values {
                    headers.append(name, HeaderValue::from_bytes(value).expect("a header's bytes"));
                }
                let refused = check_headers(&headers).err()?;
                Some(refused.problem().errors.first().expect("a field").field.clone())
            };
            assert_eq!(field(&[]), None);
            assert_eq!(field(&[b"visible"]), None);
            assert_eq!(field(&[b"caf\xe9"]).as_deref(), Some(name));
            assert_eq!(field(&[b"a", b"a"]).as_deref(), Some(name));
        }
    }
}
