//! Times on the wire: RFC 3339 in UTC.

use chrono::{DateTime, SecondsFormat, Utc};

use super::problem::ApiProblem;

/// Milliseconds since 1970 as RFC 3339.
pub fn rfc3339(ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(ms)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The times that the API accepts: the years 2000 to 2199.
const RANGE_MS: std::ops::Range<i64> = 946_684_800_000..7_258_118_400_000;

/// The text is not a time that the API accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a time such as 2026-11-21T19:30:00Z (RFC 3339)")]
pub struct NotATime;

/// Parses RFC 3339 into milliseconds since 1970.
///
/// # Errors
/// When the text has another form, or the year is not 2000 to 2199.
pub fn read(text: &str) -> Result<i64, NotATime> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| NotATime)?;
    let ms = time.timestamp_millis();
    if RANGE_MS.contains(&ms) { Ok(ms) } else { Err(NotATime) }
}

/// Parses RFC 3339 into milliseconds since 1970, for a field of a request.
///
/// # Errors
/// A problem that names the field.
pub fn parse(field: &str, text: &str) -> Result<i64, ApiProblem> {
    read(text).map_err(|fault| ApiProblem::field(field, fault.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_the_wire() {
        let ms = 1_795_000_000_123;
        assert_eq!(rfc3339(ms), "2026-11-18T11:06:40.123Z");
        assert_eq!(parse("at", &rfc3339(ms)).ok(), Some(ms));
        assert!(parse("at", "tomorrow").is_err());
        for wrong in ["", "2026-11-21", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z"] {
            assert_eq!(read(wrong), Err(NotATime), "{wrong}");
        }
    }
}
