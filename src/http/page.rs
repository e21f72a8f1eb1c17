//! Lists: `?limit=&after=` and `{ "items": […], "next": cursor }`.

use super::problem::ApiProblem;

/// How many where the caller does not say.
pub const DEFAULT_LIMIT: u64 = 20;
/// The most that a caller may ask for.
pub const MAX_LIMIT: u64 = 100;

/// The page's length.
///
/// # Errors
/// When it is not 1 to [`MAX_LIMIT`].
pub fn limit(asked: Option<u64>) -> Result<u64, ApiProblem> {
    limit_up_to(asked, MAX_LIMIT)
}

/// The page's length, up to `max`.
///
/// # Errors
/// When it is not 1 to `max`.
pub fn limit_up_to(asked: Option<u64>, max: u64) -> Result<u64, ApiProblem> {
    match asked {
        None => Ok(DEFAULT_LIMIT),
        Some(limit) if (1..=max).contains(&limit) => Ok(limit),
        Some(_) => Err(ApiProblem::field("limit", format!("must be 1 to {max}"))),
    }
}

/// Cuts rows that were read one beyond the limit down to the page; answers the cursor to the next one.
pub fn next<T>(rows: &mut Vec<T>, limit: u64, cursor: impl Fn(&T) -> String) -> Option<String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if rows.len() <= limit {
        return None;
    }
    rows.truncate(limit);
    rows.last().map(cursor)
}
