//! Text that no column can hold: PostgreSQL stores no U+0000 (manual, 8.3), so it is refused before it reaches a slice,
//! wherever a request can carry it. Bodies are read by [`super::body`].

use percent_encoding::percent_decode_str;
use poem::{Request, Result};

use super::problem::ApiProblem;

/// What a request's text must not contain.
pub const NUL: char = '\0';
/// The words of the refusal.
pub const NO_NUL: &str = "must not contain U+0000";

/// Refuses a path or a query with U+0000 in it: 404 for the path, since nothing has such a name; 400 for the query.
///
/// # Errors
/// The problem; for a query it names the parameter.
pub async fn without_nul(request: Request) -> Result<Request> {
    if has_nul(request.uri().path()) {
        return Err(ApiProblem::not_found("object").into());
    }
    for pair in request.uri().query().unwrap_or("").split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if has_nul(name) {
            return Err(ApiProblem::field("query", NO_NUL).into());
        }
        if has_nul(value) {
            let name = percent_decode_str(name).decode_utf8_lossy();
            return Err(ApiProblem::field(name, NO_NUL).into());
        }
    }
    Ok(request)
}

fn has_nul(encoded: &str) -> bool {
    percent_decode_str(encoded).any(|byte| byte == NUL as u8)
}
