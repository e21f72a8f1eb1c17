//! Pages of lists: `?limit=&after=` and `{ "items": […], "next": cursor }`.

use super::problem::ApiProblem;

/// The page size when the caller does not ask for one.
pub const DEFAULT_LIMIT: u64 = 20;
/// The maximum page size that a caller may ask for.
pub const MAX_LIMIT: u64 = 100;

/// Checks the page size that the caller asks for, and supplies the default.
///
/// # Errors
/// When it is not 1 to [`MAX_LIMIT`].
pub fn limit(asked: Option<u64>) -> Result<u64, ApiProblem> {
    limit_up_to(asked, MAX_LIMIT)
}

/// Checks the page size of a list that has another maximum.
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

/// Cuts rows that were read with one row more than the limit down to the page. Returns the cursor of the next
/// page, if there is one.
pub fn next<T>(rows: &mut Vec<T>, limit: u64, cursor: impl Fn(&T) -> String) -> Option<String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if rows.len() <= limit {
        return None;
    }
    rows.truncate(limit);
    rows.last().map(cursor)
}
